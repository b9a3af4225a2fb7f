// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/ksm.h>
#include <mm/vma.h>
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
	{ MADV_HUGEPAGE, "MADV_HUGEPAGE" },
	{ MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE" },
	{ MADV_DONTDUMP, "MADV_DONTDUMP" },
	{ MADV_DODUMP, "MADV_DODUMP" },
	{ MADV_COLD, "MADV_COLD" },
	{ MADV_PAGEOUT, "MADV_PAGEOUT" },
};

/* What advice does to one mapping, or to a part of it. Sets *@vma to what lies there afterwards. */
typedef int (*advise_fn)(struct vm_area_struct **vma, unsigned long start, unsigned long end,
			 int advice);

static int dontneed(struct vm_area_struct **vma, unsigned long start, unsigned long end, int advice)
{
	(void)advice;
	if ((*vma)->vm_flags & (VM_LOCKED | VM_PFNMAP))
		return -EINVAL;
	zap_page_range_single(*vma, start, end - start, NULL);
	return 0;
}

/* What fork does, or KSM, with the mapping. As madvise_vma_behavior(), and madvise_update_vma(). */
static int set_flags(struct vm_area_struct **vma, unsigned long start, unsigned long end, int advice)
{
	vm_flags_t flags = (*vma)->vm_flags;
	VMA_ITERATOR(vmi, (*vma)->vm_mm, start);
	struct vm_area_struct *part, *prev;
	int err;

	switch (advice) {
	case MADV_DONTFORK:
		flags |= VM_DONTCOPY;
		break;
	case MADV_DOFORK:
		if (flags & VM_IO)
			return -EINVAL;
		flags &= ~VM_DONTCOPY;
		break;
	case MADV_WIPEONFORK:
		if ((*vma)->vm_file || flags & VM_SHARED)
			return -EINVAL;
		flags |= VM_WIPEONFORK;
		break;
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
		err = ksm_madvise(*vma, start, end, advice, &flags);
		if (err)
			return err;
		break;
	default:
		flags &= ~VM_WIPEONFORK;
	}
	if (flags == (*vma)->vm_flags)
		return 0;
	prev = start > (*vma)->vm_start ? *vma : vmsim_vma_prev(*vma);
	part = vma_modify_flags(&vmi, prev, *vma, start, end, flags);
	if (IS_ERR(part))
		return PTR_ERR(part) == -ENOMEM ? -EAGAIN : (int)PTR_ERR(part);
	vm_flags_reset(part, flags);
	*vma = part;
	return 0;
}

static advise_fn advice_fn(int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
		return dontneed;
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
		return set_flags;
	default:
		return NULL;
	}
}

static bool populates(int advice)
{
	return advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
}

static int check_advice(int advice)
{
	if (advice_fn(advice) || populates(advice))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(not_modelled); i++)
		if (advice == not_modelled[i].advice)
			return vmsim_not_modelled("madvise", not_modelled[i].name);
	return -EINVAL;
}

/* Holes are skipped, and told of at the end (mm/madvise.c, Linux 6.12: madvise_walk_vmas()). */
static int walk(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	int hole = 0;

	for (; vma && vma->vm_start < end; vma = vmsim_vma_next(vma)) {
		unsigned long to = min(vma->vm_end, end);
		int err;

		if (start < vma->vm_start) {
			hole = -ENOMEM;
			start = vma->vm_start;
		}
		err = advice_fn(advice)(&vma, start, to, advice);
		if (err)
			return err;
		/* It may have been merged with what follows. */
		start = vma->vm_end;
	}
	return start < end ? -ENOMEM : hole;
}

/* Context: mmap_lock held for reading. */
static int populate(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	int locked = 1;

	while (start < end) {
		long pages = faultin_page_range(mm, start, end, advice == MADV_POPULATE_WRITE,
						&locked);

		if (pages < 0)
			return (int)pages;
		start += (unsigned long)pages << PAGE_SHIFT;
	}
	return 0;
}

/* Who changes no mapping lets faults, and others who change none, go on. */
static int advise(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	int err;

	if (advice == MADV_DONTNEED || populates(advice)) {
		mmap_read_lock(mm);
		err = (populates(advice) ? populate : walk)(mm, start, end, advice);
		mmap_read_unlock(mm);
	} else {
		mmap_write_lock(mm);
		err = walk(mm, start, end, advice);
		mmap_write_unlock(mm);
	}
	return err;
}

/**
 * vmsim_madvise() - says what will become of a range
 * @addr: start, page aligned
 * @length: size, rounded up to whole pages
 * @advice: MADV_DONTNEED: the pages are dropped; the next access reads zeroes, or the file.
 *          MADV_POPULATE_READ, MADV_POPULATE_WRITE: they are faulted in, as by such an access.
 *          MADV_DONTFORK, MADV_DOFORK: a child does not get the mapping, or does again.
 *          MADV_WIPEONFORK, MADV_KEEPONFORK: a child finds the memory empty, or gets it again
 *          MADV_MERGEABLE: vmsim_ksm_merge() may be asked for its pages; MADV_UNMERGEABLE: no more,
 *          and pages that were merged become the program's own again
 *
 * Source: mm/madvise.c, Linux 6.12: for MADV_DONTNEED mmap_lock is only read-locked, so that faults
 * and other such advice run at the same time.
 *
 * Return: 0; -EINVAL, -ENOMEM, -EAGAIN, -EFAULT as madvise(2); -EOPNOTSUPP: other advice is not
 * modelled; -ESRCH.
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
	if (!err && len)
		err = advise(self->mm, addr, addr + len, advice);
	return (int)vmsim_syscall_leave("madvise", err);
}
