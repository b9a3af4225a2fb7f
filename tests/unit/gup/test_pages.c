// SPDX-License-Identifier: GPL-2.0-only
#include "gup_test.h"

/* Which page is found, what it costs, and what is done to it. */

static void test_a_present_page_costs_no_fault(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct page *pages[2];
	struct vmsim_stats before;

	(void)state;
	store(a, 1);
	store(a + PG, 2);
	before = stats_now();
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 2, FOLL_WRITE, pages)), 2);
	assert_int_equal(stats_now().faults, before.faults);
	assert_ptr_equal(pages[0], page_at(a));
	assert_ptr_equal(pages[1], page_at(a + PG));
	assert_int_equal(page_count(pages[0]), PINNED(1));
	assert_int_equal(page_count(pages[1]), PINNED(1));
	assert_true(current->mm->flags & BIT(MMF_HAS_PINNED));
	do_in_kernel(unpin_user_pages(pages, 2));
	assert_int_equal(page_count(pages[0]), 1);
}

/* The walk alone, as far as it goes. */
static void test_without_a_lock_nothing_is_faulted_in(void **state)
{
	unsigned long a = map(3, RW, ANON);
	struct page *pages[3];

	(void)state;
	assert_int_equal(in_kernel(get_user_pages_fast_only(a, 3, FOLL_WRITE, pages)), 0);
	store(a, 1);
	store(a + 2 * PG, 1);
	assert_int_equal(in_kernel(get_user_pages_fast_only(a, 3, FOLL_WRITE, pages)), 1);
	assert_ptr_equal(pages[0], page_at(a));
	assert_int_equal(page_count(pages[0]), 2);
	assert_true(PageReferenced(pages[0]));
	do_in_kernel(put_page(pages[0]));
	assert_false(current->mm->flags & BIT(MMF_HAS_PINNED));
	write_protect(a);
	assert_int_equal(in_kernel(get_user_pages_fast_only(a, 1, FOLL_WRITE, pages)), 0);
	assert_int_equal(in_kernel(get_user_pages_fast_only(a, 1, 0, pages)), 1);
	do_in_kernel(put_page(pages[0]));
}

static void test_the_rest_is_faulted_in(void **state)
{
	unsigned long a = map(4, RW, ANON);
	struct page *pages[4];
	struct vmsim_stats before;

	(void)state;
	store(a, 1);
	before = stats_now();
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 4, FOLL_WRITE, pages)), 4);
	assert_int_equal(stats_now().faults, before.faults + 3);
	for (int i = 0; i < 4; i++) {
		assert_ptr_equal(pages[i], page_at(a + i * PG));
		assert_true(PageAnonExclusive(pages[i]));
		assert_int_equal(page_count(pages[i]), PINNED(1));
	}
	assert_rss(4, 0);
	do_in_kernel(unpin_user_pages(pages, 4));
}

static void test_over_borders_of_tables_and_mappings(void **state)
{
	unsigned long base = 0x40000000UL - 2 * PG;
	struct page *pages[4];

	(void)state;
	assert_int_equal(vmsim_mmap(base, 2 * PG, RW, ANON | MAP_FIXED, -1, 0), base);
	assert_int_equal(vmsim_mmap(base + 2 * PG, 2 * PG, RW, MAP_SHARED | MAP_ANONYMOUS |
				    MAP_FIXED, -1, 0), base + 2 * PG);
	for (int i = 0; i < 4; i++)
		store(base + i * PG, i);
	assert_int_equal(in_kernel(get_user_pages_fast_only(base, 4, FOLL_WRITE, pages)), 4);
	for (int i = 0; i < 4; i++) {
		assert_ptr_equal(pages[i], page_at(base + i * PG));
		do_in_kernel(put_page(pages[i]));
	}
	assert_int_equal(under_mmap_lock(get_user_pages(base, 4, FOLL_WRITE, pages)), 4);
	for (int i = 0; i < 4; i++) {
		assert_ptr_equal(pages[i], page_at(base + i * PG));
		do_in_kernel(put_page(pages[i]));
	}
}

/* A read of untouched memory finds the page of zeroes. */
static void test_the_page_of_zeroes(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;

	(void)state;
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 1, 0, &page)), 1);
	assert_true(is_zero_page(page));
	assert_int_equal(page_count(page), 1);
	do_in_kernel(unpin_user_page(page));
	assert_int_equal(in_kernel(get_user_pages_unlocked(a, 1, &page, 0)), 1);
	assert_true(is_zero_page(page));
	assert_int_equal(page_count(page), 2);
	do_in_kernel(put_page(page));
	assert_rss(0, 0);
}

