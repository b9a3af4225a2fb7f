// SPDX-License-Identifier: GPL-2.0-only
/* Stale entries, and how each back-end gets rid of them. */
#include "tlb/tlb_fixture.h"

#define ADDR 0x40000000UL
#define OLD 111
#define CPUS 3

static struct fixture the_fixture;

static struct fixture *make(enum vmsim_tlb tlb, unsigned int faulty_nth)
{
	struct vmsim_config config = fixture_config();

	config.tlb = tlb;
	config.faulty_nth = faulty_nth;
	fixture_make(&the_fixture, &config);
	load_mm_on(&the_fixture, CPUS);
	return &the_fixture;
}

/* Maps a frame and lets every CPU cache it, written. */
static struct page *map_and_cache(struct fixture *f, unsigned long addr)
{
	struct page *page = new_frame(0);

	map(f, addr, page, PAGE_SHARED);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		assert_int_equal(store_as(f, cpu, addr, OLD), 0);
	fixture_as(f, 0);
	return page;
}

static struct vm_area_struct vma_of(struct fixture *f)
{
	return (struct vm_area_struct) { .vm_mm = f->mm };
}

/* CPUs of which a load still sees the frame that was unmapped, as a mask. */
static unsigned int stale_cpus(struct fixture *f, unsigned long addr)
{
	unsigned int mask = 0;
	u64 value;

	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		if (!load_as(f, cpu, addr, &value)) {
			assert_int_equal(value, OLD);
			mask |= 1u << cpu;
		}
	fixture_as(f, 0);
	return mask;
}

#define ALL ((1u << CPUS) - 1)

/* Unmapped; then flushed, by CPU 0. Which CPUs can still load from the frame? */
static void check_backend(enum vmsim_tlb tlb, unsigned int stale_before, unsigned int stale_after,
			  unsigned int ipis)
{
	struct fixture *f = make(tlb, tlb == VMSIM_TLB_FAULTY ? 1 : 0);
	struct page *page = map_and_cache(f, ADDR);
	struct vm_area_struct vma = vma_of(f);

	if (CLEARING_FLUSHES(f))
		stale_before = stale_after = 0;
	(void)ptep_get_and_clear(f->mm, ADDR, fixture_pte(f->mm, ADDR));
	assert_int_equal(stale_cpus(f, ADDR), stale_before);
	flush_tlb_page(&vma, ADDR);
	assert_int_equal(fixture_stats(f).flushes, 1);
	assert_int_equal(fixture_stats(f).flushes_full, 0);
	assert_int_equal(fixture_stats(f).ipis, ipis);
	assert_int_equal(fixture_stats(f).flushes_lost, tlb == VMSIM_TLB_FAULTY);
	assert_int_equal(stale_cpus(f, ADDR), stale_after);
	__free_page(page);
	tlb_fixture_end(f);
}

static void test_ipi(void **state)
{
	(void)state;
	check_backend(VMSIM_TLB_IPI, ALL, 0, CPUS - 1);
}

static void test_pv_defer_with_all_running(void **state)
{
	(void)state;
	check_backend(VMSIM_TLB_PV_DEFER, ALL, 0, CPUS - 1);
}

static void test_broadcast(void **state)
{
	(void)state;
	check_backend(VMSIM_TLB_BROADCAST, ALL, 0, 0);
}

static void test_sync_on_clear(void **state)
{
	(void)state;
	check_backend(VMSIM_TLB_SYNC_ON_CLEAR, 0, 0, 0);
}

static void test_up(void **state)
{
	(void)state;
	check_backend(VMSIM_TLB_UP, ALL, ALL & ~1u, 0);
}

static void test_coherent(void **state)
{
	(void)state;
	check_backend(VMSIM_TLB_COHERENT, 0, 0, 0);
}

static void test_faulty(void **state)
{
	(void)state;
	check_backend(VMSIM_TLB_FAULTY, ALL, ALL, 0);
}

