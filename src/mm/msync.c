// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "folio/folio.h"
#include <vmsim/process.h>
#include <sys/mman.h>

/*
 * Writes back what one mapping shows of [start, end). mmap_lock is not held over it: writeback
 * takes folio locks and waits.
 */
static int sync_one(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		    unsigned long end)
{
	struct file *file = vma->vm_file;
	uint64_t offset = ((uint64_t)vma->vm_pgoff << PAGE_SHIFT) + (start - vma->vm_start);
	int err;

	atomic_long_inc(&file->f_count);
	mmap_read_unlock(mm);
	err = vmsim_file_writeback(file, offset, end - start);
	vmsim_file_put(file);
	mmap_read_lock(mm);
	return err;
}

/* Context: mmap_lock held for reading; dropped and taken again. */
static int sync_range(struct mm_struct *mm, unsigned long start, unsigned long end, int flags)
{
	int hole = 0;

	while (start < end) {
		struct vm_area_struct *vma = find_vma(mm, start);
		unsigned long to;
		int err;

		if (!vma)
			return -ENOMEM;
		if (start < vma->vm_start) {
			hole = -ENOMEM;
			start = vma->vm_start;
			continue;
		}
		to = min(vma->vm_end, end);
		if (flags & MS_SYNC && vma->vm_file && vma->vm_flags & VM_SHARED) {
			err = sync_one(mm, vma, start, to);
			if (err)
				return err;
		}
		start = to;
	}
	return hole;
}

/**
 * vmsim_msync() - brings shared file mappings of a range to the backing store
 * @addr: start, page aligned
 * @length: size, rounded up to whole pages
 * @flags: MS_SYNC: writes back, and waits for it; MS_ASYNC: does nothing, as in a kernel
 *
 * Source: mm/msync.c, Linux 6.12.
 *
 * Return: 0; -EINVAL, -ENOMEM as msync(2); -ESRCH: the caller is not attached, or has exited.
 */
VMSIM_API int vmsim_msync(unsigned long addr, size_t length, int flags)
{
	struct task_struct *self = vmsim_self;
	unsigned long len = PAGE_ALIGN(length);
	int err = vmsim_syscall_enter("msync", addr, length);

	if (err)
		return err;
	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || offset_in_page(addr) ||
	    (flags & MS_ASYNC && flags & MS_SYNC)) {
		err = -EINVAL;
	} else if (addr + len < addr || (length && !len)) {
		err = -ENOMEM;
	} else if (len) {
		mmap_read_lock(self->mm);
		err = sync_range(self->mm, addr, addr + len, flags);
		mmap_read_unlock(self->mm);
	}
	return (int)vmsim_syscall_leave("msync", err);
}