/* A page that others may map is made exclusive before it is pinned, and only then (A01, R12). */
static void test_unshare(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *shared, *page;

	(void)state;
	store(a, 5);
	shared = make_shared(a);
	do_in_kernel(get_page(shared));
	/* A reference is content with it. */
	assert_int_equal(in_kernel(get_user_pages_fast(a, 1, 0, &page)), 1);
	assert_ptr_equal(page, shared);
	do_in_kernel(put_page(page));
	/* So is GUP-fast not, for a pin. */
	assert_int_equal(fast_only(a, FOLL_PIN, &page), 0);
	assert_int_equal(page_count(shared), 2);

	assert_int_equal(in_kernel(pin_user_pages_fast(a, 1, 0, &page)), 1);
	assert_ptr_not_equal(page, shared);
	assert_ptr_equal(page, page_at(a));
	assert_true(PageAnonExclusive(page));
	assert_false(pte_write(pte_at(a)));
	assert_int_equal(page_count(shared), 1);
	assert_int_equal(load(a), 5);
	/* From now on the page stays, whatever the program does to it. */
	store(a, 6);
	assert_ptr_equal(page, page_at(a));
	do_in_kernel(unpin_user_page(page));
	do_in_kernel(put_page(shared));
}

/* Who is alone gets the same page, exclusive. */
static void test_unshare_without_a_copy(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *shared, *page;
	struct vmsim_stats before;

	(void)state;
	store(a, 5);
	shared = make_shared(a);
	before = stats_now();
	assert_int_equal(in_kernel(pin_user_pages_unlocked(a, 1, &page, 0)), 1);
	assert_ptr_equal(page, shared);
	assert_true(PageAnonExclusive(page));
	assert_int_equal(stats_now().copies, before.copies);
	do_in_kernel(unpin_user_page(page));
}

/* A write-protected exclusive page is pinned as it is (A01). */
static void test_read_only_and_exclusive(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vmsim_stats before;
	struct page *page;

	(void)state;
	store(a, 5);
	write_protect(a);
	before = stats_now();
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 1, 0, &page)), 1);
	assert_ptr_equal(page, page_at(a));
	assert_int_equal(stats_now().faults, before.faults);
	do_in_kernel(unpin_user_page(page));
}

/* fork() is at work: GUP-fast keeps away from pins (R13). */
static void test_during_a_fork(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;

	(void)state;
	store(a, 5);
	do_in_kernel(raw_write_seqcount_begin(&current->mm->write_protect_seq));
	assert_int_equal(fast_only(a, FOLL_PIN | FOLL_WRITE, &page), 0);
	assert_int_equal(fast_only(a, FOLL_GET | FOLL_WRITE, &page), 1);
	do_in_kernel(put_page(page));
	do_in_kernel(raw_write_seqcount_end(&current->mm->write_protect_seq));
	assert_int_equal(fast_only(a, FOLL_PIN | FOLL_WRITE, &page), 1);
	do_in_kernel(unpin_user_page(page));
}

static unsigned int forks;

static void fork_meanwhile(void *arg, const struct vmsim_event *event)
{
	(void)arg, (void)event;
	if (forks++ == 0)
		current->mm->write_protect_seq.sequence += 2;
}

static void test_a_fork_in_between(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;

	(void)state;
	store(a, 5);
	forks = 0;
	assert_int_equal(vmsim_subscribe(world.machine, VMSIM_EV_BIT(REF), fork_meanwhile, NULL),
			 0);
	assert_int_equal(fast_only(a, FOLL_PIN | FOLL_WRITE, &page), 0);
	assert_int_equal(vmsim_unsubscribe(world.machine, fork_meanwhile, NULL), 0);
	assert_true(forks > 1);
	assert_int_equal(page_count(page_at(a)), 1);
}

/* What stands in an entry, or above it, changes after it was read and before it is read again. */
static struct {
	pte_t *pte;
	pmd_t *pmd;
	pte_t pte_was;
	pmd_t pmd_was;
} changing;

static void change_pte(void *arg, const struct vmsim_event *event)
{
	(void)arg;
	if (event->arg[2] > event->arg[1])
		__atomic_store_n(&changing.pte->pte, 0, __ATOMIC_RELAXED);
}

static void change_pmd(void *arg, const struct vmsim_event *event)
{
	(void)arg;
	if (event->arg[2] > event->arg[1])
		__atomic_store_n(&changing.pmd->pmd, 0, __ATOMIC_RELAXED);
}

