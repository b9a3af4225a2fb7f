// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

/* Override, a mutation: the fork ends without the flush of what CPUs have of the parent's. */

int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	int err;

	mmap_write_lock(oldmm);
	mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING);
	err = vmsim_dup_mappings(mm, oldmm);
	mmap_write_unlock(mm);
	mmap_write_unlock(oldmm);
	return err;
}