/* Only the n-th request is lost. */
static void test_faulty_nth(void **state)
{
	struct fixture *f = make(VMSIM_TLB_FAULTY, 3);
	struct vm_area_struct vma = vma_of(f);

	(void)state;
	for (unsigned int nth = 1; nth <= 6; nth += 2) {
		struct page *page = map_and_cache(f, ADDR);

		(void)ptep_get_and_clear(f->mm, ADDR, fixture_pte(f->mm, ADDR));
		flush_tlb_page(&vma, ADDR);
		assert_int_equal(stale_cpus(f, ADDR), nth == 3 && !CLEARING_FLUSHES(f) ? ALL : 0);
		flush_tlb_page(&vma, ADDR);
		assert_int_equal(stale_cpus(f, ADDR), 0);
		__free_page(page);
	}
	assert_int_equal(fixture_stats(f).flushes, 6);
	assert_int_equal(fixture_stats(f).flushes_lost, 1);
	tlb_fixture_end(f);
}

/* CPUs that have left the address space are not disturbed, and have nothing of it. */
static void test_mask(void **state)
{
	struct fixture *f = make(VMSIM_TLB_IPI, 0);
	struct page *page = map_and_cache(f, ADDR);
	struct vm_area_struct vma = vma_of(f);

	(void)state;
	assert_int_equal(mm_cpumask(f->mm)->bits[0], ALL);
	fixture_as(f, 2);
	vmsim_switch_mm(&f->m->cpu[2], NULL);
	assert_int_equal(mm_cpumask(f->mm)->bits[0], ALL & ~4u);
	assert_null(cached(f, 2, ADDR));
	assert_null(vmsim_psc_find(&f->m->cpu[2].tlb, f->mm->context.ctx_id, ADDR));
	assert_non_null(cached(f, 1, ADDR));
	fixture_as(f, 0);
	flush_tlb_page(&vma, ADDR);
	assert_int_equal(fixture_stats(f).ipis, 1);
	/* A CPU that is not in the mask flushes for others: reclaim does. */
	fixture_as(f, 2);
	flush_tlb_page(&vma, ADDR);
	assert_int_equal(fixture_stats(f).ipis, 3);
	fixture_as(f, 0);
	pte_clear(f->mm, ADDR, fixture_pte(f->mm, ADDR));
	__free_page(page);
	tlb_fixture_end(f);
}

/* Two address spaces on one CPU: neither sees the other's entries. */
static void test_switch(void **state)
{
	struct fixture *f = make(VMSIM_TLB_IPI, 0);
	struct mm_struct *first = f->mm, *second = mm_alloc();
	struct page *page[2] = { map_and_cache(f, ADDR), new_frame(222) };
	u64 value;

	(void)state;
	assert_int_not_equal(first->context.ctx_id, second->context.ctx_id);
	f->mm = second;
	map(f, ADDR, page[1], PAGE_SHARED);
	vmsim_switch_mm(&f->m->cpu[0], second);
	assert_int_equal(mm_cpumask(first)->bits[0], ALL & ~1u);
	assert_int_equal(mm_cpumask(second)->bits[0], 1);
	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	assert_int_equal(value, 222);
	vmsim_switch_mm(&f->m->cpu[0], first);
	fixture_free_tables(second, 0, TASK_SIZE);
	mmput(second);
	f->mm = first;
	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	assert_int_equal(value, OLD);
	__free_page(page[0]);
	__free_page(page[1]);
	tlb_fixture_end(f);
}

