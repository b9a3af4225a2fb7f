// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <asm/tlbflush.h>
#include <vmsim/scenario.h>

/* Override, a mutation: the flush comes when the parent's mmap_lock has been dropped. */

int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	int err;

	mmap_write_lock(oldmm);
	mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING);
	err = vmsim_dup_mappings(mm, oldmm);
	mmap_write_unlock(mm);
	mmap_write_unlock(oldmm);
	vmsim_point("unlocked");
	flush_tlb_mm(oldmm);
	return err;
}
