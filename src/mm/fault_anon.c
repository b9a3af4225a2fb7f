// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/swap.h>
#include <linux/rmap.h>

/* The first read of untouched memory: all of it is one page of zeroes, which nobody counts. */
static vm_fault_t map_zero_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t zero = pfn_pte(my_zero_pfn(vmf->address), vma->vm_page_prot);
	bool first;

	vmf->pte = pte_offset_map_lock(vma->vm_mm, vmf->pmd, vmf->address, &vmf->ptl);
	if (!vmf->pte)
		return 0;
	first = !vmf_pte_changed(vmf);
	if (first)
		set_pte_at(vma->vm_mm, vmf->address, vmf->pte, pte_mkspecial(zero));
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	vmsim_fault_took(vmf, first ? VMSIM_FAULT_ZERO : VMSIM_FAULT_SPURIOUS);
	return 0;
}

/* Maps a new page; false: somebody else was first. */
static bool map_new_page(struct vm_fault *vmf, struct folio *folio)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t entry = mk_pte(&folio->page, vma->vm_page_prot);
	bool first;

	if (vma->vm_flags & VM_WRITE)
		entry = pte_mkwrite(pte_mkdirty(entry), vma);
	vmf->pte = pte_offset_map_lock(vma->vm_mm, vmf->pmd, vmf->address, &vmf->ptl);
	if (!vmf->pte)
		return false;
	first = !vmf_pte_changed(vmf);
	if (likely(first)) {
		inc_mm_counter(vma->vm_mm, MM_ANONPAGES);
		folio_add_new_anon_rmap(folio, vma, vmf->address, RMAP_EXCLUSIVE);
		folio_add_lru_vma(folio, vma);
		/* It was not present: no CPU has anything to forget. */
		set_pte_at(vma->vm_mm, vmf->address, vmf->pte, entry);
	}
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return first;
}

/**
 * do_anonymous_page() - first access to a page of private anonymous memory
 * @vmf: the fault
 *
 * Source: mm/memory.c, Linux 6.12.
 * Return: VM_FAULT_*.
 */
__vmsim_overridable vm_fault_t do_anonymous_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct folio *folio;

	/* Shared memory has a file behind it. */
	if (vma->vm_flags & VM_SHARED)
		return VM_FAULT_SIGBUS;
	if (pte_alloc(vma->vm_mm, vmf->pmd))
		return VM_FAULT_OOM;
	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return map_zero_page(vmf);

	if (unlikely(vmf_anon_prepare(vmf)))
		return VM_FAULT_OOM;
	folio = folio_alloc(GFP_HIGHUSER_MOVABLE | __GFP_ZERO, 0);
	if (unlikely(!folio))
		return VM_FAULT_OOM;
	__folio_set_uptodate(folio);
	if (unlikely(!map_new_page(vmf, folio))) {
		folio_put(folio);
		vmsim_fault_took(vmf, VMSIM_FAULT_SPURIOUS);
		return 0;
	}
	vmf->page = &folio->page;
	vmsim_fault_took(vmf, VMSIM_FAULT_ANON_NEW);
	return 0;
}