static void test_defer(void **state)
{
	struct fixture *f = make(VMSIM_TLB_PV_DEFER, 0);
	struct page *page = map_and_cache(f, ADDR);
	struct vm_area_struct vma = vma_of(f);

	(void)state;
	assert_int_equal(vmsim_cpu_preempt(f->handle, 1), 0);
	assert_true(vmsim_tlb_usable(&f->m->cpu[1], cached(f, 1, ADDR)));
	(void)ptep_get_and_clear(f->mm, ADDR, fixture_pte(f->mm, ADDR));
	flush_tlb_page(&vma, ADDR);
	assert_int_equal(fixture_stats(f).ipis, 1);
	assert_int_equal(fixture_stats(f).flushes_deferred, 1);
	/* Once more: still deferred, and still once. */
	flush_tlb_page(&vma, ADDR);
	assert_int_equal(fixture_stats(f).ipis, 2);
	assert_int_equal(fixture_stats(f).flushes_deferred, 2);
	assert_null(cached(f, 2, ADDR));
	if (!CLEARING_FLUSHES(f)) {
		assert_non_null(cached(f, 1, ADDR));
		assert_false(vmsim_tlb_usable(&f->m->cpu[1], cached(f, 1, ADDR)));
	}
	assert_int_equal(vmsim_cpu_resume(f->handle, 1), 0);
	assert_null(cached(f, 1, ADDR));
	assert_null(vmsim_psc_find(&f->m->cpu[1].tlb, f->mm->context.ctx_id, ADDR));
	assert_int_equal(stale_cpus(f, ADDR), 0);
	__free_page(page);
	tlb_fixture_end(f);
}

/* Without a flush in between, a CPU comes back with all that it had. */
static void test_resume_without_flush(void **state)
{
	struct fixture *f = make(VMSIM_TLB_PV_DEFER, 0);
	struct page *page = map_and_cache(f, ADDR);

	(void)state;
	assert_int_equal(vmsim_cpu_preempt(f->handle, 1), 0);
	assert_int_equal(vmsim_cpu_resume(f->handle, 1), 0);
	assert_non_null(cached(f, 1, ADDR));
	__free_page(page);
	tlb_fixture_end(f);
}

/* Issued is not complete, and another CPU's synchronisation does not make it so (R15). */
static void test_issue_and_sync(void **state)
{
	struct fixture *f = make(VMSIM_TLB_BROADCAST, 0);
	struct page *page = map_and_cache(f, ADDR);
	unsigned int stale = CLEARING_FLUSHES(f) ? 0 : ALL;

	(void)state;
	(void)ptep_get_and_clear(f->mm, ADDR, fixture_pte(f->mm, ADDR));
	vmsim_tlb_broadcast_issue(f->mm, ADDR, ADDR + PAGE_SIZE);
	assert_int_equal(stale_cpus(f, ADDR), stale);
	fixture_as(f, 1);
	vmsim_tlb_broadcast_sync();
	assert_int_equal(stale_cpus(f, ADDR), stale);
	fixture_as(f, 0);
	vmsim_tlb_broadcast_sync();
	assert_int_equal(stale_cpus(f, ADDR), 0);
	assert_int_equal(fixture_stats(f).flushes, 1);
	__free_page(page);
	tlb_fixture_end(f);
}

/* A CPU can have only so many invalidations on their way. */
static void test_issue_many(void **state)
{
	struct fixture *f = make(VMSIM_TLB_BROADCAST, 0);
	struct page *page[3 * VMSIM_TLB_QUEUE];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = map_and_cache(f, ADDR + i * PAGE_SIZE);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
		pte_clear(f->mm, 0, fixture_pte(f->mm, ADDR + i * PAGE_SIZE));
		vmsim_tlb_broadcast_issue(f->mm, ADDR + i * PAGE_SIZE, ADDR + (i + 1) * PAGE_SIZE);
	}
	vmsim_tlb_broadcast_sync();
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
		assert_int_equal(stale_cpus(f, ADDR + i * PAGE_SIZE), 0);
		__free_page(page[i]);
	}
	assert_int_equal(fixture_stats(f).flushes, ARRAY_SIZE(page));
	tlb_fixture_end(f);
}

/* Where nothing is broadcast, issuing is flushing. */
static void test_issue_elsewhere(void **state)
{
	struct fixture *f = make(VMSIM_TLB_IPI, 0);
	struct page *page = map_and_cache(f, ADDR);

	(void)state;
	(void)ptep_get_and_clear(f->mm, ADDR, fixture_pte(f->mm, ADDR));
	vmsim_tlb_broadcast_issue(f->mm, ADDR, ADDR + PAGE_SIZE);
	assert_int_equal(stale_cpus(f, ADDR), 0);
	vmsim_tlb_broadcast_sync();
	assert_int_equal(fixture_stats(f).flushes, 1);
	__free_page(page);
	tlb_fixture_end(f);
}

