// SPDX-License-Identifier: GPL-2.0-only
#include <asm/tlb.h>

/*
 * Override: E64, the design as it was merged in Linux 6.2 (5df397dec7c4). Once the gather holds a
 * page whose map count is delayed, no further array is begun, so that only the active one has to be
 * walked. Linux 6.12 allows one more array (c47454823bd4).
 */

bool tlb_next_batch(struct mmu_gather *tlb)
{
	struct mmu_gather_batch *fresh = tlb->active->next;

	if (tlb->delayed_rmap)
		return false;
	if (!fresh) {
		if (tlb->batch_count == MAX_GATHER_BATCH_COUNT)
			return false;
		fresh = (struct mmu_gather_batch *)__get_free_page(GFP_NOWAIT | __GFP_NOWARN);
		if (!fresh)
			return false;
		fresh->next = NULL;
		fresh->nr = 0;
		fresh->max = MAX_GATHER_BATCH;
		tlb->batch_count++;
		tlb->active->next = fresh;
	}
	tlb->active = fresh;
	return true;
}

void tlb_flush_rmaps(struct mmu_gather *tlb, struct vm_area_struct *vma)
{
	struct mmu_gather_batch *batch = tlb->active;

	if (!tlb->delayed_rmap)
		return;
	for (unsigned int i = 0; i < batch->nr; i++) {
		unsigned long flags = encoded_page_flags(batch->encoded_pages[i]);
		struct page *page = encoded_page_ptr(batch->encoded_pages[i]);
		int nr = 1;

		if (flags & ENCODED_PAGE_BIT_NR_PAGES_NEXT)
			nr = (int)encoded_nr_pages(batch->encoded_pages[++i]);
		if (flags & ENCODED_PAGE_BIT_DELAY_RMAP)
			folio_remove_rmap_ptes(page_folio(page), page, nr, vma);
	}
	tlb->delayed_rmap = 0;
}
