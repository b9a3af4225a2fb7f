// SPDX-License-Identifier: GPL-2.0-only
/*
 * Broadcast invalidation (arm64: TLBI and DSB). An instruction issues it; it has happened on all
 * CPUs when the CPU that issued it has synchronised. Here it happens then, and not before: the
 * latest moment that hardware may choose.
 */
#include "tlb/cache.h"
#include "tlb/flush.h"

void vmsim_tlb_issue(struct mm_struct *mm, unsigned long start, unsigned long end,
		     unsigned int stride_shift, bool tables)
{
	struct vmsim_tlb_range range =
		vmsim_tlb_flush_begin(mm, start, end, stride_shift, tables);
	struct vmsim_tlb_cache *cache = &vmsim_this_cpu()->tlb;

	/* What does not fit waits for what is under way. */
	if (cache->queued == VMSIM_TLB_QUEUE)
		vmsim_tlb_broadcast_sync();
	cache->queue[cache->queued++] = (struct vmsim_tlb_issued) { .mm = mm, .range = range };
}

/**
 * vmsim_tlb_broadcast_issue() - issues an invalidation
 * @mm: address space
 * @start: first address
 * @end: end address; TLB_FLUSH_ALL: everything
 *
 * Complete after vmsim_tlb_broadcast_sync() on this CPU; at once under other back-ends.
 */
__vmsim_overridable void vmsim_tlb_broadcast_issue(struct mm_struct *mm, unsigned long start,
						   unsigned long end)
{
	if (vmsim_this_machine()->tlb_backend == VMSIM_TLB_BROADCAST)
		vmsim_tlb_issue(mm, start, end, PAGE_SHIFT, false);
	else
		flush_tlb_mm_range(mm, start, end, PAGE_SHIFT, false);
}

/*
 * Reaches every CPU. Each one ends the access that is under way before it invalidates; some have
 * done so while others have not.
 */
static void complete_issued(const struct vmsim_tlb_issued *issued)
{
	struct vmsim_machine *m = vmsim_this_machine();

	for (unsigned int id = 0; id < m->nr_online; id++) {
		vmsim_tlb_invalidate_range(&m->cpu[id], &issued->range);
		vmsim_event(ATOMIC, (uintptr_t)&m->cpu[id].tlb, 0, 0);
	}
	vmsim_tlb_flush_end(issued->mm, &issued->range);
}

/**
 * vmsim_tlb_broadcast_sync() - waits for all that this CPU has issued
 *
 * Not for what other CPUs have issued (R15).
 */
__vmsim_overridable void vmsim_tlb_broadcast_sync(void)
{
	struct vmsim_tlb_cache *cache = &vmsim_this_cpu()->tlb;
	struct vmsim_tlb_issued issued[VMSIM_TLB_QUEUE];
	u32 nr = cache->queued;

	preempt_disable();
	memcpy(issued, cache->queue, nr * sizeof(issued[0]));
	cache->queued = 0;
	for (u32 i = 0; i < nr; i++)
		complete_issued(&issued[i]);
	preempt_enable();
}