/* Replacing an entry flushes it, whatever replaces it; setting an empty one does not. */
static void test_sync_on_every_replacement(void **state)
{
	struct fixture *f = make(VMSIM_TLB_SYNC_ON_CLEAR, 0);
	struct vm_area_struct vma = vma_of(f);
	struct page *page = map_and_cache(f, ADDR);
	pte_t *ptep = fixture_pte(f->mm, ADDR);
	struct page *neighbour = map_and_cache(f, ADDR + PAGE_SIZE);

	(void)state;
	ptep_set_wrprotect(f->mm, ADDR, ptep);
	assert_null(cached(f, 1, ADDR));
	assert_int_equal(store_as(f, 1, ADDR, 5), -EFAULT);
	set_pte(ptep, mk_pte(page, PAGE_SHARED));
	assert_int_equal(store_as(f, 1, ADDR, 5), 0);
	set_pte(ptep, pte_mkclean(ptep_get(ptep)));
	assert_null(cached(f, 1, ADDR));
	assert_int_equal(store_as(f, 1, ADDR, 5), 0);
	(void)ptep_test_and_clear_young(&vma, ADDR, ptep);
	assert_null(cached(f, 1, ADDR));
	(void)ptep_modify_prot_start(&vma, ADDR, ptep);
	assert_int_equal(store_as(f, 1, ADDR, 5), -EFAULT);
	ptep_modify_prot_commit(&vma, ADDR, ptep, __pte(0), mk_pte(page, PAGE_COPY));
	assert_int_equal(store_as(f, 1, ADDR, 5), -EFAULT);
	/* Nobody else's entry went, and no flush was asked for. */
	assert_non_null(cached(f, 1, ADDR + PAGE_SIZE));
	assert_int_equal(fixture_stats(f).flushes, 0);
	__free_page(page);
	__free_page(neighbour);
	tlb_fixture_end(f);
}

/* An entry that stands outside of any table, as tests make them, is nobody's. */
static void test_sync_ignores_foreign_entries(void **state)
{
	struct fixture *f = make(VMSIM_TLB_SYNC_ON_CLEAR, 0);
	pte_t somewhere = pfn_pte(5, PAGE_SHARED);

	(void)state;
	assert_int_equal(pte_pfn(ptep_get_and_clear(f->mm, ADDR, &somewhere)), 5);
	tlb_fixture_end(f);
}

/* Coherent TLBs follow each change without a flush: rights, D, and other frames. */
static void test_coherent_follows(void **state)
{
	struct fixture *f = make(VMSIM_TLB_COHERENT, 0);
	struct page *page = map_and_cache(f, ADDR), *other = new_frame(9);
	pte_t *ptep = fixture_pte(f->mm, ADDR);
	u64 value, fills;

	(void)state;
	fills = fixture_stats(f).tlb_fills;
	assert_int_equal(store_as(f, 1, ADDR, 5), 0);
	assert_int_equal(fixture_stats(f).tlb_fills, fills);
	assert_true(vmsim_tlb_usable(&f->m->cpu[1], cached(f, 1, ADDR)));
	set_pte(ptep, pte_mkclean(ptep_get(ptep)));
	if (!CLEARING_FLUSHES(f))
		assert_false(vmsim_tlb_usable(&f->m->cpu[1], cached(f, 1, ADDR)));
	assert_int_equal(store_as(f, 1, ADDR, 5), 0);
	assert_true(pte_dirty(ptep_get(ptep)));
	ptep_set_wrprotect(f->mm, ADDR, ptep);
	assert_int_equal(store_as(f, 1, ADDR, 5), -EFAULT);
	set_pte(ptep, mk_pte(other, PAGE_SHARED));
	assert_int_equal(load_as(f, 2, ADDR, &value), 0);
	assert_int_equal(value, 9);
	__free_page(page);
	__free_page(other);
	tlb_fixture_end(f);
}

