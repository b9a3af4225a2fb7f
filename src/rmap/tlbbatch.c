// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"
#include <linux/smp.h>
#include <asm/tlbflush.h>

/* Flushes that reclaim puts off: which (arch/x86/mm/tlb.c and asm/tlbflush.h, Linux 6.12). */

static bool batch_has(const struct arch_tlbflush_unmap_batch *batch, const struct mm_struct *mm)
{
	for (unsigned int i = 0; i < batch->nr; i++)
		if (batch->mm[i] == mm)
			return true;
	return false;
}

/**
 * arch_tlbbatch_should_defer() - may the flush of an entry wait?
 * @mm: address space of the entry
 *
 * Entries on this CPU alone cost nothing to flush; and the task must be able to remember it.
 *
 * Context: the PTL of the entry.
 */
__vmsim_overridable bool arch_tlbbatch_should_defer(struct mm_struct *mm)
{
	const struct arch_tlbflush_unmap_batch *batch = &current->tlb_ubc.arch;
	bool found;

	if (batch->nr == VMSIM_UNMAP_BATCH_MMS && !batch_has(batch, mm))
		return false;
	found = cpumask_any_but(mm_cpumask(mm), get_cpu()) < nr_cpu_ids;
	put_cpu();
	return found;
}

/**
 * arch_tlbbatch_add_pending() - remembers a flush
 * @batch: the task's
 * @mm: address space of an entry that was cleared
 * @uaddr: where it was
 *
 * Context: the PTL under which the entry was cleared.
 */
__vmsim_overridable void
arch_tlbbatch_add_pending(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm,
			  unsigned long uaddr)
{
	(void)uaddr;
	if (batch_has(batch, mm))
		return;
	/* Linux 6.1 asks nobody whether there is room. */
	if (batch->nr == VMSIM_UNMAP_BATCH_MMS)
		arch_tlbbatch_flush(batch);
	mmgrab(mm);
	batch->mm[batch->nr++] = mm;
}

/** arch_tlbbatch_flush() - flushes all that was put off */
__vmsim_overridable void arch_tlbbatch_flush(struct arch_tlbflush_unmap_batch *batch)
{
	while (batch->nr) {
		struct mm_struct *mm = batch->mm[--batch->nr];

		flush_tlb_mm(mm);
		mmdrop(mm);
	}
}

/** arch_flush_tlb_batched_pending() - flushes what anybody may have put off in an address space */
__vmsim_overridable void arch_flush_tlb_batched_pending(struct mm_struct *mm)
{
	flush_tlb_mm(mm);
}
