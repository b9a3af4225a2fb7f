// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flushes, and how each back-end completes them (interface: Linux 6.12, arch/x86/mm/tlb.c). When a
 * request returns, no CPU can use an entry that it covers.
 */
#include "tlb/cache.h"
#include "tlb/flush.h"
#include "order/order.h"
#include <linux/smp.h>

/* Each CPU has its own counters; threads that share it may count at the same time. */
static void count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/*
 * CPUs that may have entries of @mm. The increment is the full barrier between the changes of
 * entries before and the look at the mask; its counterpart is in vmsim_switch_mm() (R25).
 */
static struct cpumask cpus_of(struct mm_struct *mm)
{
	struct cpumask mask;

	vmsim_order_drain(vmsim_this_cpu());
	__atomic_fetch_add(&mm->context.tlb_gen.counter, 1, __ATOMIC_SEQ_CST);
	current->atomic_step++;
	vmsim_event(READ, (uintptr_t)mm_cpumask(mm), mm_cpumask(mm)->bits[0], sizeof(u64));
	current->atomic_step--;
	for (unsigned int i = 0; i < ARRAY_SIZE(mask.bits); i++)
		mask.bits[i] = __atomic_load_n(&mm_cpumask(mm)->bits[i], __ATOMIC_SEQ_CST);
	return mask;
}

/* Interrupt handler. */
static void flush_here(void *info)
{
	vmsim_tlb_invalidate_range(vmsim_this_cpu(), info);
}

/*
 * Puts the flush of a CPU off until the hypervisor lets it run again; false: interrupt it. The CPU
 * may have been taken away in the middle of an access, which then is still under way: its lock is
 * passed once to wait for the end of that.
 */