static void test_entries_are_looked_at_again(void **state)
{
	static void (*const change[])(void *, const struct vmsim_event *) = {
		change_pte, change_pmd,
	};
	unsigned long a = map(1, RW, ANON);
	struct page *page, *mapped;

	(void)state;
	store(a, 5);
	mapped = page_at(a);
	changing.pmd = pmd_at(a);
	changing.pte = in_kernel(pte_offset_kernel(changing.pmd, a));
	changing.pte_was = *changing.pte;
	changing.pmd_was = *changing.pmd;
	for (int i = 0; i < 4; i++) {
		unsigned int flags = i < 2 ? FOLL_GET : FOLL_PIN | FOLL_WRITE;

		assert_int_equal(vmsim_subscribe(world.machine, VMSIM_EV_BIT(REF), change[i & 1],
						 NULL), 0);
		assert_int_equal(fast_only(a, flags, &page), 0);
		assert_int_equal(vmsim_unsubscribe(world.machine, change[i & 1], NULL), 0);
		assert_int_equal(page_count(mapped), 1);
		*changing.pte = changing.pte_was;
		*changing.pmd = changing.pmd_was;
	}
	assert_int_equal(fast_only(a, FOLL_GET, &page), 1);
	do_in_kernel(put_page(page));
}

static bool irqs_off_at_read;

static void look_at_irqs(void *arg, const struct vmsim_event *event)
{
	(void)arg, (void)event;
	irqs_off_at_read = irqs_disabled();
}

static void test_interrupts_are_off(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;

	(void)state;
	store(a, 5);
	irqs_off_at_read = false;
	assert_int_equal(vmsim_subscribe(world.machine, VMSIM_EV_BIT(REF), look_at_irqs, NULL), 0);
	assert_int_equal(fast_only(a, FOLL_GET, &page), 1);
	assert_int_equal(vmsim_unsubscribe(world.machine, look_at_irqs, NULL), 0);
	assert_true(irqs_off_at_read);
	assert_false(in_kernel(irqs_disabled()));
	do_in_kernel(put_page(page));
}

/* Interrupts that were off stay so. */
static void test_with_interrupts_off(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;

	(void)state;
	store(a, 5);
	vmsim_enter();
	local_irq_disable();
	assert_int_equal(get_user_pages_fast_only(a, 1, 0, &page), 1);
	assert_true(irqs_disabled());
	local_irq_enable();
	put_page(page);
	vmsim_leave();
}

static void test_pages_of_a_file(void **state)
{
	int file = make_file(2);
	unsigned long shared = map_file(file, 2, RW, MAP_SHARED, 0);
	unsigned long own = map_file(file, 2, RW, MAP_PRIVATE, 0);
	struct page *page, *copy;

	(void)state;
	assert_int_equal(in_kernel(pin_user_pages_fast(shared, 1, FOLL_WRITE, &page)), 1);
	assert_ptr_equal(page, page_at(shared));
	assert_true(pte_write(pte_at(shared)));
	do_in_kernel(unpin_user_pages_dirty_lock(&page, 1, true));
	assert_true(PageDirty(page));
	/* Read for a short time: the page of the file will do. */
	assert_int_equal(in_kernel(pin_user_pages_fast(own, 1, 0, &copy)), 1);
	assert_ptr_equal(copy, page);
	do_in_kernel(unpin_user_page(copy));
	assert_int_equal(in_file(file, 0), 1000);
	assert_int_equal(vmsim_munmap(own, 2 * PG), 0);
	drop_file(file, shared, 2);
}

/* A debugger writes to private memory that the program may only read. */
static void test_force(void **state)
{
	int file = make_file(1);
	unsigned long text = map_file(file, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0);
	unsigned long none = map(1, PROT_NONE, ANON);
	struct page *page;

	(void)state;
	assert_int_equal(load(text), 1000);
	assert_int_equal(in_kernel(get_user_pages_unlocked(text, 1, &page,
							   FOLL_WRITE | FOLL_FORCE)), 1);
	assert_true(PageAnon(page) && PageAnonExclusive(page));
	assert_ptr_equal(page, page_at(text));
	assert_false(pte_write(pte_at(text)));
	assert_true(PageDirty(page) || pte_dirty(pte_at(text)));
	do_in_kernel(put_page(page));
	assert_int_equal(vmsim_store(text, 8, 1), SIGSEGV);
	assert_int_equal(in_file(file, 0), 1000);

	assert_int_equal(in_kernel(get_user_pages_unlocked(none, 1, &page, FOLL_FORCE)), 1);
	assert_true(is_zero_page(page));
	do_in_kernel(put_page(page));
	drop_file(file, text, 1);
}

