// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <asm/tlbflush.h>

/* Override, a mutation: faults of the parent's threads go on while it forks. */

int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	int err;

	mmap_read_lock(oldmm);
	mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING);
	err = vmsim_dup_mappings(mm, oldmm);
	mmap_write_unlock(mm);
	flush_tlb_mm(oldmm);
	mmap_read_unlock(oldmm);
	return err;
}