static bool defer(struct vmsim_cpu *cpu)
{
	u32 was = VMSIM_HV_AWAY;

	current->atomic_step++;
	vmsim_event(ATOMIC, (uintptr_t)&cpu->hv_state, 0, 0);
	current->atomic_step--;
	if (!__atomic_compare_exchange_n(&cpu->hv_state, &was, VMSIM_HV_AWAY_FLUSH, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
	    was != VMSIM_HV_AWAY_FLUSH)
		return false;
	vmsim_tlb_lock(&cpu->tlb);
	vmsim_tlb_unlock(&cpu->tlb);
	return true;
}

static void defer_where_away(struct vmsim_cpu *self, struct cpumask *others)
{
	struct vmsim_machine *m = vmsim_this_machine();

	for (unsigned int id = 0; id < m->nr_online; id++) {
		if (!cpumask_test_cpu(id, others) || !defer(&m->cpu[id]))
			continue;
		cpumask_clear_cpu(id, others);
		count(&self->tlb.flushes_deferred);
	}
}

static void flush_by_interrupt(struct mm_struct *mm, struct vmsim_tlb_range *range, bool may_defer)
{
	struct vmsim_cpu *self = vmsim_this_cpu();
	struct cpumask cpus = cpus_of(mm);
	bool here = cpumask_test_cpu(self->id, &cpus);

	cpumask_clear_cpu(self->id, &cpus);
	if (here)
		vmsim_tlb_invalidate_range(self, range);
	if (may_defer && !cpumask_empty(&cpus))
		defer_where_away(self, &cpus);
	if (!cpumask_empty(&cpus))
		vmsim_ipi_send(&cpus, flush_here, range, true);
}

void vmsim_tlb_flush_cpus(struct mm_struct *mm, const struct vmsim_tlb_range *range)
{
	struct vmsim_machine *m = vmsim_this_machine();
	struct cpumask cpus = cpus_of(mm);

	for (unsigned int id = 0; id < m->nr_online; id++)
		if (cpumask_test_cpu(id, &cpus))
			vmsim_tlb_invalidate_range(&m->cpu[id], range);
}

/*
 * Waits until every CPU of the mask is between two accesses. What coherent hardware does when an
 * entry changes: an access whose translation was compared before then is complete, too.
 */
static void wait_for_accesses(struct mm_struct *mm)
{
	struct vmsim_machine *m = vmsim_this_machine();
	struct cpumask cpus = cpus_of(mm);

	for (unsigned int id = 0; id < m->nr_online; id++) {
		if (!cpumask_test_cpu(id, &cpus))
			continue;
		vmsim_tlb_lock(&m->cpu[id].tlb);
		vmsim_tlb_unlock(&m->cpu[id].tlb);
	}
}

/* One of the requests of a machine is lost. */
static bool is_lost(struct vmsim_machine *m)
{
	bool lost = __atomic_add_fetch(&m->flushes_asked, 1, __ATOMIC_RELAXED) ==
		    m->config.faulty_nth;

	current->atomic_step++;
	vmsim_event(ATOMIC, (uintptr_t)&m->flushes_asked,
		    lost ? VMSIM_ATOMIC_CHANGES : VMSIM_ATOMIC_ADDS, 0);
	current->atomic_step--;
	return lost;
}

static void flush_faulty(struct mm_struct *mm, struct vmsim_tlb_range *range)
{
	if (is_lost(vmsim_this_machine()))
		count(&vmsim_this_cpu()->tlb.flushes_lost);
	else
		flush_by_interrupt(mm, range, false);
}

static void complete(struct mm_struct *mm, struct vmsim_tlb_range *range)
{
	switch (vmsim_this_machine()->tlb_backend) {
	case VMSIM_TLB_IPI:
		flush_by_interrupt(mm, range, false);
		break;
	case VMSIM_TLB_PV_DEFER:
		flush_by_interrupt(mm, range, true);
		break;
	case VMSIM_TLB_SYNC_ON_CLEAR:
		/* Entries went when they were cleared. */
		if (range->tables)
			vmsim_tlb_flush_cpus(mm, range);
		break;
	case VMSIM_TLB_UP:
		vmsim_tlb_invalidate_range(vmsim_this_cpu(), range);
		break;
	case VMSIM_TLB_COHERENT:
		wait_for_accesses(mm);
		break;
	case VMSIM_TLB_FAULTY:
		flush_faulty(mm, range);
		break;
	default:
		vmsim_bug(__FILE__, __LINE__, "no such flush back-end");
	}
}

/* What a request covers: more than a few pages are everything. */
static struct vmsim_tlb_range range_of(struct mm_struct *mm, unsigned long start, unsigned long end,
				       unsigned int stride_shift, bool tables)
{
	struct vmsim_tlb_range range = {
		.mm = mm->context.ctx_id,
		.start = start,
		.end = end,
		.stride_shift = stride_shift,
		.tables = tables,
	};

	if (end == TLB_FLUSH_ALL || (end - start) >> stride_shift > VMSIM_TLB_RANGE_CEILING) {
		range.start = 0;
		range.end = TLB_FLUSH_ALL;
		range.tables = true;
	}
	return range;
}

struct vmsim_tlb_range vmsim_tlb_flush_begin(struct mm_struct *mm, unsigned long start,
					     unsigned long end, unsigned int stride_shift,
					     bool tables)
{
	struct vmsim_tlb_range range = range_of(mm, start, end, stride_shift, tables);
	struct vmsim_tlb_cache *cache = &vmsim_this_cpu()->tlb;

	count(&cache->flushes);
	if (vmsim_tlb_range_is_full(&range))
		count(&cache->flushes_full);
	vmsim_event(FLUSH_BEGIN, (uintptr_t)mm, range.start, range.end);
	return range;
}

void vmsim_tlb_flush_end(struct mm_struct *mm, const struct vmsim_tlb_range *range)
{
	vmsim_event(FLUSH_END, (uintptr_t)mm, range->start, range->end);
	(void)mm, (void)range;
}

/**
 * flush_tlb_mm_range() - flushes a range of an address space
 * @mm: address space
 * @start: first address
 * @end: end address; TLB_FLUSH_ALL: everything
 * @stride_shift: log2 of the size of the entries that were changed
 * @freed_tables: page tables of the range were unhooked
 *
 * Raises FLUSH_BEGIN before anything is invalidated, and FLUSH_END when nothing that is covered can
 * be used any more.
 * Context: interrupts on; waits for other CPUs.
 */
__vmsim_overridable void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start,
					    unsigned long end, unsigned int stride_shift,
					    bool freed_tables)
{
	struct vmsim_tlb_range range;

	preempt_disable();
	if (vmsim_this_machine()->tlb_backend == VMSIM_TLB_BROADCAST) {
		vmsim_tlb_issue(mm, start, end, stride_shift, freed_tables);
		vmsim_tlb_broadcast_sync();
	} else {
		range = vmsim_tlb_flush_begin(mm, start, end, stride_shift, freed_tables);
		complete(mm, &range);
		vmsim_tlb_flush_end(mm, &range);
	}
	preempt_enable();
}

