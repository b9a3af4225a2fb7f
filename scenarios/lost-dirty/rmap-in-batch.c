// SPDX-License-Identifier: GPL-2.0-only
#include <asm/tlb.h>

/*
 * Override: E46, the second design of October 2022 ("v1"). Every page, anonymous ones too, keeps
 * its map count until its batch is freed, after the flush and after the page-table lock. Dirty
 * file pages still force the flush under the lock. The VMA is no longer known when the count drops.
 */
#define RMAP_BIT ENCODED_PAGE_BIT_DELAY_RMAP

void zap_present_folio_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma,
			    struct folio *folio, struct page *page, pte_t *pte, pte_t ptent,
			    unsigned int nr, unsigned long addr, struct zap_details *details,
			    int *rss, bool *force_flush, bool *force_break)
{
	(void)details, (void)vma;
	ptent = get_and_clear_full_ptes(tlb->mm, addr, pte, nr, tlb->fullmm);
	tlb_remove_tlb_entries(tlb, pte, nr, addr);
	rss[mm_counter(folio)] -= (int)nr;
	if (!folio_test_anon(folio) && pte_dirty(ptent)) {
		folio_mark_dirty(folio);
		*force_flush = true;
	}
	if (__tlb_remove_folio_pages(tlb, page, nr, true)) {
		*force_flush = true;
		*force_break = true;
	}
}

static void drop_run(struct page *page, int nr)
{
	struct vm_area_struct unknown = { .vm_flags = 0 };
	struct folio *folio = page_folio(page);

	folio_remove_rmap_ptes(folio, page, nr, &unknown);
	folio_put_refs(folio, nr);
}

void free_pages_and_swap_cache(struct encoded_page **pages, int nr)
{
	for (int i = 0; i < nr; i++) {
		struct page *page = encoded_page_ptr(pages[i]);
		bool run = encoded_page_flags(pages[i]) & ENCODED_PAGE_BIT_NR_PAGES_NEXT;

		drop_run(page, run ? (int)encoded_nr_pages(pages[++i]) : 1);
	}
}
