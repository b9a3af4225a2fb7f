// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/security.h>
#include <sys/mman.h>

/* The highest gap of @len bytes in [low, high), or 0. */
static unsigned long gap_below(struct mm_struct *mm, unsigned long len, unsigned long low,
			       unsigned long high)
{
	struct vm_area_struct *prev;
	struct vm_area_struct *vma = find_vma_prev(mm, high, &prev);

	/* @vma is what bounds the gap from above, as far as it reaches below @high. */
	if (vma && vma->vm_start < high) {
		high = vma->vm_start;
		prev = vmsim_vma_prev(vma);
	}
	for (;;) {
		unsigned long bottom = prev && prev->vm_end > low ? prev->vm_end : low;

		if (high >= bottom && high - bottom >= len)
			return high - len;
		if (!prev || prev->vm_start <= low)
			return 0;
		high = prev->vm_start;
		prev = vmsim_vma_prev(prev);
	}
}

static bool free_at(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	return addr >= mmap_min_addr && addr <= mm->task_size - len &&
	       !find_vma_intersection(mm, addr, addr + len);
}

/**
 * get_unmapped_area() - a place in the caller's address space
 * @file: what is to be mapped; makes no difference
 * @addr: a wish; with MAP_FIXED or MAP_FIXED_NOREPLACE, the place
 * @len: how much
 * @pgoff: as @file
 * @flags: MAP_*
 *
 * The hint if it is free, else the highest gap below mmap_base, else any gap.
 *
 * Context: mmap_lock held.
 * Source: mm/mmap.c, Linux 6.12 (__get_unmapped_area(), generic_get_unmapped_area_topdown()).
 * Return: the address; -ENOMEM, -EINVAL, -EPERM.
 */
__vmsim_overridable unsigned long get_unmapped_area(struct file *file, unsigned long addr,
						    unsigned long len, unsigned long pgoff,
						    unsigned long flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long found;

	(void)file, (void)pgoff;
	if (len > mm->task_size - mmap_min_addr)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr > mm->task_size - len)
			return -ENOMEM;
		if (offset_in_page(addr))
			return -EINVAL;
		return security_mmap_addr(addr) ? (unsigned long)-EPERM : addr;
	}
	if (addr && addr <= mm->task_size && free_at(mm, PAGE_ALIGN(addr), len))
		return PAGE_ALIGN(addr);
	found = gap_below(mm, len, mmap_min_addr, mm->mmap_base);
	if (!found)
		found = gap_below(mm, len, mmap_min_addr, mm->task_size);
	return found ? found : (unsigned long)-ENOMEM;
}
