/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_WP_BY_REFERENCES_H
#define SCENARIO_WP_BY_REFERENCES_H

#include <linux/mm.h>

static vm_fault_t keep(struct vm_fault *vmf, struct folio *folio)
{
	if (!PageAnonExclusive(vmf->page))
		SetPageAnonExclusive(vmf->page);
	if (vmf->flags & FAULT_FLAG_WRITE)
		wp_page_reuse(vmf, folio);
	else
		pte_unmap_unlock(vmf->pte, vmf->ptl);
	return 0;
}

/*
 * do_wp_page() as 09854ba94c6a (Linux 5.9) had it: who is not the only one with a reference copies,
 * exclusive or not.
 */
vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	struct page *page = vm_normal_page(vmf->vma, vmf->address, vmf->orig_pte);
	struct folio *folio = page ? page_folio(page) : NULL;

	vmf->page = page;
	if (page && vmf->vma->vm_flags & VM_SHARED)
		return wp_page_shared(vmf, folio);
	if (page && PageAnon(page) && wp_can_reuse_anon_folio(folio, vmf->vma))
		return keep(vmf, folio);
	if (page)
		get_page(page);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return wp_page_copy(vmf);
}

#endif
