// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"

static void test_read_then_write(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct vmsim_stats before = stats_now();

	(void)state;
	assert_int_equal(touch(a, PROT_READ), VMSIM_FAULT_ZERO);
	assert_rss(0, 0);
	assert_int_equal(touch(a, PROT_READ), VMSIM_FAULT_NONE);
	/* A kernel flushes there: the read-only entry of the zero page may be cached. */
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_COPY);
	assert_rss(1, 0);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_NONE);
	assert_int_equal(touch(a + PG, PROT_WRITE), VMSIM_FAULT_ANON_NEW);
	assert_rss(2, 0);
	assert_int_equal(stats_now().faults, before.faults + 3);
	assert_int_equal(stats_now().copies, before.copies + 1);
	assert_int_equal(stats_now().flushes, before.flushes + 1);
	assert_int_equal(stats_now().reuses, before.reuses);
}

/* Frames come back with what others left in them. */
static void test_new_pages_are_zero(void **state)
{
	enum { MANY = 200 };
	unsigned long a = map(MANY, RW, ANON);

	(void)state;
	for (int i = 0; i < MANY; i++) {
		store(a + i * PG, ~0UL);
		store(a + i * PG + 8, ~0UL);
	}
	assert_int_equal(vmsim_munmap(a, MANY * PG), 0);
	a = map(MANY, RW, ANON);
	for (int i = 0; i < MANY; i++) {
		/* Every other one by way of the zero page. */
		if (i & 1)
			assert_int_equal(load(a + i * PG), 0);
		store(a + i * PG, 1);
		assert_int_equal(load(a + i * PG + 8), 0);
	}
}

static struct page *page_at(unsigned long addr, pte_t *value)
{
	struct mm_struct *mm = vmsim_self->mm;
	pgd_t *pgd = pgd_offset(mm, addr);
	pmd_t *pmd = pmd_offset(pud_offset(p4d_offset(pgd, addr), addr), addr);
	pte_t *pte;

	vmsim_enter();
	pte = pte_offset_map(pmd, addr);
	assert_non_null(pte);
	*value = ptep_get(pte);
	pte_unmap(pte);
	vmsim_leave();
	return pte_present(*value) ? pte_page(*value) : NULL;
}

static void test_new_page_is_exclusive(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct page *page;
	pte_t pte;

	(void)state;
	store(a, 1);
	page = page_at(a, &pte);
	assert_non_null(page);
	assert_true(PageAnon(page) && PageAnonExclusive(page) && PageUptodate(page));
	assert_int_equal(page_count(page), 1);
	assert_int_equal(page_mapcount(page), 1);
	assert_true(pte_write(pte) && pte_dirty(pte) && pte_young(pte));
	assert_int_equal(page->index, a >> PAGE_SHIFT);
	assert_int_equal(touch(a + PG, PROT_READ), VMSIM_FAULT_ZERO);
	page_at(a + PG, &pte);
	assert_true(is_zero_pfn(pte_pfn(pte)) && pte_special(pte) && !pte_write(pte));
}

static void write_protect(unsigned long addr)
{
	struct mm_struct *mm = vmsim_self->mm;
	pgd_t *pgd = pgd_offset(mm, addr);
	pmd_t *pmd = pmd_offset(pud_offset(p4d_offset(pgd, addr), addr), addr);
	spinlock_t *ptl;
	pte_t *pte;

	vmsim_enter();
	pte = pte_offset_map_lock(mm, pmd, addr, &ptl);
	ptep_set_wrprotect(mm, addr, pte);
	flush_tlb_mm_range(mm, addr, addr + PG, PAGE_SHIFT, false);
	pte_unmap_unlock(pte, ptl);
	vmsim_leave();
}

/* As fork leaves a page: mapped read-only, perhaps by others too. */
static void make_shared(unsigned long addr, struct page **page)
{
	pte_t pte;

	*page = page_at(addr, &pte);
	ClearPageAnonExclusive(*page);
	write_protect(addr);
}

