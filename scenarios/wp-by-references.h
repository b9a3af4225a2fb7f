/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_WP_BY_REFERENCES_H
#define SCENARIO_WP_BY_REFERENCES_H

#include <linux/mm.h>

/*
 * do_wp_page() as 09854ba94c6a (Linux 5.9) had it: who is not the only one with a reference copies,
 * exclusive or not.
 */
vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	struct folio *folio;

	vmf->page = vm_normal_page(vmf->vma, vmf->address, vmf->orig_pte);
	folio = vmf->page ? page_folio(vmf->page) : NULL;
	if (folio && vmf->vma->vm_flags & VM_SHARED)
		return wp_page_shared(vmf, folio);
	if (folio && folio_test_anon(folio) && wp_can_reuse_anon_folio(folio, vmf->vma)) {
		if (!PageAnonExclusive(vmf->page))
			SetPageAnonExclusive(vmf->page);
		if (vmf->flags & FAULT_FLAG_UNSHARE)
			pte_unmap_unlock(vmf->pte, vmf->ptl);
		else
			wp_page_reuse(vmf, folio);
		return 0;
	}
	if (folio)
		folio_get(folio);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return wp_page_copy(vmf);
}

#endif