/* Ranges drop what is inside; wide ones everything. */
static void test_ranges(void **state)
{
	struct fixture *f = make(VMSIM_TLB_IPI, 0);
	struct vm_area_struct vma = vma_of(f);
	struct page *page = new_frame(OLD);
	const unsigned int pages = 60;

	(void)state;
	for (unsigned int wide = 0; wide < 2; wide++) {
		unsigned int nr = VMSIM_TLB_RANGE_CEILING + wide;

		for (unsigned int i = 0; i < pages; i++) {
			map(f, ADDR + i * PAGE_SIZE, page, PAGE_SHARED);
			assert_int_equal(store_as(f, 1, ADDR + i * PAGE_SIZE, OLD), 0);
		}
		fixture_as(f, 0);
		flush_tlb_range(&vma, ADDR + PAGE_SIZE, ADDR + (1 + nr) * PAGE_SIZE);
		assert_int_equal(fixture_stats(f).flushes, 1 + wide);
		assert_int_equal(fixture_stats(f).flushes_full, wide);
		for (unsigned int i = 0; i < pages; i++) {
			bool inside = i >= 1 && i <= nr;

			assert_int_equal(cached(f, 1, ADDR + i * PAGE_SIZE) == NULL,
					 inside || wide);
		}
	}
	__free_page(page);
	tlb_fixture_end(f);
}

/* A flush with the stride of PMDs leaves PTEs in between alone. */
static void test_stride(void **state)
{
	struct fixture *f = make(VMSIM_TLB_IPI, 0);
	struct page *page = map_and_cache(f, ADDR);
	struct page *inner = map_and_cache(f, ADDR + PAGE_SIZE);

	(void)state;
	flush_tlb_mm_range(f->mm, ADDR, ADDR + PMD_SIZE, PMD_SHIFT, false);
	assert_null(cached(f, 1, ADDR));
	assert_non_null(cached(f, 1, ADDR + PAGE_SIZE));
	__free_page(page);
	__free_page(inner);
	tlb_fixture_end(f);
}

/* Hooks a table with another frame at the same place; returns the table that was there. */
static pgtable_t replace_table(struct fixture *f, struct page *page)
{
	pmd_t *pmd = fixture_pmd(f->mm, ADDR);
	pgtable_t old = pmd_page(pmdp_get(pmd));

	pmd_clear(pmd);
	map(f, ADDR, page, PAGE_SHARED);
	map(f, ADDR + PAGE_SIZE, page, PAGE_SHARED);
	return old;
}

/* A cached pointer to a table outlives flushes that do not say that tables were freed (R2). */
static void check_table_pointer(bool (*flush)(struct fixture *f), enum vmsim_tlb tlb)
{
	struct fixture *f = make(tlb, 0);
	struct page *old = map_and_cache(f, ADDR), *new_page = new_frame(222);
	pgtable_t table;
	u64 value;
	bool drops;

	map(f, ADDR + PAGE_SIZE, old, PAGE_SHARED);
	table = replace_table(f, new_page);
	drops = flush(f) || tlb == VMSIM_TLB_COHERENT;
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		assert_int_equal(load_as(f, cpu, ADDR + PAGE_SIZE, &value), 0);
		assert_int_equal(value, drops ? 222 : OLD);
	}
	fixture_as(f, 0);
	flush_tlb_mm(f->mm);
	assert_int_equal(load_as(f, 1, ADDR + PAGE_SIZE, &value), 0);
	assert_int_equal(value, 222);
	fixture_as(f, 0);
	pte_free(f->mm, table);
	mm_dec_nr_ptes(f->mm);
	__free_page(old);
	__free_page(new_page);
	tlb_fixture_end(f);
}

static bool flush_page(struct fixture *f)
{
	struct vm_area_struct vma = vma_of(f);

	flush_tlb_page(&vma, ADDR);
	return false;
}

static bool flush_leaves(struct fixture *f)
{
	flush_tlb_mm_range(f->mm, ADDR, ADDR + 2 * PAGE_SIZE, PAGE_SHIFT, false);
	return false;
}