static void test_reuse_of_the_exclusive_page(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vmsim_stats before;

	(void)state;
	store(a, 5);
	write_protect(a);
	before = stats_now();
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_REUSE);
	assert_int_equal(stats_now().reuses, before.reuses + 1);
	assert_int_equal(stats_now().flushes, before.flushes);
	assert_int_equal(load(a), 5);
	assert_rss(1, 0);
}

static void test_reuse_of_the_last_reference(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page, *after;
	pte_t pte;

	(void)state;
	store(a, 6);
	make_shared(a, &page);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_REUSE);
	after = page_at(a, &pte);
	assert_ptr_equal(after, page);
	assert_true(PageAnonExclusive(page));
	assert_false(PageLocked(page));
}

static void test_copy_where_somebody_else_has_a_reference(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vmsim_stats before;
	struct page *page, *after;
	pte_t pte;

	(void)state;
	store(a, 7);
	make_shared(a, &page);
	vmsim_enter();
	get_page(page);
	vmsim_leave();
	before = stats_now();
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_COPY);
	assert_int_equal(stats_now().copies, before.copies + 1);
	assert_int_equal(stats_now().flushes, before.flushes + 1);
	after = page_at(a, &pte);
	assert_ptr_not_equal(after, page);
	assert_int_equal(load(a), 7);
	assert_int_equal(page_mapcount(page), 0);
	assert_int_equal(page_count(page), 1);
	assert_int_equal(page_count(after), 1);
	assert_true(PageAnonExclusive(after));
	assert_rss(1, 0);
	vmsim_enter();
	put_page(page);
	vmsim_leave();
}

/* An exclusive page is reused in spite of references: somebody may have pinned it (R12). */
static void test_reuse_of_a_pinned_exclusive_page(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;
	pte_t pte;

	(void)state;
	store(a, 8);
	page = page_at(a, &pte);
	write_protect(a);
	vmsim_enter();
	get_page(page);
	vmsim_leave();
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_REUSE);
	assert_ptr_equal(page_at(a, &pte), page);
	vmsim_enter();
	put_page(page);
	vmsim_leave();
}

/*
 * The old page must be out of reach before its map count goes down, and the new one counted (R17).
 */
static struct {
	struct page *old;
	int step;
	bool in_order;
} copying;

static void watch_copy(void *arg, const struct vmsim_event *event)
{
	static const enum vmsim_event_kind order[] = {
		VMSIM_EV_PTE_SET, VMSIM_EV_FLUSH_END, VMSIM_EV_MAP_ADD, VMSIM_EV_PTE_SET,
		VMSIM_EV_MAP_REMOVE,
	};

	(void)arg;
	if (copying.step == (int)ARRAY_SIZE(order) || event->kind != order[copying.step]) {
		copying.in_order = false;
		return;
	}
	copying.step++;
	if (event->kind == VMSIM_EV_MAP_REMOVE)
		copying.in_order &= event->arg[0] == (uintptr_t)copying.old;
}

static void test_order_of_a_copy(void **state)
{
	const uint64_t kinds = VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(FLUSH_END) |
			       VMSIM_EV_BIT(MAP_ADD) | VMSIM_EV_BIT(MAP_REMOVE);
	unsigned long a = map(1, RW, ANON);

	(void)state;
	store(a, 9);
	make_shared(a, &copying.old);
	vmsim_enter();
	get_page(copying.old);
	vmsim_leave();
	copying.step = 0;
	copying.in_order = true;
	assert_int_equal(vmsim_subscribe(world.machine, kinds, watch_copy, NULL), 0);
	store(a, 10);
	assert_int_equal(vmsim_unsubscribe(world.machine, watch_copy, NULL), 0);
	assert_int_equal(copying.step, 5);
	assert_true(copying.in_order);
	vmsim_enter();
	put_page(copying.old);
	vmsim_leave();
}

