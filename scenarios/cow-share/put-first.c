// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/rmap.h>
#include <asm/tlb.h>
#include <vmsim/scenario.h>

/*
 * Override: a zap that puts the reference of a mapping, and uncounts the mapping after that (E53).
 * The flush is in its place: it is the order of the two counts that is wrong.
 */

void zap_present_folio_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma, struct folio *folio,
			    struct page *page, pte_t *pte, pte_t ptent, unsigned int nr,
			    unsigned long addr, struct zap_details *details, int *rss,
			    bool *force_flush, bool *force_break)
{
	(void)ptent, (void)details, (void)force_flush, (void)force_break;
	clear_full_ptes(tlb->mm, addr, pte, nr, tlb->fullmm);
	rss[mm_counter(folio)] -= (int)nr;
	tlb_remove_tlb_entries(tlb, pte, nr, addr);
	tlb_flush_mmu_tlbonly(tlb);
	folio_put_refs(folio, (int)nr);
	vmsim_point("put");
	folio_remove_rmap_ptes(folio, page, (int)nr, vma);
}
