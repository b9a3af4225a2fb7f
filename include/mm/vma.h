/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_MM_VMA_H
#define _VMSIM_MM_VMA_H

/* What mm/vma.h declares for other files of mm/ (Linux 6.12). For kernel files, and src/. */
#include <linux/mm.h>

__vmsim_export struct anon_vma *find_mergeable_anon_vma(struct vm_area_struct *vma);
__vmsim_export int split_vma(struct vma_iterator *vmi, struct vm_area_struct *vma,
			     unsigned long addr, int new_below);
__vmsim_export struct vm_area_struct *vma_modify_flags(struct vma_iterator *vmi,
						       struct vm_area_struct *prev,
						       struct vm_area_struct *vma,
						       unsigned long start, unsigned long end,
						       unsigned long new_flags);

/*
 * Entries of a private mapping become writable one by one: whether a page is this process's own
 * can only be seen in its struct page.
 */
static inline bool vma_wants_manual_pte_write_upgrade(struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_SHARED)
		return vma_wants_writenotify(vma, vma->vm_page_prot);
	return (vma->vm_flags & VM_WRITE) != 0;
}

/* mseal(2) is not modelled: nothing sets VM_SEALED. */
static inline bool can_modify_vma(struct vm_area_struct *vma)
{
	return !(vma->vm_flags & VM_SEALED);
}

#endif
