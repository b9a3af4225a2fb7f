// SPDX-License-Identifier: GPL-2.0-only
#include "tlbgather/internal.h"

#if !defined(CONFIG_MMU_GATHER_NO_GATHER) && defined(CONFIG_SMP)

/*
 * Map counts that had to wait for the flush. Only dirty file pages have them (R6): until the last
 * writable entry is gone, folio_mkclean() must find the folio mapped and come to the PTL (E30).
 */

static unsigned int run_length(struct encoded_page **slot)
{
	/* The flags are two bits with two meanings: test the one that is meant (R32, E68). */
	if (encoded_page_flags(slot[0]) & ENCODED_PAGE_BIT_NR_PAGES_NEXT)
		return encoded_nr_pages(slot[1]);
	return 1;
}

__vmsim_overridable void tlb_flush_rmap_batch(struct mmu_gather_batch *batch,
					      struct vm_area_struct *vma)
{
	unsigned int i = 0;

	while (i < batch->nr) {
		struct encoded_page **slot = &batch->encoded_pages[i];
		unsigned int nr_pages = run_length(slot);
		struct page *page = encoded_page_ptr(slot[0]);

		if (encoded_page_flags(slot[0]) & ENCODED_PAGE_BIT_DELAY_RMAP)
			folio_remove_rmap_ptes(page_folio(page), page, nr_pages, vma);
		i += nr_pages > 1 ? 2 : 1;
	}
}

/**
 * tlb_flush_rmaps() - drops the map counts that tlb_delay_rmap() put off
 * @tlb: gather whose entries have just been flushed
 * @vma: the VMA that its delayed pages were mapped in
 *
 * Under the PTL under which those entries were cleared (R6). tlb_next_batch() sees to it that
 * delayed pages lie in the first and in the active array only.
 * Source: Linux 6.12, mm/mmu_gather.c; 5df397dec7c4, c47454823bd4.
 */
__vmsim_overridable void tlb_flush_rmaps(struct mmu_gather *tlb, struct vm_area_struct *vma)
{
	struct mmu_gather_batch *first = &tlb->local, *last = tlb->active;

	if (!tlb->delayed_rmap)
		return;
	tlb_flush_rmap_batch(first, vma);
	if (last != first)
		tlb_flush_rmap_batch(last, vma);
	tlb->delayed_rmap = 0;
}

#endif
