// SPDX-License-Identifier: GPL-2.0-only
#include "gup_test.h"

/* What is refused, and how. */

static long get_slow(unsigned long addr, unsigned int flags)
{
	struct page *page = NULL;
	long got = in_kernel(get_user_pages_unlocked(addr, 1, &page, flags));

	if (got == 1)
		do_in_kernel(put_page(page));
	return got;
}

static struct address_space *mapping_of(unsigned long addr)
{
	return under_mmap_lock(vma_lookup(__mm, addr))->vm_file->f_mapping;
}

static void test_ranges(void **state)
{
	unsigned long a = map(2, RW, ANON);
	unsigned long end = current->mm->task_size;
	struct page *pages[3] = { NULL };

	(void)state;
	assert_int_equal(in_kernel(get_user_pages_fast(a, 0, 0, pages)), 0);
	assert_int_equal(in_kernel(get_user_pages_unlocked(a, 0, pages, 0)), 0);
	assert_int_equal(in_kernel(get_user_pages_fast(end, 1, 0, pages)), -EFAULT);
	assert_int_equal(in_kernel(get_user_pages_fast(end - PG, 2, 0, pages)), -EFAULT);
	/* As far as it is mapped. */
	assert_int_equal(vmsim_munmap(a + PG, PG), 0);
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 2, FOLL_WRITE, pages)), 1);
	do_in_kernel(unpin_user_pages(pages, 1));
	assert_int_equal(in_kernel(pin_user_pages_unlocked(a, 2, pages, FOLL_WRITE)), 1);
	do_in_kernel(unpin_user_pages(pages, 1));
	assert_int_equal(page_count(page_at(a)), 1);
	assert_int_equal(in_kernel(pin_user_pages_fast(a + PG, 1, FOLL_WRITE, pages)), -EFAULT);
	/* Where nothing is to be held. */
	assert_int_equal(in_kernel(get_user_pages_unlocked(a, 2, NULL, 0)), 1);
	assert_int_equal(in_kernel(get_user_pages_unlocked(a + PG, 1, NULL, 0)), -EFAULT);
}

static void test_rights(void **state)
{
	unsigned long none = map(1, PROT_NONE, ANON);
	unsigned long ro = map(1, PROT_READ, ANON);
	unsigned long wo = map(1, PROT_WRITE, ANON);
	unsigned long ro_shared = map(1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS);

	(void)state;
	assert_int_equal(pin_both(none, 0), -EFAULT);
	assert_int_equal(pin_both(none, FOLL_WRITE), -EFAULT);
	assert_int_equal(pin_both(ro, 0), 1);
	assert_int_equal(pin_both(ro, FOLL_WRITE), -EFAULT);
	assert_int_equal(pin_both(wo, FOLL_WRITE), 1);
	/* Who may write cannot be told apart from who may read, without the mapping. */
	assert_int_equal(in_kernel(pin_user_pages_unlocked(wo, 1, (struct page *[1]){}, 0)),
			 -EFAULT);
	/* With force: what is private. */
	assert_int_equal(pin_both(none, FOLL_FORCE), 1);
	assert_int_equal(pin_both(ro, FOLL_WRITE | FOLL_FORCE), 1);
	assert_int_equal(pin_both(ro_shared, FOLL_WRITE | FOLL_FORCE), -EFAULT);
	assert_int_equal(pin_both(ro_shared, 0), 1);
}

static void test_after_mprotect(void **state)
{
	unsigned long a = map(1, RW, ANON);

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	assert_int_equal(pin_both(a, FOLL_WRITE), -EFAULT);
	assert_int_equal(pin_both(a, 0), 1);
	assert_int_equal(vmsim_mprotect(a, PG, PROT_NONE), 0);
	assert_int_equal(pin_both(a, 0), -EFAULT);
	assert_int_equal(vmsim_mprotect(a, PG, RW), 0);
	assert_int_equal(pin_both(a, FOLL_WRITE), 1);
}

static void test_whose_memory(void **state)
{
	int file = make_file(1);
	unsigned long f = map_file(file, 1, RW, MAP_SHARED, 0);
	unsigned long a = map(2, RW, ANON);
	struct vmsim_stats before;
	struct page *page;

	(void)state;
	assert_int_equal(get_slow(f, FOLL_ANON), -EFAULT);
	assert_int_equal(get_slow(a, FOLL_ANON), 1);
	assert_int_equal(in_kernel(get_user_pages_fast(a + PG, 1, FOLL_NOFAULT, &page)), -EFAULT);
	assert_int_equal(get_slow(a + PG, FOLL_NOFAULT), -EFAULT);
	/* A core dump leaves holes where there is nothing but zeroes. */
	before = stats_now();
	assert_int_equal(get_slow(a, FOLL_DUMP), -EFAULT);
	assert_int_equal(get_slow(a + PG, FOLL_DUMP), -EFAULT);
	assert_int_equal(stats_now().faults, before.faults);
	store(a, 1);
	assert_int_equal(get_slow(a, FOLL_DUMP), 1);
	assert_int_equal(get_slow(f, FOLL_DUMP), 1);
	drop_file(file, f, 1);
}

