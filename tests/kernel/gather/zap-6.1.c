// SPDX-License-Identifier: GPL-2.0-only
#include <asm/tlb.h>

/*
 * The zap of Linux 6.1 (zap_pte_range(), mm/memory.c) for the library that is built over 6.1's
 * gather, which cannot delay map counts. As today, a dirty file page is marked dirty, and the flush
 * is forced, before the page-table lock is dropped; but the map count goes down when the entry is
 * cleared, which is before that flush (E30).
 */

static void zap_file_bits(struct vm_area_struct *vma, struct folio *folio, pte_t old,
			  bool *force_flush)
{
	if (pte_dirty(old)) {
		*force_flush = true;
		folio_mark_dirty(folio);
	}
	if (pte_young(old) && !(vma->vm_flags & VM_SEQ_READ))
		folio_mark_accessed(folio);
}

/* Replaces the library's, which would take all entries of a folio at once; 6.1 takes one. */
int zap_present_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma, pte_t *pte, pte_t ptent,
		     unsigned int max_nr, unsigned long addr, struct zap_details *details, int *rss,
		     bool *force_flush, bool *force_break);

int zap_present_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma, pte_t *pte, pte_t ptent,
		     unsigned int max_nr, unsigned long addr, struct zap_details *details, int *rss,
		     bool *force_flush, bool *force_break)
{
	struct page *page = vm_normal_page(vma, addr, ptent);
	struct folio *folio = page ? page_folio(page) : NULL;
	pte_t old;

	(void)max_nr;
	if (folio && folio_test_anon(folio) && details && !details->even_cows)
		return 1;
	old = ptep_get_and_clear_full(tlb->mm, addr, pte, tlb->fullmm);
	tlb_remove_tlb_entry(tlb, pte, addr);
	if (!folio)
		return 1;
	if (!folio_test_anon(folio))
		zap_file_bits(vma, folio, old, force_flush);
	rss[mm_counter(folio)]--;
	folio_remove_rmap_pte(folio, page, vma);
	if (__tlb_remove_page(tlb, page))
		*force_flush = *force_break = true;
	return 1;
}
