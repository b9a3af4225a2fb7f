// SPDX-License-Identifier: GPL-2.0-only
#include "mm/vma_range.h"
#include <mm/vma.h>

/* Parts of mappings. Behaviour of mm/vma.c, Linux 6.12. mmap_lock is held for writing. */

/* What of @vma lies below @addr, or from there on, as an object of its own that nobody sees yet. */
static struct vm_area_struct *part_of(struct vm_area_struct *vma, unsigned long addr, bool below)
{
	struct vm_area_struct *part = vmsim_vma_dup(vma, vma->vm_mm);

	if (!part)
		return NULL;
	if (below) {
		part->vm_end = addr;
	} else {
		part->vm_start = addr;
		part->vm_pgoff += (addr - vma->vm_start) >> PAGE_SHIFT;
	}
	part->anon_vma = vma->anon_vma;
	if (anon_vma_clone(part, vma)) {
		vmsim_vma_free(part);
		return NULL;
	}
	vmsim_vma_opened(part);
	return part;
}

/* What is left of @vma when the part is cut off. */
static void cut(struct vm_area_struct *vma, unsigned long addr, bool below)
{
	if (below) {
		vma->vm_pgoff += (addr - vma->vm_start) >> PAGE_SHIFT;
		vma->vm_start = addr;
	} else {
		vma->vm_end = addr;
	}
}

int vmsim_vma_split(struct vma_iterator *vmi, struct vm_area_struct *vma, unsigned long addr,
		    bool new_below)
{
	struct vmsim_range_change change = { .vma = vma };
	struct vm_area_struct *part;
	int err = 0;

	VM_BUG_ON_VMA(addr <= vma->vm_start || addr >= vma->vm_end, vma);
	if (vma->vm_ops && vma->vm_ops->may_split)
		err = vma->vm_ops->may_split(vma, addr);
	if (err)
		return err;
	part = part_of(vma, addr, new_below);
	if (!part)
		return -ENOMEM;
	change.insert = part;
	vmsim_range_change_begin(&change);
	cut(vma, addr, new_below);
	vmsim_range_change_end(&change);
	vmsim_vma_insert(vma->vm_mm, part);
	vmsim_vma_iter_at(vmi, vma);
	return 0;
}

/**
 * split_vma() - makes two mappings of one
 * @vmi: walk; stands at @vma afterwards
 * @vma: the mapping
 * @addr: where it is cut
 * @new_below: @vma is the upper part then; else it is the lower one
 *
 * Context: mmap_lock held for writing.
 * Source: mm/vma.c, Linux 6.12.
 * Return: 0; -ENOMEM: no memory, or too many mappings; what its owner says (may_split).
 */
__vmsim_overridable int split_vma(struct vma_iterator *vmi, struct vm_area_struct *vma,
				  unsigned long addr, int new_below)
{
	if (vma->vm_mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	return vmsim_vma_split(vmi, vma, addr, new_below);
}

int vmsim_vma_split_out(struct vma_iterator *vmi, struct vm_area_struct *vma, unsigned long start,
			unsigned long end)
{
	int err = 0;

	if (vma->vm_start < start)
		err = split_vma(vmi, vma, start, 1);
	if (!err && vma->vm_end > end)
		err = split_vma(vmi, vma, end, 0);
	return err;
}

/**
 * vma_modify_flags() - makes a part of a mapping one that can have other flags
 * @vmi: walk; stands at the result afterwards
 * @prev: the mapping before it, or @vma where the part begins inside
 * @vma: the mapping
 * @start: start of the part
 * @end: its end
 * @new_flags: the flags; setting them is up to the caller
 *
 * A neighbour that has these flags already takes the part over.
 *
 * Context: mmap_lock held for writing.
 * Source: mm/vma.c, Linux 6.12.
 * Return: the mapping that has the part now, or an ERR_PTR.
 */
__vmsim_overridable struct vm_area_struct *vma_modify_flags(struct vma_iterator *vmi,
							    struct vm_area_struct *prev,
							    struct vm_area_struct *vma,
							    unsigned long start, unsigned long end,
							    unsigned long new_flags)
{
	struct vma_merge_struct vmg = vmsim_vmg_of(vma, start, end);
	struct vm_area_struct *merged;
	int err;

	vmg.vma = vma;
	vmg.prev = prev;
	vmg.flags = new_flags;
	merged = vma_merge_existing_range(&vmg);
	if (merged) {
		vmsim_vma_iter_at(vmi, merged);
		return merged;
	}
	if (vmg_nomem(&vmg))
		return ERR_PTR(-ENOMEM);
	err = vmsim_vma_split_out(vmi, vma, start, end);
	return err ? ERR_PTR(err) : vma;
}
