/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_FORKED_H
#define SCENARIO_FORKED_H

#include "corpus/corpus.h"

/* Pids; the other process has no part in anything. */
#define FIRST 1
#define OTHER 2

/*
 * The set-up's last step: a child that shares the page at AREA. The fork finds nothing to flush:
 * its flush may as well be lost. Of scenarios with two processes. Returns the child's pid.
 */
static inline int share_with_child(uint64_t value)
{
	int err = corpus_map(AREA, 1, RW, ANON, VMSIM_NO_FILE);

	if (!err)
		err = vmsim_store(AREA, 8, value);
	if (!err)
		err = vmsim_become(OTHER);
	if (!err)
		err = vmsim_become(FIRST);
	return err ? err : vmsim_fork("child");
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
