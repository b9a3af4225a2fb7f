/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_TLBBATCH_H
#define _VMSIM_ASM_TLBBATCH_H

struct mm_struct;

#define VMSIM_UNMAP_BATCH_MMS 8

/**
 * struct arch_tlbflush_unmap_batch - what to flush (src/rmap/tlbbatch.c)
 * @nr: number of entries of @mm in use
 * @mm: address spaces, each with a reference
 *
 * The kernel's x86 remembers CPUs and flushes all that they have cached. Ours remembers address
 * spaces; entries of others are flushed at once.
 */
struct arch_tlbflush_unmap_batch {
	unsigned int nr;
	struct mm_struct *mm[VMSIM_UNMAP_BATCH_MMS];
};

#endif
