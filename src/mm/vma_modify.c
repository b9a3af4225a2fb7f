// SPDX-License-Identifier: GPL-2.0-only
#include "mm/vma_range.h"

/* Parts of mappings. Behaviour of mm/vma.c, Linux 6.12. mmap_lock is held for writing. */

/* The upper part of @vma from @addr on, as an object of its own that nobody sees yet. */
static struct vm_area_struct *upper_part(struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *upper = vmsim_vma_dup(vma, vma->vm_mm);

	if (!upper)
		return NULL;
	upper->vm_start = addr;
	upper->vm_pgoff += (addr - vma->vm_start) >> PAGE_SHIFT;
	upper->anon_vma = vma->anon_vma;
	if (anon_vma_clone(upper, vma)) {
		vmsim_vma_free(upper);
		return NULL;
	}
	vmsim_vma_opened(upper);
	return upper;
}

struct vm_area_struct *vmsim_vma_split(struct vm_area_struct *vma, unsigned long addr)
{
	struct vmsim_range_change change = { .vma = vma };
	struct vm_area_struct *upper;

	VM_BUG_ON_VMA(addr <= vma->vm_start || addr >= vma->vm_end, vma);
	upper = upper_part(vma, addr);
	if (!upper)
		return ERR_PTR(-ENOMEM);
	change.insert = upper;
	vmsim_range_change_begin(&change);
	vma->vm_end = addr;
	vmsim_range_change_end(&change);
	vmsim_vma_insert(vma->vm_mm, upper);
	return upper;
}

/* Where no neighbour takes the part over. */
static struct vm_area_struct *split_off(struct vm_area_struct *vma, unsigned long start,
					unsigned long end)
{
	struct vm_area_struct *upper;

	if (vma->vm_start < start) {
		if (vma->vm_mm->map_count >= sysctl_max_map_count)
			return ERR_PTR(-ENOMEM);
		vma = vmsim_vma_split(vma, start);
	}
	if (IS_ERR(vma) || vma->vm_end == end)
		return vma;
	if (vma->vm_mm->map_count >= sysctl_max_map_count)
		return ERR_PTR(-ENOMEM);
	upper = vmsim_vma_split(vma, end);
	return IS_ERR(upper) ? upper : vma;
}

struct vm_area_struct *vmsim_vma_modify_flags(struct vm_area_struct *vma, unsigned long start,
					      unsigned long end, vm_flags_t newflags)
{
	struct vma_merge_struct vmg = vmsim_vmg_of(vma, start, end);
	struct vm_area_struct *merged;

	vmg.vma = vma;
	vmg.prev = start > vma->vm_start ? vma : vmsim_vma_prev(vma);
	vmg.flags = newflags;
	merged = vma_merge_existing_range(&vmg);
	if (merged)
		return merged;
	return vmg_nomem(&vmg) ? ERR_PTR(-ENOMEM) : split_off(vma, start, end);
}