static bool flush_tables(struct fixture *f)
{
	flush_tlb_mm_range(f->mm, ADDR, ADDR + PAGE_SIZE, PMD_SHIFT, true);
	return true;
}

static bool flush_tables_elsewhere(struct fixture *f)
{
	flush_tlb_mm_range(f->mm, ADDR + PMD_SIZE, ADDR + PMD_SIZE + PAGE_SIZE, PMD_SHIFT, true);
	return false;
}

static bool flush_range(struct fixture *f)
{
	struct vm_area_struct vma = vma_of(f);

	flush_tlb_range(&vma, ADDR, ADDR + PAGE_SIZE);
	return true;
}

static bool flush_all(struct fixture *f)
{
	flush_tlb_mm(f->mm);
	return true;
}

static void test_table_pointers(void **state)
{
	bool (*const flush[])(struct fixture *f) = {
		flush_page, flush_leaves, flush_tables, flush_tables_elsewhere, flush_range,
		flush_all,
	};
	const enum vmsim_tlb tlb[] = {
		VMSIM_TLB_IPI, VMSIM_TLB_PV_DEFER, VMSIM_TLB_BROADCAST, VMSIM_TLB_SYNC_ON_CLEAR,
		VMSIM_TLB_COHERENT,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(flush); i++)
		for (unsigned int j = 0; j < ARRAY_SIZE(tlb); j++)
			check_table_pointer(flush[i], tlb[j]);
}

static unsigned long cached_table(struct fixture *f, unsigned int cpu)
{
	return vmsim_psc_find(&f->m->cpu[cpu].tlb, f->mm->context.ctx_id, ADDR)->table_pfn;
}

/* A stale pointer through which the access fails does not make it fault. */
static void test_stale_table_pointer_is_retried(void **state)
{
	struct fixture *f = make(VMSIM_TLB_IPI, 0);
	struct page *old = map_and_cache(f, ADDR), *new_page = new_frame(222);
	pgtable_t table = replace_table(f, new_page);
	u64 value;

	(void)state;
	flush_page(f);
	assert_int_equal(cached_table(f, 1), page_to_pfn(table));
	assert_int_equal(load_as(f, 1, ADDR + PAGE_SIZE, &value), 0);
	assert_int_equal(value, 222);
	assert_int_equal(cached_table(f, 1), pmd_pfn(pmdp_get(fixture_pmd(f->mm, ADDR))));
	fixture_as(f, 0);
	flush_tlb_mm(f->mm);
	pte_free(f->mm, table);
	mm_dec_nr_ptes(f->mm);
	__free_page(old);
	__free_page(new_page);
	tlb_fixture_end(f);
}

struct announced {
	struct fixture *f;
	unsigned int begins, ends;
	bool wrong;
};

static void count_entry(void *arg, struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	(void)cpu;
	(*(unsigned int *)arg) += entry->vpn == ADDR >> PAGE_SHIFT;
}

static void watch_flush(void *arg, const struct vmsim_event *event)
{
	struct announced *a = arg;
	unsigned int entries = 0;

	if (event->arg[0] != (uintptr_t)a->f->mm || event->arg[1] != ADDR ||
	    event->arg[2] != ADDR + PAGE_SIZE || vmsim_self->atomic_step)
		a->wrong = true;
	vmsim_tlb_for_each(a->f->m, count_entry, &entries);
	if (event->kind == VMSIM_EV_FLUSH_BEGIN) {
		a->begins++;
		a->wrong |= entries != CPUS || a->ends;
	} else {
		a->ends++;
		a->wrong |= entries != 0 || !a->begins;
	}
}

