/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_TLBFLUSH_H
#define _VMSIM_ASM_TLBFLUSH_H

#include <linux/mm_types.h>

#define TLB_FLUSH_ALL (-1UL)

/*
 * Flushes (src/tlb/flush.c). How they reach other CPUs is the machine's back-end. They return when
 * the flush is complete on every CPU that could use an entry. @freed_tables: page tables were
 * unhooked in the range, so paging-structure caches go too (R2).
 */
__vmsim_export void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start, unsigned long end,
				       unsigned int stride_shift, bool freed_tables);
__vmsim_export void flush_tlb_mm(struct mm_struct *mm);
__vmsim_export void flush_tlb_range(struct vm_area_struct *vma, unsigned long start,
				    unsigned long end);
__vmsim_export void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr);

/*
 * What hardware does by itself when a valid entry is replaced. Sync-on-clear (s390): every CPU
 * drops its cached copy before the accessor returns. Does nothing where a flush is needed for that.
 */
__vmsim_export void vmsim_tlb_entry_cleared(pte_t *ptep, pte_t old);

/*
 * Broadcast hardware in two steps, for batches: an invalidation that was issued is complete when
 * the CPU that issued it has synchronised; another CPU's synchronisation does not wait for it
 * (R15). Under other back-ends issuing is a whole flush, and there is nothing to wait for.
 */
__vmsim_export void vmsim_tlb_broadcast_issue(struct mm_struct *mm, unsigned long start,
					      unsigned long end);
__vmsim_export void vmsim_tlb_broadcast_sync(void);

/* Flushes that are put off (src/rmap/tlbbatch.c). */
__vmsim_customised __vmsim_export bool arch_tlbbatch_should_defer(struct mm_struct *mm);
__vmsim_customised __vmsim_export void
arch_tlbbatch_add_pending(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm,
			  unsigned long uaddr);
__vmsim_customised __vmsim_export void arch_tlbbatch_flush(struct arch_tlbflush_unmap_batch *batch);
__vmsim_export void arch_flush_tlb_batched_pending(struct mm_struct *mm);

#define flush_cache_range(vma, start, end) ((void)0)
#define flush_cache_page(vma, addr, pfn) ((void)0)
#define flush_tlb_fix_spurious_fault(vma, addr, ptep) ((void)0)
#define update_mmu_cache_range(vmf, vma, addr, ptep, nr) ((void)0)
#define update_mmu_cache(vma, addr, ptep) ((void)0)
#define arch_enter_lazy_mmu_mode() ((void)0)
#define arch_leave_lazy_mmu_mode() ((void)0)
#define arch_check_zapped_pte(vma, pte) ((void)0)

#endif
