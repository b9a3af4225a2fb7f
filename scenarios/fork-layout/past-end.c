// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <asm/tlb.h>

/* Override: what goes is the rest of the folio, not the rest of the range (A13). */

int zap_present_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma, pte_t *pte, pte_t ptent,
		     unsigned int max_nr, unsigned long addr, struct zap_details *details, int *rss,
		     bool *force_flush, bool *force_break)
{
	const fpb_t flags = FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY;
	struct page *page = vm_normal_page(vma, addr, ptent);
	struct folio *folio = page_folio(page);
	int nr = folio_pte_batch(folio, addr, pte, ptent, (int)folio_nr_pages(folio), flags,
				 NULL, NULL, NULL);

	zap_present_folio_ptes(tlb, vma, folio, page, pte, ptent, (unsigned int)nr, addr, details,
			       rss, force_flush, force_break);
	return min(nr, (int)max_nr);
}
