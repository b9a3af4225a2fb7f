// SPDX-License-Identifier: GPL-2.0-only
#include <asm/tlb.h>

/*
 * Override: E33, the first design of October 2022 ("v0"). The dirty bit travels in the low bits of
 * the gather's array; the folio is marked dirty when the batch is freed, after the flush. Nothing
 * is forced under the page-table lock any more, and the map count drops at once: when the folio
 * becomes dirty, it is neither mapped nor locked, and writeback may have stripped its buffers.
 */
#define DIRTY_BIT ENCODED_PAGE_BIT_DELAY_RMAP

void zap_present_folio_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma,
			    struct folio *folio, struct page *page, pte_t *pte, pte_t ptent,
			    unsigned int nr, unsigned long addr, struct zap_details *details,
			    int *rss, bool *force_flush, bool *force_break)
{
	bool file = !folio_test_anon(folio);

	(void)details;
	ptent = get_and_clear_full_ptes(tlb->mm, addr, pte, nr, tlb->fullmm);
	tlb_remove_tlb_entries(tlb, pte, nr, addr);
	rss[mm_counter(folio)] -= (int)nr;
	folio_remove_rmap_ptes(folio, page, (int)nr, vma);
	if (__tlb_remove_folio_pages(tlb, page, nr, file && pte_dirty(ptent))) {
		*force_flush = true;
		*force_break = true;
	}
}

void free_pages_and_swap_cache(struct encoded_page **pages, int nr)
{
	for (int i = 0; i < nr; i++) {
		unsigned long flags = encoded_page_flags(pages[i]);

		if (flags & DIRTY_BIT)
			folio_mark_dirty(page_folio(encoded_page_ptr(pages[i])));
		if (flags & ENCODED_PAGE_BIT_NR_PAGES_NEXT)
			i++;
	}
	for (int i = 0; i < nr; i++) {
		struct folio *folio = page_folio(encoded_page_ptr(pages[i]));
		int refs = 1;

		if (encoded_page_flags(pages[i]) & ENCODED_PAGE_BIT_NR_PAGES_NEXT)
			refs = (int)encoded_nr_pages(pages[++i]);
		folio_put_refs(folio, refs);
	}
}
