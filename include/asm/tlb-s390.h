/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_TLB_S390_H
#define _VMSIM_ASM_TLB_S390_H

/*
 * The gather's s390 part (E52; Linux 6.12, arch/s390/include/asm/tlb.h). Replacing a valid entry
 * has dropped it from every TLB before the accessor returns, so frames need no gathering: they are
 * freed at once, and map counts need no delay. Only tables wait for a flush.
 */
#include <linux/mm.h>
#include <linux/swap.h>

struct mmu_gather;

static inline bool __tlb_remove_page_size(struct mmu_gather *tlb, struct page *page,
					  bool delay_rmap, int page_size)
{
	(void)tlb, (void)page_size;
	VM_WARN_ON_ONCE(delay_rmap);
	free_page_and_swap_cache(page);
	return false;
}

static inline bool __tlb_remove_folio_pages(struct mmu_gather *tlb, struct page *page,
					    unsigned int nr_pages, bool delay_rmap)
{
	struct encoded_page *run[2];

	(void)tlb;
	VM_WARN_ON_ONCE(delay_rmap);
	VM_WARN_ON_ONCE(page_folio(page + nr_pages - 1) != page_folio(page));
	run[0] = encode_page(page, ENCODED_PAGE_BIT_NR_PAGES_NEXT);
	run[1] = encode_nr_pages(nr_pages);
	free_pages_and_swap_cache(run, 2);
	return false;
}

#endif
