// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <asm/tlb.h>

/* Override: with its mapping a reference to the page of zeroes goes (A16). */

int zap_present_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma, pte_t *pte, pte_t ptent,
		     unsigned int max_nr, unsigned long addr, struct zap_details *details, int *rss,
		     bool *force_flush, bool *force_break)
{
	struct page *page = vm_normal_page(vma, addr, ptent);

	(void)max_nr;
	if (page) {
		zap_present_folio_ptes(tlb, vma, page_folio(page), page, pte, ptent, 1, addr,
				       details, rss, force_flush, force_break);
		return 1;
	}
	ptep_get_and_clear_full(tlb->mm, addr, pte, tlb->fullmm);
	tlb_remove_tlb_entry(tlb, pte, addr);
	*force_flush |= __tlb_remove_folio_pages(tlb, pte_page(ptent), 1, false);
	return 1;
}
