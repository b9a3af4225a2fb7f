// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <asm/tlbflush.h>

/* Override, a mutation: what failed is believed to have changed nothing. */

int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	int err;

	mmap_write_lock(oldmm);
	mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING);
	err = vmsim_dup_mappings(mm, oldmm);
	mmap_write_unlock(mm);
	if (!err)
		flush_tlb_mm(oldmm);
	mmap_write_unlock(oldmm);
	return err;
}
