// SPDX-License-Identifier: GPL-2.0-only
#include <asm/tlb.h>

/*
 * Override: the zap of Linux 6.1 (mm/memory.c). A dirty file page is marked dirty and the flush is
 * forced before the page-table lock is dropped, as today; but the reverse mapping goes away when
 * the entry is cleared, before that flush.
 */

static bool zap_one(struct mmu_gather *tlb, struct vm_area_struct *vma, pte_t *pte,
		    unsigned long addr, int *rss, bool *force_flush)
{
	pte_t old = ptep_get_and_clear_full(tlb->mm, addr, pte, tlb->fullmm);
	struct page *page = vm_normal_page(vma, addr, old);
	struct folio *folio;

	tlb_remove_tlb_entry(tlb, pte, addr);
	if (!page)
		return false;
	folio = page_folio(page);
	if (!folio_test_anon(folio) && pte_dirty(old)) {
		folio_mark_dirty(folio);
		*force_flush = true;
	}
	rss[mm_counter(folio)]--;
	folio_remove_rmap_pte(folio, page, vma);
	return __tlb_remove_page(tlb, page, false);
}

unsigned long zap_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd,
			    unsigned long addr, unsigned long end, struct zap_details *details)
{
	bool force_flush = false, full = false;
	int rss[NR_MM_COUNTERS];
	pte_t *first, *pte;
	spinlock_t *ptl;

	(void)details;
	tlb_change_page_size(tlb, PAGE_SIZE);
	first = pte = pte_offset_map_lock(tlb->mm, pmd, addr, &ptl);
	if (!first)
		return addr;
	init_rss_vec(rss);
	for (; addr != end && !full; pte++, addr += PAGE_SIZE)
		if (pte_present(ptep_get(pte)))
			full = zap_one(tlb, vma, pte, addr, rss, &force_flush);
	add_mm_rss_vec(tlb->mm, rss);
	if (force_flush || full)
		tlb_flush_mmu_tlbonly(tlb);
	pte_unmap_unlock(first, ptl);
	if (force_flush || full)
		tlb_flush_mmu(tlb);
	return addr;
}