/* FLUSH_BEGIN while all is still there, FLUSH_END when nothing is. */
static void test_announcements(void **state)
{
	const enum vmsim_tlb tlb[] = { VMSIM_TLB_IPI, VMSIM_TLB_PV_DEFER, VMSIM_TLB_BROADCAST };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(tlb); i++) {
		struct fixture *f = make(tlb[i], 0);
		struct page *page = map_and_cache(f, ADDR);
		struct announced a = { .f = f };

		assert_int_equal(vmsim_subscribe(f->handle, VMSIM_EV_BIT(FLUSH_BEGIN) |
						 VMSIM_EV_BIT(FLUSH_END), watch_flush, &a), 0);
		flush_page(f);
		assert_int_equal(vmsim_unsubscribe(f->handle, watch_flush, &a), 0);
		assert_true(a.begins == 1 && a.ends == 1);
		assert_false(a.wrong);
		__free_page(page);
		tlb_fixture_end(f);
	}
}

static void count_table_pointer(void *arg, struct vmsim_cpu *cpu,
				const struct vmsim_psc_entry *entry)
{
	struct fixture *f = &the_fixture;
	struct page *table = pmd_page(pmdp_get(fixture_pmd(f->mm, ADDR)));

	(void)cpu;
	assert_int_equal(entry->mm, f->mm->context.ctx_id);
	assert_int_equal(entry->base, ADDR & PMD_MASK);
	assert_int_equal(entry->table_pfn, page_to_pfn(table));
	assert_int_equal(entry->gen, table->vmsim_gen);
	(*(unsigned int *)arg)++;
}

static void test_for_each(void **state)
{
	struct fixture *f = make(VMSIM_TLB_IPI, 0);
	struct page *page = map_and_cache(f, ADDR);
	unsigned int entries = 0, tables = 0;

	(void)state;
	vmsim_tlb_for_each(f->m, count_entry, &entries);
	vmsim_tlb_for_each_table(f->m, count_table_pointer, &tables);
	assert_int_equal(entries, CPUS);
	assert_int_equal(tables, CPUS);
	vmsim_tlb_invalidate(&f->m->cpu[1], 0, 0, 0, false);
	entries = 0;
	vmsim_tlb_for_each(f->m, count_entry, &entries);
	assert_int_equal(entries, CPUS - 1);
	__free_page(page);
	tlb_fixture_end(f);
}

/* The generation is the frame's at the time of the fill: a stale use shows by it (O1). */
static void test_generation_stays(void **state)
{
	struct fixture *f = make(VMSIM_TLB_IPI, 0);
	struct page *page = map_and_cache(f, ADDR);
	u32 gen = page->vmsim_gen;
	u64 value;

	(void)state;
	if (!CLEARING_FLUSHES(f)) {
		(void)ptep_get_and_clear(f->mm, ADDR, fixture_pte(f->mm, ADDR));
		__free_page(page);
		assert_int_not_equal(page->vmsim_gen, gen);
		assert_int_equal(load_as(f, 1, ADDR, &value), 0);
		assert_int_equal(cached(f, 1, ADDR)->gen, gen);
		fixture_as(f, 0);
		flush_tlb_mm(f->mm);
	} else {
		assert_int_equal(cached(f, 1, ADDR)->gen, gen);
		__free_page(page);
	}
	tlb_fixture_end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipi),
		cmocka_unit_test(test_pv_defer_with_all_running),
		cmocka_unit_test(test_broadcast),
		cmocka_unit_test(test_sync_on_clear),
		cmocka_unit_test(test_up),
		cmocka_unit_test(test_coherent),
		cmocka_unit_test(test_faulty),
		cmocka_unit_test(test_faulty_nth),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_defer),
		cmocka_unit_test(test_resume_without_flush),
		cmocka_unit_test(test_issue_and_sync),
		cmocka_unit_test(test_issue_many),
		cmocka_unit_test(test_issue_elsewhere),
		cmocka_unit_test(test_sync_on_every_replacement),
		cmocka_unit_test(test_sync_ignores_foreign_entries),
		cmocka_unit_test(test_coherent_follows),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_stride),
		cmocka_unit_test(test_table_pointers),
		cmocka_unit_test(test_stale_table_pointer_is_retried),
		cmocka_unit_test(test_announcements),
		cmocka_unit_test(test_for_each),
		cmocka_unit_test(test_generation_stays),
	};

	return vmsim_run_tests(tests);
}