/*
 * With force the page must be the program's alone; what it may write itself, a fault makes writable.
 */
static void test_force_on_anonymous_memory(void **state)
{
	unsigned long rw = map(1, RW, ANON), ro = map(2, RW, ANON);
	const unsigned int force = FOLL_WRITE | FOLL_FORCE;
	struct page *page, *shared;

	(void)state;
	store(rw, 1);
	write_protect(rw);
	assert_int_equal(in_kernel(get_user_pages_unlocked(rw, 1, &page, force)), 1);
	assert_true(pte_write(pte_at(rw)));
	do_in_kernel(put_page(page));

	store(ro, 2);
	shared = make_shared(ro);
	do_in_kernel(get_page(shared));
	assert_int_equal(vmsim_mprotect(ro, 2 * PG, PROT_READ), 0);
	assert_int_equal(in_kernel(get_user_pages_unlocked(ro, 1, &page, force)), 1);
	assert_ptr_not_equal(page, shared);
	assert_true(PageAnonExclusive(page));
	assert_false(pte_write(pte_at(ro)));
	do_in_kernel(put_page(page));
	do_in_kernel(put_page(shared));

	/* A clean entry of a clean page: nobody else says that it is written. */
	assert_int_equal(load(ro + PG), 0);
	assert_int_equal(under_mmap_lock(handle_mm_fault(vma_lookup(__mm, ro + PG), ro + PG,
							 FAULT_FLAG_UNSHARE, NULL)), 0);
	page = page_at(ro + PG);
	assert_true(PageAnonExclusive(page));
	assert_false(pte_dirty(pte_at(ro + PG)) || PageDirty(page));
	assert_int_equal(in_kernel(get_user_pages_unlocked(ro + PG, 1, &page, force)), 1);
	assert_true(PageDirty(page));
	do_in_kernel(put_page(page));
}

static void test_another_address_space(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct mm_struct *mm = current->mm;
	struct page *page;
	int locked = 1;

	(void)state;
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_attach(world.machine, 1, vmsim_process_create(world.machine, "x")),
			 0);
	assert_ptr_not_equal(current->mm, mm);
	vmsim_enter();
	mmap_read_lock(mm);
	assert_int_equal(get_user_pages_remote(mm, a, 1, FOLL_WRITE, &page, &locked), 1);
	assert_int_equal(locked, 1);
	assert_int_equal(page_count(page), 2);
	put_page(page);
	assert_int_equal(pin_user_pages_remote(mm, a, 1, FOLL_WRITE, &page, NULL), 1);
	assert_int_equal(page_count(page), PINNED(1));
	assert_true(mm->flags & BIT(MMF_HAS_PINNED));
	unpin_user_page(page);
	mmap_read_unlock(mm);
	vmsim_leave();
	assert_int_equal(vmsim_exit(), 0);
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_attach(world.machine, 0, world.pid), 0);
	assert_int_equal(load(a), 0);
	assert_rss(1, 0);
}

static void test_populate(void **state)
{
	unsigned long a = map(4, RW, ANON);
	struct vmsim_stats before;

	(void)state;
	assert_int_equal(vmsim_madvise(a, 2 * PG, MADV_POPULATE_READ), 0);
	assert_rss(0, 0);
	assert_true(is_zero_page(page_at(a + PG)));
	assert_int_equal(vmsim_madvise(a + PG, 3 * PG, MADV_POPULATE_WRITE), 0);
	assert_rss(3, 0);
	before = stats_now();
	store(a + 3 * PG, 1);
	assert_int_equal(stats_now().faults, before.faults);
	assert_int_equal(vmsim_madvise(a, 4 * PG, MADV_POPULATE_READ), 0);
	assert_int_equal(stats_now().faults, before.faults);
	assert_int_equal(load(a + 3 * PG), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_a_present_page_costs_no_fault),
		in_world(test_without_a_lock_nothing_is_faulted_in),
		in_world(test_the_rest_is_faulted_in),
		in_world(test_over_borders_of_tables_and_mappings),
		in_world(test_the_page_of_zeroes),
		in_world(test_unshare),
		in_world(test_unshare_without_a_copy),
		in_world(test_read_only_and_exclusive),
		in_world(test_during_a_fork),
		in_world(test_a_fork_in_between),
		in_world(test_entries_are_looked_at_again),
		in_world(test_interrupts_are_off),
		in_world(test_with_interrupts_off),
		in_world(test_pages_of_a_file),
		in_world(test_force),
		in_world(test_force_on_anonymous_memory),
		in_world(test_another_address_space),
		in_world(test_populate),
	};

	return vmsim_run_tests(tests);
}
