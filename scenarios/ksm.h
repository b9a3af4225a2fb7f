/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_KSM_H
#define SCENARIO_KSM_H

#include "entry.h"

/* Three pages of the same content: at AREA; at KEPT, which is KSM's; and one merged into that. */
#define KEPT (AREA + PAGE_BYTES)
#define MERGED (AREA + 2 * PAGE_BYTES)
#define PROGRAM 1	/* pid */
#define SAME 1

/*
 * The set-up. What it flushes first is nothing, so that this may as well be the flush that is lost.
 */
static inline int ksm_setup(void)
{
	int err = vmsim_clear_refs(VMSIM_CLEAR_SOFT_DIRTY) ?:
		  corpus_map(AREA, 3, RW, ANON, VMSIM_NO_FILE) ?:
		  vmsim_madvise(AREA, 3 * PAGE_BYTES, MADV_MERGEABLE);

	if (err)
		return err;
	if (!corpus_store(AREA, SAME) || !corpus_store(KEPT, SAME) || !corpus_store(MERGED, SAME))
		return -1;
	return vmsim_ksm_merge(PROGRAM, MERGED, PROGRAM, KEPT);
}

/* Stands for ksmd. It may find that it cannot merge them now. */
static inline int ksm_merges(void)
{
	int err = vmsim_ksm_merge(PROGRAM, AREA, PROGRAM, KEPT);

	return err == -EFAULT ? 0 : err;
}

/* The program finds what was written, and only there. */
static inline int ksm_check(uint64_t written, const char *by)
{
	uint64_t seen = 0, kept = 0;

	if (!corpus_load(AREA, &seen) || !corpus_load(KEPT, &kept))
		return -1;
	if (seen != written)
		vmsim_fail("lost write: %s wrote %llu, the program reads %llu", by,
			   (unsigned long long)written, (unsigned long long)seen);
	if (kept != SAME)
		vmsim_fail("%s wrote to another page, too", by);
	return 0;
}

#endif
