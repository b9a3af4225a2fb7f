// SPDX-License-Identifier: GPL-2.0-only
#include "gather_test.h"

/* Page tables: after the flush, after the walkers, and that without memory too (R2, E04). */

/* The kernel's macros take a pointer by its name. */
static void free_this_table(struct mmu_gather *tlb, pgtable_t table, unsigned long addr)
{
	assert_non_null(table);
	pte_free_tlb(tlb, table, addr);
}

static void free_table(struct world *w, struct mmu_gather *tlb, unsigned long addr)
{
	free_this_table(tlb, pte_alloc_one(w->mm), addr);
}

static void test_tables_wait_for_flush_and_grace_period(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, w->mm);
	free_table(w, &tlb, ADDR);
	free_table(w, &tlb, ADDR + PMD_SIZE);
	assert_true(tlb.freed_tables);
	assert_true(tlb.cleared_pmds);
	log_begin(w, VMSIM_EV_BIT(FLUSH_END) | VMSIM_EV_BIT(RCU_CALL) | VMSIM_EV_BIT(TABLE_FREE) |
		     VMSIM_EV_BIT(RCU_DONE));
	rcu_read_lock();
	tlb_finish_mmu(&tlb);
	assert_int_equal(stats_of(w).tables, before.tables + 2);
	assert_int_equal(log_count(VMSIM_EV_TABLE_FREE), 0);
	rcu_read_unlock();
	rcu_barrier();
	log_end(w);
	assert_int_equal(log_count(VMSIM_EV_FLUSH_END), 1);
	assert_int_equal(log_count(VMSIM_EV_RCU_CALL), 1);
	assert_int_equal(log_count(VMSIM_EV_TABLE_FREE), 2);
	assert_before(FLUSH_END, RCU_CALL);
	assert_before(RCU_CALL, TABLE_FREE);
	assert_int_equal(stats_of(w).tables, before.tables);
	/* The flush alone interrupts, and only the CPU that has the address space. */
	assert_int_equal(stats_of(w).ipis, before.ipis + 1);
	assert_int_equal(stats_of(w).frames_free, before.frames_free);
}

/* Each level says which entry lost its table. */
static void test_levels_of_tables(void **state)
{
	struct world *w = *state;
	struct mmu_gather gather, *tlb = &gather;

	tlb_gather_mmu(tlb, w->mm);
	pmd_free_tlb(tlb, pmd_alloc_one(w->mm, ADDR), ADDR);
	assert_true(tlb->cleared_puds && !tlb->cleared_pmds && tlb->freed_tables);
	tlb_flush_mmu(tlb);
	assert_false(tlb->freed_tables);
	pud_free_tlb(tlb, pud_alloc_one(w->mm, ADDR), ADDR);
	assert_true(tlb->cleared_p4ds && !tlb->cleared_puds && tlb->freed_tables);
	tlb_finish_mmu(tlb);
	rcu_barrier();
}

static void test_without_memory_every_cpu_is_asked(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	pgtable_t table = pte_alloc_one(w->mm);
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, w->mm);
	fail_allocations(w, true);
	log_begin(w, VMSIM_EV_BIT(FLUSH_END) | VMSIM_EV_BIT(IPI_RUN) | VMSIM_EV_BIT(RCU_CALL) |
		     VMSIM_EV_BIT(TABLE_FREE));
	free_this_table(&tlb, table, ADDR);
	log_end(w);
	fail_allocations(w, false);
	assert_int_equal(log_count(VMSIM_EV_RCU_CALL), 0);
	assert_int_equal(log_count(VMSIM_EV_TABLE_FREE), 1);
	assert_int_equal(log_count(VMSIM_EV_FLUSH_END), 1);
	/*
	 * One interrupt for the flush, and one for each other CPU; the table goes after the last.
	 */
	assert_int_equal(log_count(VMSIM_EV_IPI_RUN), 1 + (CPUS - 1));
	assert_true(log_find(VMSIM_EV_TABLE_FREE, 0) > log_find(VMSIM_EV_IPI_RUN, CPUS - 1));
	assert_before(FLUSH_END, TABLE_FREE);
	assert_int_equal(stats_of(w).ipis, before.ipis + 1 + (CPUS - 1));
	assert_int_equal(stats_of(w).tables, before.tables);
	/* Nothing is left to flush. */
	tlb_finish_mmu(&tlb);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);
}

