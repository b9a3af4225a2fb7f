/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOST_DIRTY_ZAP_ROW_H
#define LOST_DIRTY_ZAP_ROW_H

#include <asm/tlb.h>

/*
 * Override: one row of the truth table (reference, 4.4): a zap of file pages in which three things
 * have each their place: marking the folio dirty, the flush, and the removal of the reverse
 * mapping. The row defines DIRTY_IN_PTL and FLUSH_IN_PTL to 0 or 1, and RMAP_PLACE.
 */
#define RMAP_BEFORE_FLUSH 0
#define RMAP_AFTER_FLUSH_IN_PTL 1
#define RMAP_AFTER_PTL 2

#define ROW_PAGES 16

struct zapped {
	struct page *page;
	bool dirty;
};

static void mark_dirty(const struct zapped *zapped, int n)
{
	for (int i = 0; i < n; i++)
		if (zapped[i].dirty)
			folio_mark_dirty(page_folio(zapped[i].page));
}

static void drop_rmaps(struct vm_area_struct *vma, const struct zapped *zapped, int n)
{
	for (int i = 0; i < n; i++)
		folio_remove_rmap_pte(page_folio(zapped[i].page), zapped[i].page, vma);
}

static int clear_entries(struct mmu_gather *tlb, struct vm_area_struct *vma, pte_t *pte,
			 unsigned long *addr, unsigned long end, struct zapped *zapped)
{
	int n = 0;

	for (; *addr != end && n < ROW_PAGES; pte++, *addr += PAGE_SIZE) {
		struct page *page;
		pte_t old;

		if (!pte_present(ptep_get(pte)))
			continue;
		old = ptep_get_and_clear(tlb->mm, *addr, pte);
		tlb_remove_tlb_entry(tlb, pte, *addr);
		page = vm_normal_page(vma, *addr, old);
		if (!page)
			continue;
		zapped[n++] = (struct zapped) {
			.page = page,
			.dirty = pte_dirty(old) && !folio_test_anon(page_folio(page)),
		};
		dec_mm_counter(tlb->mm, mm_counter(page_folio(page)));
	}
	return n;
}

unsigned long zap_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd,
			    unsigned long addr, unsigned long end, struct zap_details *details)
{
	struct zapped zapped[ROW_PAGES];
	spinlock_t *ptl;
	pte_t *pte;
	int n;

	(void)details;
	tlb_change_page_size(tlb, PAGE_SIZE);
	pte = pte_offset_map_lock(tlb->mm, pmd, addr, &ptl);
	if (!pte)
		return addr;
	n = clear_entries(tlb, vma, pte, &addr, end, zapped);
	if (DIRTY_IN_PTL)
		mark_dirty(zapped, n);
	if (RMAP_PLACE == RMAP_BEFORE_FLUSH)
		drop_rmaps(vma, zapped, n);
	if (FLUSH_IN_PTL)
		tlb_flush_mmu_tlbonly(tlb);
	if (RMAP_PLACE == RMAP_AFTER_FLUSH_IN_PTL)
		drop_rmaps(vma, zapped, n);
	pte_unmap_unlock(pte, ptl);
	if (!FLUSH_IN_PTL)
		tlb_flush_mmu_tlbonly(tlb);
	if (!DIRTY_IN_PTL)
		mark_dirty(zapped, n);
	if (RMAP_PLACE == RMAP_AFTER_PTL)
		drop_rmaps(vma, zapped, n);
	for (int i = 0; i < n; i++)
		folio_put(page_folio(zapped[i].page));
	return addr;
}

#endif
