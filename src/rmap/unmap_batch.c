// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"

/*
 * Reclaim unmaps many pages and flushes once (R15). The debt is written down twice: with the task,
 * which pays it before it writes or frees those pages, and in mm->tlb_flush_batched, for others who
 * take a PTL of that address space and are about to rely on its entries.
 */

/*
 * mm->tlb_flush_batched: bits 0-14 count the debts made, bits 16-30 hold that count as it was when
 * they were last paid by somebody else.
 */
#define FLUSHED_SHIFT 16
#define PENDING_MASK 0x7fff
/* Start anew from here, well before the count runs into the other one. */
#define PENDING_LARGE (PENDING_MASK / 2)

/* Under the PTL: may the flush of one entry of @mm wait? */
__vmsim_overridable bool should_defer_flush(struct mm_struct *mm, enum ttu_flags flags)
{
	if (!IS_ENABLED(CONFIG_ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH) || !(flags & TTU_BATCH_FLUSH))
		return false;
	return arch_tlbbatch_should_defer(mm);
}

/* What mm->tlb_flush_batched becomes with one more debt. Never the value of "all paid". */
static int one_more(int batched)
{
	return (batched & PENDING_MASK) > PENDING_LARGE ? 1 : batched + 1;
}

/*
 * Under the PTL under which @pteval was cleared, and after that: whoever takes this PTL next must
 * see both or neither.
 */
__vmsim_overridable void set_tlb_ubc_flush_pending(struct mm_struct *mm, pte_t pteval,
						   unsigned long uaddr)
{
	struct tlbflush_unmap_batch *batch = &current->tlb_ubc;
	int batched;

	if (!pte_accessible(mm, pteval))
		return;
	arch_tlbbatch_add_pending(&batch->arch, mm, uaddr);
	batch->flush_required = true;
	/* A dirty entry is taken for a writable one. */
	batch->writable |= pte_dirty(pteval) != 0;

	batched = atomic_read(&mm->tlb_flush_batched);
	while (!atomic_try_cmpxchg(&mm->tlb_flush_batched, &batched, one_more(batched)))
		;
}

/**
 * try_to_unmap_flush() - flushes what try_to_unmap() has left to this task
 *
 * Before frames that were unmapped are freed. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void try_to_unmap_flush(void)
{
	struct tlbflush_unmap_batch *batch = &current->tlb_ubc;

	if (!batch->flush_required)
		return;
	arch_tlbbatch_flush(&batch->arch);
	batch->flush_required = false;
	batch->writable = false;
}

/**
 * try_to_unmap_flush_dirty() - the same, if a CPU may still write to one of the pages
 *
 * Before any of them is written to its file. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void try_to_unmap_flush_dirty(void)
{
	if (current->tlb_ubc.writable)
		try_to_unmap_flush();
}

/**
 * flush_tlb_batched_pending() - pays what reclaim owes in an address space
 * @mm: address space, one of whose PTLs the caller holds, about to rely on the entries under it
 *
 * Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void flush_tlb_batched_pending(struct mm_struct *mm)
{
	int batched = atomic_read(&mm->tlb_flush_batched);
	int pending = batched & PENDING_MASK;

	if (pending == batched >> FLUSHED_SHIFT)
		return;
	arch_flush_tlb_batched_pending(mm);
	/* Unless a new debt was made meanwhile, which that flush may have missed. */
	atomic_cmpxchg(&mm->tlb_flush_batched, batched, pending | pending << FLUSHED_SHIFT);
}
