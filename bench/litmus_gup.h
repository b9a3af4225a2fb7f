/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_LITMUS_GUP_H
#define VMSIM_LITMUS_GUP_H

#include <vmsim/scenario.h>
#include <linux/atomic.h>
#include <linux/pgtable.h>

/*
 * The litmus test on which explorers are compared. Readers do what GUP-fast does: load an entry,
 * take a reference unless the count is zero, look at the entry again, use the page, put the
 * reference. The remover clears the entry and puts its reference. At zero the page is freed, and
 * at once it is somebody else's.
 */

#define LITMUS_GUP_READERS 4

enum litmus_gup_bug {
	LITMUS_GUP_RIGHT,
	LITMUS_GUP_INC_FROM_ZERO,	/* takes a reference of a page that has none */
	LITMUS_GUP_NO_RECHECK,		/* does not look at the entry again */
	LITMUS_GUP_PUT_FIRST,		/* puts the reference before it clears the entry */
	LITMUS_GUP_BUGS
};

/* All that the threads share. */
struct litmus_gup_world {
	pte_t pte;
	atomic_t refs;
	int owner;		/* 1: who mapped the page; 2: whoever got it after that */
	int freed;
	unsigned int rounds;	/* of each reader */
	enum litmus_gup_bug bug;
};

struct litmus_gup {
	struct litmus_gup_world init;
	struct vmsim_scenario scenario;
};

/* @litmus must stay where it is as long as its scenario is used. */
void litmus_gup_init(struct litmus_gup *litmus, unsigned int readers, unsigned int rounds,
		     enum litmus_gup_bug bug);

#endif
