// SPDX-License-Identifier: GPL-2.0-only
/* replace_page() that takes it that the entry is what it was when the pages were compared (R17). */
#include <linux/ksm.h>
#include <mm/internal.h>

int replace_page(struct vm_area_struct *vma, struct page *page, struct page *kpage, pte_t orig_pte)
{
	unsigned long addr = page_address_in_vma(page, vma);
	pmd_t *pmd = mm_find_pmd(vma->vm_mm, addr);
	spinlock_t *ptl;
	pte_t *ptep = pmd ? pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl) : NULL;

	(void)orig_pte;
	if (!ptep)
		return -EFAULT;
	get_page(kpage);
	folio_add_anon_rmap_pte(page_folio(kpage), kpage, vma, addr, RMAP_NONE);
	ptep_clear_flush(vma, addr, ptep);
	set_pte_at(vma->vm_mm, addr, ptep, mk_pte(kpage, vma->vm_page_prot));
	folio_remove_rmap_pte(page_folio(page), page, vma);
	put_page(page);
	pte_unmap_unlock(ptep, ptl);
	return 0;
}