/* A too weak cached entry costs a fault that finds everything in order (R4). */
static void test_spurious(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct mm_struct *mm = vmsim_self->mm;
	pgd_t *pgd = pgd_offset(mm, a);
	struct vm_fault vmf = { .address = a, .real_address = a, .flags = FAULT_FLAG_WRITE };
	uint64_t faults;

	(void)state;
	store(a, 1);
	vmf.pmd = pmd_offset(pud_offset(p4d_offset(pgd, a), a), a);
	faults = stats_now().flushes;
	vmsim_enter();
	mmap_read_lock(mm);
	vmf.vma = find_vma(mm, a);
	vmf.pgoff = a >> PAGE_SHIFT;
	assert_int_equal(handle_pte_fault(&vmf), 0);
	mmap_read_unlock(mm);
	vmsim_leave();
	assert_int_equal(vmsim_self->fault_kind, VMSIM_FAULT_SPURIOUS);
	assert_int_equal(stats_now().flushes, faults);
	assert_rss(1, 0);
}

static void test_signals(void **state)
{
	unsigned long a = map(1, PROT_READ, ANON);
	enum vmsim_fault_kind kind;

	(void)state;
	assert_int_equal(vmsim_touch(a, PROT_WRITE, &kind), SIGSEGV);
	assert_int_equal(kind, VMSIM_FAULT_SEGV);
	assert_int_equal(vmsim_touch(a, PROT_EXEC, &kind), SIGSEGV);
	assert_int_equal(kind, VMSIM_FAULT_SEGV);
	assert_int_equal(vmsim_touch(a + PG, PROT_READ, &kind), SIGSEGV);
	assert_int_equal(kind, VMSIM_FAULT_SEGV);
	/* Writing implies reading on x86. */
	assert_int_equal(vmsim_mprotect(a, PG, PROT_WRITE), 0);
	assert_int_equal(load(a), 0);
}

/* Without memory the program gets -ENOMEM, and nothing is lost. */
static void test_no_memory(void **state)
{
	unsigned long a = map(600, RW, ANON);
	struct vmsim_stats stats;

	(void)state;
	store(a, 1);
	stats = stats_now();
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_store(a + PG, 8, 2), -ENOMEM);
	assert_int_equal(stats_now().frames_free, stats.frames_free);
	store(a + PG, 2);
	/* A page table that cannot be had. */
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_store(a + 599 * PG, 8, 3), -ENOMEM);
	store(a + 599 * PG, 3);
	/* The copy of the zero page. */
	assert_int_equal(touch(a + 2 * PG, PROT_READ), VMSIM_FAULT_ZERO);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_store(a + 2 * PG, 8, 4), -ENOMEM);
	assert_int_equal(load(a + 2 * PG), 0);
	assert_rss(3, 0);
}

/* munmap takes the flush, and the frames, in one gather. */
static void test_munmap_counts(void **state)
{
	unsigned long a = map(300, RW, ANON);
	struct vmsim_stats before, after;

	(void)state;
	for (int i = 0; i < 300; i++)
		store(a + i * PG, i);
	before = stats_now();
	assert_int_equal(vmsim_munmap(a, 300 * PG), 0);
	assert_int_equal(stats_now().flushes, before.flushes + 1);
	settle();
	after = stats_now();
	assert_int_equal(after.frames_free + after.tables,
			 before.frames_free + before.tables + 300);
	assert_true(after.tables < before.tables);
	assert_rss(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_read_then_write),
		in_world(test_new_pages_are_zero),
		in_world(test_new_page_is_exclusive),
		in_world(test_reuse_of_the_exclusive_page),
		in_world(test_reuse_of_the_last_reference),
		in_world(test_copy_where_somebody_else_has_a_reference),
		in_world(test_reuse_of_a_pinned_exclusive_page),
		in_world(test_order_of_a_copy),
		in_world(test_spurious),
		in_world(test_signals),
		in_world(test_no_memory),
		in_world(test_munmap_counts),
	};

	return vmsim_run_tests(tests);
}
