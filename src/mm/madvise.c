// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <vmsim/process.h>
#include <sys/mman.h>

static const struct {
	int advice;
	const char *name;
} not_modelled[] = {
	{ MADV_NORMAL, "MADV_NORMAL" },
	{ MADV_RANDOM, "MADV_RANDOM" },
	{ MADV_SEQUENTIAL, "MADV_SEQUENTIAL" },
	{ MADV_WILLNEED, "MADV_WILLNEED" },
	{ MADV_FREE, "MADV_FREE" },
	{ MADV_REMOVE, "MADV_REMOVE" },
	{ MADV_DONTFORK, "MADV_DONTFORK" },
	{ MADV_DOFORK, "MADV_DOFORK" },
	{ MADV_MERGEABLE, "MADV_MERGEABLE" },
	{ MADV_UNMERGEABLE, "MADV_UNMERGEABLE" },
	{ MADV_HUGEPAGE, "MADV_HUGEPAGE" },
	{ MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE" },
	{ MADV_DONTDUMP, "MADV_DONTDUMP" },
	{ MADV_DODUMP, "MADV_DODUMP" },
	{ MADV_WIPEONFORK, "MADV_WIPEONFORK" },
	{ MADV_KEEPONFORK, "MADV_KEEPONFORK" },
	{ MADV_COLD, "MADV_COLD" },
	{ MADV_PAGEOUT, "MADV_PAGEOUT" },
};

static int check_advice(int advice)
{
	if (advice == MADV_DONTNEED || advice == MADV_POPULATE_READ ||
	    advice == MADV_POPULATE_WRITE)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(not_modelled); i++)
		if (advice == not_modelled[i].advice)
			return vmsim_not_modelled("madvise", not_modelled[i].name);
	return -EINVAL;
}

/*
 * Context: mmap_lock held for reading. Holes are skipped, and told of at the end (mm/madvise.c,
 * Linux 6.12: madvise_walk_vmas()).
 */
static int dontneed(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	int err = 0;

	for (; vma && vma->vm_start < end; vma = vmsim_vma_next(vma)) {
		unsigned long to = min(vma->vm_end, end);

		if (start < vma->vm_start) {
			err = -ENOMEM;
			start = vma->vm_start;
		}
		if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP))
			return -EINVAL;
		zap_page_range_single(vma, start, to - start, NULL);
		start = to;
	}
	return start < end ? -ENOMEM : err;
}

/* Context: mmap_lock held for reading. */
static int populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool write)
{
	int locked = 1;

	while (start < end) {
		long pages = faultin_page_range(mm, start, end, write, &locked);

		if (pages < 0)
			return (int)pages;
		start += (unsigned long)pages << PAGE_SHIFT;
	}
	return 0;
}

static int advise(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	if (advice == MADV_DONTNEED)
		return dontneed(mm, start, end);
	return populate(mm, start, end, advice == MADV_POPULATE_WRITE);
}

/**
 * vmsim_madvise() - says what will become of a range
 * @addr: start, page aligned
 * @length: size, rounded up to whole pages
 * @advice: MADV_DONTNEED: the pages are dropped; the next access reads zeroes, or the file.
 *          MADV_POPULATE_READ, MADV_POPULATE_WRITE: they are faulted in, as by such an access
 *
 * Source: mm/madvise.c, Linux 6.12: mmap_lock is only read-locked, so that faults and other advice
 * run at the same time.
 *
 * Return: 0; -EINVAL, -ENOMEM, -EFAULT as madvise(2); -EOPNOTSUPP: other advice is not modelled;
 * -ESRCH.
 */
VMSIM_API int vmsim_madvise(unsigned long addr, size_t length, int advice)
{
	struct task_struct *self = vmsim_self;
	unsigned long len = PAGE_ALIGN(length);
	int err = vmsim_syscall_enter("madvise", addr, length);

	if (err)
		return err;
	err = check_advice(advice);
	if (!err && (offset_in_page(addr) || (length && !len) || addr + len < addr))
		err = -EINVAL;
	if (!err && len) {
		mmap_read_lock(self->mm);
		err = advise(self->mm, addr, addr + len, advice);
		mmap_read_unlock(self->mm);
	}
	return (int)vmsim_syscall_leave("madvise", err);
}