/* What is not at hand is refused for now, and waited for by nobody. */
static void test_without_waiting(void **state)
{
	int file = make_file(2);
	unsigned long f = map_file(file, 2, RW, MAP_SHARED, 0);
	unsigned long own = map_file(file, 1, RW, MAP_PRIVATE, 0);
	unsigned long a = map(1, RW, ANON);
	struct address_space *mapping = mapping_of(f);
	struct page *pages[2];
	struct folio *folio;

	(void)state;
	assert_int_equal(get_slow(a, FOLL_NOWAIT | FOLL_WRITE), 1);
	folio = in_kernel(filemap_get_folio(mapping, 0));
	do_in_kernel(folio_lock(folio));
	assert_int_equal(get_slow(f, FOLL_NOWAIT), 0);
	assert_int_equal(get_slow(own, FOLL_NOWAIT | FOLL_WRITE), 0);
	assert_true(pte_none(pte_at(own)));
	do_in_kernel(folio_unlock(folio));
	do_in_kernel(folio_put(folio));
	assert_int_equal(get_slow(own, FOLL_NOWAIT | FOLL_WRITE), 1);
	assert_int_equal(get_slow(f, FOLL_NOWAIT | FOLL_WRITE), 1);
	/* As far as it goes. */
	assert_int_equal(vmsim_madvise(f, 2 * PG, MADV_DONTNEED), 0);
	assert_int_equal(vmsim_file_drop(file, PG, PG), 0);
	assert_int_equal(in_kernel(get_user_pages_unlocked(f, 2, pages, FOLL_NOWAIT)), 1);
	do_in_kernel(put_page(pages[0]));
	assert_int_equal(get_slow(f + PG, FOLL_NOWAIT), 0);
	assert_int_equal(load(f + PG), 1001);
	assert_int_equal(get_slow(f + PG, FOLL_NOWAIT), 1);
	assert_int_equal(vmsim_munmap(own, PG), 0);
	drop_file(file, f, 2);
}

static void test_without_memory(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct page *pages[2];

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 2, FOLL_WRITE, pages)), 1);
	do_in_kernel(unpin_user_pages(pages, 1));
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(in_kernel(pin_user_pages_fast(a + PG, 1, FOLL_WRITE, pages)), -ENOMEM);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_madvise(a + PG, PG, MADV_POPULATE_WRITE), -ENOMEM);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 0), 0);
	assert_rss(1, 0);
}

static void test_beyond_the_end_of_a_file(void **state)
{
	int file = make_file(1);
	unsigned long f = map_file(file, 2, RW, MAP_SHARED, 0);

	(void)state;
	assert_int_equal(pin_both(f + PG, 0), -EFAULT);
	assert_int_equal(vmsim_madvise(f, 2 * PG, MADV_POPULATE_READ), -EFAULT);
	assert_int_equal(vmsim_madvise(f, PG, MADV_POPULATE_WRITE), 0);
	drop_file(file, f, 2);
}

static void test_populate(void **state)
{
	unsigned long a = map(3, RW, ANON);
	unsigned long ro = map(1, PROT_READ, ANON);

	(void)state;
	assert_int_equal(vmsim_munmap(a + PG, PG), 0);
	assert_int_equal(vmsim_madvise(a, 3 * PG, MADV_POPULATE_WRITE), -ENOMEM);
	assert_rss(1, 0);
	assert_int_equal(vmsim_madvise(ro, PG, MADV_POPULATE_WRITE), -EINVAL);
	assert_int_equal(vmsim_madvise(ro, PG, MADV_POPULATE_READ), 0);
	assert_int_equal(vmsim_mprotect(ro, PG, PROT_NONE), 0);
	assert_int_equal(vmsim_madvise(ro, PG, MADV_POPULATE_READ), -EINVAL);
	assert_int_equal(vmsim_madvise(a + 1, PG, MADV_POPULATE_READ), -EINVAL);
	assert_int_equal(vmsim_madvise(a, 0, MADV_POPULATE_READ), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_ranges),
		in_world(test_rights),
		in_world(test_after_mprotect),
		in_world(test_whose_memory),
		in_world(test_without_waiting),
		in_world(test_without_memory),
		in_world(test_beyond_the_end_of_a_file),
		in_world(test_populate),
	};

	return vmsim_run_tests(tests);
}
