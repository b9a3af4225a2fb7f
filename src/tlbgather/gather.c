// SPDX-License-Identifier: GPL-2.0-only
#include "tlbgather/internal.h"

/*
 * The life of a gather. It belongs to one thread and needs no lock; what other gathers of the same
 * address space do is known through mm->tlb_flush_pending.
 */

__vmsim_overridable void __tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm, bool fullmm)
{
	*tlb = (struct mmu_gather){ .mm = mm, .fullmm = fullmm };
	tlb_batch_init(tlb);
	__tlb_reset_range(tlb);
	/* Before the first entry changes: others must see that a flush is owed (R14). */
	inc_tlb_flush_pending(mm);
}

/**
 * tlb_gather_mmu() - begins an unmap in a part of an address space
 * @tlb: gather, usually on the caller's stack
 * @mm: address space
 *
 * Source: Linux 6.12, mm/mmu_gather.c.
 */
__vmsim_overridable void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	__tlb_gather_mmu(tlb, mm, false);
}

/**
 * tlb_gather_mmu_fullmm() - begins the teardown of a whole address space
 * @tlb: gather
 * @mm: address space that nobody runs in any more; reverse-map walkers may still look at it
 *
 * Source: Linux 6.12, mm/mmu_gather.c.
 */
__vmsim_overridable void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm)
{
	__tlb_gather_mmu(tlb, mm, true);
}

/**
 * tlb_gather_mmu_vma() - begins an unmap inside one VMA
 * @tlb: gather
 * @vma: the VMA; no tlb_start_vma() is needed for it
 *
 * Source: Linux 6.12, mm/mmu_gather.c.
 */
__vmsim_overridable void tlb_gather_mmu_vma(struct mmu_gather *tlb, struct vm_area_struct *vma)
{
	tlb_gather_mmu(tlb, vma->vm_mm);
	tlb_update_vma_flags(tlb, vma);
	if (is_vm_hugetlb_page(vma))
		tlb_change_page_size(tlb, huge_page_size(hstate_vma(vma)));
}

/* Frees what the flush before this call has made unreachable: tables, then frames. */
__vmsim_overridable void tlb_flush_mmu_free(struct mmu_gather *tlb)
{
	tlb_table_flush(tlb);
	tlb_batch_pages_flush(tlb);
}

/**
 * tlb_flush_mmu() - flushes what was recorded and frees what was queued
 * @tlb: gather; usable again afterwards
 *
 * Not under a PTL: freeing may take long. Source: Linux 6.12, mm/mmu_gather.c.
 */
__vmsim_overridable void tlb_flush_mmu(struct mmu_gather *tlb)
{
	tlb_flush_mmu_tlbonly(tlb);
	tlb_flush_mmu_free(tlb);
}

/*
 * Another gather is under way in this address space. It may have cleared entries that this one
 * found empty and skipped, and has perhaps not flushed them; our caller may rely on "gone" all the
 * same. So everything goes, at every level, cached pointers to tables included (R14, E17).
 */
static void widen_to_everything(struct mmu_gather *tlb)
{
	tlb->fullmm = 1;
	__tlb_reset_range(tlb);
	tlb->freed_tables = 1;
}

/**
 * tlb_finish_mmu() - ends an unmap: when it returns, nothing that was cleared is still cached
 * @tlb: gather; dead afterwards
 *
 * Source: Linux 6.12, mm/mmu_gather.c.
 */
__vmsim_overridable void tlb_finish_mmu(struct mmu_gather *tlb)
{
	VM_WARN_ON_ONCE(tlb->fully_unshared_tables);

	if (mm_tlb_flush_nested(tlb->mm))
		widen_to_everything(tlb);
	tlb_flush_mmu(tlb);
	tlb_batch_list_free(tlb);
	/* Only now, after the flush completed (R14). */
	dec_tlb_flush_pending(tlb->mm);
}
