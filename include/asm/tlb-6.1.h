/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_TLB_6_1_H
#define _VMSIM_ASM_TLB_6_1_H

/*
 * Where <asm-generic/tlb.h> is that of Linux 6.1, whose gather holds plain page pointers, one page
 * each: what later code asks of a gather, in its terms. Map counts cannot be delayed, so that
 * callers drop them before the flush; this is what 6.1 does, and what is wrong with it (E30).
 */
#include <asm/tlb.h>

#ifndef tlb_delay_rmap

#define VMSIM_GATHER_6_1 1

#define tlb_delay_rmap(tlb) ((void)(tlb), false)
#define tlb_flush_rmaps(tlb, vma) ((void)(tlb), (void)(vma))

static inline bool __tlb_remove_folio_pages(struct mmu_gather *tlb, struct page *page,
					    unsigned int nr_pages, bool delay_rmap)
{
	VM_BUG_ON(delay_rmap);
	/* It may be full after any of them, and none can be taken back. */
	VM_BUG_ON(nr_pages != 1);
	return __tlb_remove_page(tlb, page);
}

static inline void tlb_remove_tlb_entries(struct mmu_gather *tlb, pte_t *ptep, unsigned int nr,
					  unsigned long address)
{
	for (unsigned int i = 0; i < nr; i++)
		tlb_remove_tlb_entry(tlb, ptep + i, address + i * PAGE_SIZE);
}

#endif /* tlb_delay_rmap */
#endif
