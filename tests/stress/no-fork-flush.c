// SPDX-License-Identifier: GPL-2.0-only
/* A fork after which the parent's CPUs still write to what is shared by now. */
#include "mm/mm_internal.h"

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
