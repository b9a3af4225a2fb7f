// SPDX-License-Identifier: GPL-2.0-only
#include "gup_test.h"

/* What mm/gup.c of Linux 6.1 did otherwise: later ones keep for long what stays, and check more. */

static void test_arguments(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;
	int locked = 0;

	(void)state;
	store(a, 1);
	/* Flags that are only said inside. */
	assert_int_equal(in_kernel(get_user_pages_fast(a, 1, FOLL_TOUCH, &page)), -EINVAL);
	assert_int_equal(in_kernel(get_user_pages_fast(a, 1, FOLL_PIN, &page)), -EINVAL);
	assert_int_equal(in_kernel(get_user_pages_unlocked(a, 1, &page, FOLL_REMOTE)), -EINVAL);
	/* For long only by pins; pins or references. */
	assert_int_equal(in_kernel(get_user_pages_fast(a, 1, FOLL_LONGTERM, &page)), -EINVAL);
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 1, FOLL_GET, &page)), -EINVAL);
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 1, FOLL_LONGTERM | FOLL_PCI_P2PDMA,
						       &page)), -EINVAL);
	/* Nowhere to put them. */
	assert_int_equal(in_kernel(get_user_pages_fast(a, 1, 0, NULL)), -EINVAL);
	/* The same said to pin_user_pages*() gives no pages. */
	assert_int_equal(in_kernel(pin_user_pages_unlocked(a, 1, &page, FOLL_GET)), 0);
	assert_int_equal(under_mmap_lock(pin_user_pages(a, 1, FOLL_TOUCH, &page)), 0);
	assert_int_equal(under_mmap_lock(pin_user_pages_remote(current->mm, a, 1, FOLL_GET, &page,
							       NULL)), 0);
	/* A caller who says that the lock is not held. */
	assert_int_equal(in_kernel(get_user_pages_remote(current->mm, a, 1, 0, &page, &locked)),
			 -EINVAL);
	/* Beyond what numbers can say. */
	assert_int_equal(in_kernel(get_user_pages_fast(~0UL, 1, 0, &page)), -EOVERFLOW);
	/* What GUP-fast does not know. */
	assert_int_equal(in_kernel(get_user_pages_fast(a, 1, FOLL_DUMP, &page)), -EINVAL);
	assert_int_equal(page_count(page_at(a)), 1);
}

/* Who keeps a page of zeroes for long gets his own. */
static void test_zeroes_for_long(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;

	(void)state;
	assert_int_equal(load(a), 0);
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 1, FOLL_LONGTERM, &page)), 1);
	assert_false(is_zero_page(page));
	assert_ptr_equal(page, page_at(a));
	assert_true(PageAnonExclusive(page));
	assert_false(pte_write(pte_at(a)));
	/* A write keeps the page that the other one sees. */
	store(a, 7);
	assert_ptr_equal(page, page_at(a));
	do_in_kernel(unpin_user_page(page));
}

/* Who reads a page of a file for long: what the program will see after it has written. */
static void test_private_file_for_long(void **state)
{
	int file = make_file(1);
	unsigned long shared = map_file(file, 1, RW, MAP_SHARED, 0);
	unsigned long own = map_file(file, 1, RW, MAP_PRIVATE, 0);
	struct page *page, *copy;

	(void)state;
	assert_int_equal(load(shared), 1000);
	page = page_at(shared);
	assert_int_equal(in_kernel(pin_user_pages_fast(own, 1, FOLL_LONGTERM, &copy)), 1);
	assert_ptr_not_equal(copy, page);
	assert_true(PageAnon(copy) && PageAnonExclusive(copy));
	store(own, 9);
	assert_ptr_equal(copy, page_at(own));
	do_in_kernel(unpin_user_page(copy));
	assert_int_equal(in_file(file, 0), 1000);
	assert_int_equal(vmsim_munmap(own, PG), 0);
	drop_file(file, shared, 1);
}

/* Long pins for writing of files that must notice writes (E35). */
static void test_longterm(void **state)
{
	int file = make_file(1);
	unsigned long shared = map_file(file, 1, RW, MAP_SHARED, 0);
	unsigned long ro = map_file(file, 1, PROT_READ, MAP_SHARED, 0);
	unsigned long own = map_file(file, 1, RW, MAP_PRIVATE, 0);
	unsigned long shmem = map(1, RW, MAP_SHARED | MAP_ANONYMOUS);
	const unsigned int longterm = FOLL_LONGTERM | FOLL_WRITE;
	struct page *page;

	(void)state;
	store(shared, 1);
	store(shmem, 1);
	assert_int_equal(pin_both(shared, FOLL_WRITE), 1);
	assert_int_equal(pin_both(shared, longterm), -EFAULT);
	assert_int_equal(fast_only(shared, FOLL_PIN | longterm, (struct page *[1]){}), 0);
	assert_int_equal(page_count(page_at(shared)), 2 + PagePrivate(page_at(shared)));
	assert_int_equal(pin_both(shared, FOLL_LONGTERM), 1);
	assert_int_equal(pin_both(ro, FOLL_LONGTERM), 1);
	assert_int_equal(pin_both(own, longterm), 1);
	assert_int_equal(pin_both(shmem, longterm), 1);
	/* Memory that is never written back: GUP-fast needs no mapping to know. */
	assert_int_equal(fast_only(shmem, FOLL_PIN | longterm, &page), 1);
	do_in_kernel(unpin_user_page(page));
	assert_int_equal(vmsim_munmap(ro, PG), 0);
	assert_int_equal(vmsim_munmap(own, PG), 0);
	drop_file(file, shared, 1);
}

/* An array of which the beginning was given back already. */
static void test_holes(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *pages[3] = { NULL };

	(void)state;
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 1, FOLL_WRITE, &pages[2])), 1);
	assert_int_equal(page_count(pages[2]), PINNED(1));
	do_in_kernel(unpin_user_pages(pages, 3));
	assert_int_equal(page_count(pages[2]), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_arguments),
		in_world(test_zeroes_for_long),
		in_world(test_private_file_for_long),
		in_world(test_longterm),
		in_world(test_holes),
	};

	return vmsim_run_tests(tests);
}