static void test_full_table_batch_goes_at_once(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;

	assert_int_equal(MAX_TABLE_BATCH, 509);
	tlb_gather_mmu(&tlb, w->mm);
	log_begin(w, VMSIM_EV_BIT(RCU_CALL) | VMSIM_EV_BIT(FLUSH_END));
	for (unsigned int i = 0; i < MAX_TABLE_BATCH - 1; i++)
		free_table(w, &tlb, ADDR);
	assert_int_equal(log_count(VMSIM_EV_RCU_CALL), 0);
	free_table(w, &tlb, ADDR);
	assert_int_equal(log_count(VMSIM_EV_RCU_CALL), 1);
	assert_int_equal(log_count(VMSIM_EV_FLUSH_END), 1);
	assert_before(FLUSH_END, RCU_CALL);
	free_table(w, &tlb, ADDR);
	tlb_finish_mmu(&tlb);
	log_end(w);
	assert_int_equal(log_count(VMSIM_EV_RCU_CALL), 2);
	rcu_barrier();
	assert_int_equal(stats_of(w).tables, before.tables);
	assert_int_equal(stats_of(w).frames_free, before.frames_free);
}

static void test_sync_one_interrupts_every_other_cpu(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);

	tlb_remove_table_sync_one();
	assert_int_equal(stats_of(w).ipis, before.ipis + CPUS - 1);
	assert_int_equal(stats_of(w).flushes, before.flushes);
}

/*
 * A walker that holds no lock but has interrupts off keeps the table. It runs on another CPU, and
 * looks at the table's frame while the gather wants to free it.
 */
struct walker {
	struct world *world;
	struct page *table;
	int phase;		/* 1: interrupts are off; 2: the table is being freed; 3: left */
	bool table_was_there;
};

static void wait_for_phase(struct walker *walker, int phase)
{
	while (__atomic_load_n(&walker->phase, __ATOMIC_ACQUIRE) < phase)
		sched_yield();
}

static void *walk(void *arg)
{
	struct walker *walker = arg;

	if (vmsim_attach(walker->world->machine, 2, walker->world->pid) || vmsim_enter())
		abort();
	local_irq_disable();
	__atomic_store_n(&walker->phase, 1, __ATOMIC_RELEASE);
	wait_for_phase(walker, 2);
	for (int i = 0; i < 2000; i++) {
		sched_yield();
		if (READ_ONCE(walker->table->page_type) != PG_TYPE(PGTY_table))
			walker->table_was_there = false;
	}
	__atomic_store_n(&walker->phase, 3, __ATOMIC_RELEASE);
	local_irq_enable();
	vmsim_leave();
	vmsim_detach();
	return NULL;
}

static void test_walker_with_interrupts_off_keeps_the_table(void **state)
{
	struct world *w = *state;
	struct walker walker = { .world = w, .table = pte_alloc_one(w->mm),
				 .table_was_there = true };
	struct mmu_gather tlb;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, walk, &walker), 0);
	wait_for_phase(&walker, 1);
	tlb_gather_mmu(&tlb, w->mm);
	fail_allocations(w, true);
	__atomic_store_n(&walker.phase, 2, __ATOMIC_RELEASE);
	free_this_table(&tlb, walker.table, ADDR);
	fail_allocations(w, false);
	assert_int_equal(__atomic_load_n(&walker.phase, __ATOMIC_ACQUIRE), 3);
	tlb_finish_mmu(&tlb);
	vmsim_leave();
	pthread_join(thread, NULL);
	vmsim_enter();
	assert_true(walker.table_was_there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		gather_test(test_tables_wait_for_flush_and_grace_period),
		gather_test(test_levels_of_tables),
		gather_test(test_without_memory_every_cpu_is_asked),
		gather_test(test_full_table_batch_goes_at_once),
		gather_test(test_sync_one_interrupts_every_other_cpu),
		gather_test(test_walker_with_interrupts_off_keeps_the_table),
	};

	return vmsim_run_tests(tests);
}