/**
 * flush_tlb_mm() - flushes an address space, with pointers to its tables
 */
__vmsim_overridable void flush_tlb_mm(struct mm_struct *mm)
{
	flush_tlb_mm_range(mm, 0, TLB_FLUSH_ALL, 0, true);
}

/**
 * flush_tlb_range() - flushes a range of a VMA, with pointers to its tables, as on x86
 */
__vmsim_overridable void flush_tlb_range(struct vm_area_struct *vma, unsigned long start,
					 unsigned long end)
{
	flush_tlb_mm_range(vma->vm_mm, start, end, PAGE_SHIFT, true);
}

/**
 * flush_tlb_page() - flushes one page
 */
__vmsim_overridable void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long start = addr & PAGE_MASK;

	flush_tlb_mm_range(vma->vm_mm, start, start + PAGE_SIZE, PAGE_SHIFT, false);
}

/* The table that an entry stands in; NULL for one that is elsewhere, such as a test's. */
static const struct ptdesc *table_around(struct vmsim_machine *m, const pte_t *ptep)
{
	unsigned long offset = (unsigned long)ptep - (unsigned long)m->frames;
	const struct page *page;

	if (offset >= m->nr_frames << PAGE_SHIFT)
		return NULL;
	page = virt_to_page(ptep);
	return __READ_ONCE(page->page_type) == PG_TYPE(PGTY_table) ? page_ptdesc(page) : NULL;
}

static bool clearing_flushes(const struct vmsim_machine *m)
{
	return m->tlb_backend == VMSIM_TLB_SYNC_ON_CLEAR || IS_ENABLED(CONFIG_S390);
}

static void clear_everywhere(const struct ptdesc *table, const pte_t *ptep)
{
	unsigned long index = offset_in_page(ptep) / sizeof(*ptep);
	struct vmsim_tlb_range range = {
		.mm = table->pt_mm->context.ctx_id,
		.start = table->pt_base + index * PAGE_SIZE,
		.end = table->pt_base + (index + 1) * PAGE_SIZE,
		.stride_shift = PAGE_SHIFT,
	};

	vmsim_tlb_flush_cpus(table->pt_mm, &range);
}

/**
 * vmsim_tlb_entry_cleared() - what hardware does by itself when a valid entry is replaced
 * @ptep: the entry
 * @old: its value before
 *
 * Sync-on-clear: every CPU drops it; coherent: every CPU that uses it has done so. One indivisible
 * step with the change: no event in between.
 */
void vmsim_tlb_entry_cleared(pte_t *ptep, pte_t old)
{
	struct vmsim_machine *m = vmsim_this_machine();
	bool coherent = m->tlb_backend == VMSIM_TLB_COHERENT;
	const struct ptdesc *table;

	if (!(coherent || clearing_flushes(m)) || !(pte_val(old) & _PAGE_PRESENT))
		return;
	table = table_around(m, ptep);
	if (!table)
		return;
	if (clearing_flushes(m))
		clear_everywhere(table, ptep);
	else
		wait_for_accesses(table->pt_mm);
}
