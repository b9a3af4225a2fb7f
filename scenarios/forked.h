/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_FORKED_H
#define SCENARIO_FORKED_H

#include "corpus/corpus.h"

/* Pids; the other process has no part in anything. */
#define FIRST 1
#define OTHER 2

/*
 * The set-up's last step: a child. The fork finds nothing to flush: its flush may as well be lost.
 * Of scenarios with two processes. Returns the child's pid.
 */
static inline int fork_unnoticed(void)
{
	return vmsim_become(OTHER) ?: vmsim_become(FIRST) ?: vmsim_fork("child");
}

/* The same, of a process with one page at AREA, which the child shares. */
static inline int share_with_child(uint64_t value)
{
	return corpus_page(AREA, value) ?: fork_unnoticed();
}

/*
 * What the child does that holds the page as vmsplice(2) does, and not its mapping: it finds what
 * was there before the fork.
 */
static inline int read_through_pipe(int child, uint64_t common)
{
	struct vmsim_pins *pipe;
	uint64_t seen = 0;
	int err = vmsim_become(child) ?: corpus_pin(AREA, VMSIM_PIN_REF, &pipe);

	if (err)
		return err;
	if (vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED))
		return -1;
	vmsim_point("dropped");
	if (vmsim_dma_read(pipe, 0, &seen, 8))
		return -1;
	if (seen != common)
		vmsim_fail("the child reads what its parent wrote after the fork");
	return vmsim_unpin(pipe, false);
}

#endif
