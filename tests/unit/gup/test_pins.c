// SPDX-License-Identifier: GPL-2.0-only
#include "gup_test.h"

/* References and pins of folios. */

static struct folio *new_folio(unsigned int order)
{
	struct folio *folio = in_kernel(folio_alloc(GFP_KERNEL | __GFP_COMP, order));

	assert_non_null(folio);
	return folio;
}

static void test_what_is_grabbed(void **state)
{
	struct folio *folio = new_folio(0);

	(void)state;
	assert_int_equal(in_kernel(try_grab_folio(folio, 3, 0)), 0);
	assert_int_equal(folio_ref_count(folio), 1);
	assert_int_equal(in_kernel(try_grab_folio(folio, 3, FOLL_GET)), 0);
	assert_int_equal(folio_ref_count(folio), 4);
	assert_int_equal(in_kernel(try_grab_folio(folio, 2, FOLL_PIN)), 0);
	assert_int_equal(folio_ref_count(folio), 4 + 2 * 1024);
	do_in_kernel(gup_put_folio(folio, 2, FOLL_PIN));
	assert_int_equal(folio_ref_count(folio), 4);
	do_in_kernel(gup_put_folio(folio, 3, FOLL_GET));
	assert_int_equal(folio_ref_count(folio), 1);
	do_in_kernel(folio_put(folio));
}

static void test_pins_of_a_large_folio_are_counted(void **state)
{
	struct folio *folio = new_folio(2);

	(void)state;
	assert_false(in_kernel(folio_maybe_dma_pinned(folio)));
	assert_int_equal(in_kernel(try_grab_folio(folio, 3, FOLL_PIN)), 0);
	assert_int_equal(folio_ref_count(folio), 4);
	assert_int_equal(atomic_read(&folio->_pincount), 3);
	assert_true(in_kernel(folio_maybe_dma_pinned(folio)));
	do_in_kernel(folio_add_pin(folio));
	assert_int_equal(folio_ref_count(folio), 5);
	do_in_kernel(unpin_user_folio(folio, 3));
	do_in_kernel(unpin_folio(folio));
	assert_int_equal(folio_ref_count(folio), 1);
	assert_int_equal(atomic_read(&folio->_pincount), 0);
	/* Many references are no pin of a large folio. */
	do_in_kernel(folio_ref_add(folio, 2000));
	assert_false(in_kernel(folio_maybe_dma_pinned(folio)));
	do_in_kernel(folio_ref_sub(folio, 2000));
	do_in_kernel(folio_put(folio));
}

static void test_who_may_be_pinned(void **state)
{
	struct folio *folio = new_folio(0);

	(void)state;
	do_in_kernel(folio_ref_add(folio, 1022));
	assert_int_equal(folio_ref_count(folio), 1023);
	assert_false(in_kernel(folio_maybe_dma_pinned(folio)));
	do_in_kernel(folio_ref_add(folio, 1));
	assert_true(in_kernel(folio_maybe_dma_pinned(folio)));
	/* An overflow looks like many references, too. */
	__WRITE_ONCE(folio->_refcount.counter, -5);
	assert_true(in_kernel(folio_maybe_dma_pinned(folio)));
	__WRITE_ONCE(folio->_refcount.counter, 1);
	do_in_kernel(folio_put(folio));
}

static void test_the_page_of_zeroes_is_not_counted(void **state)
{
	struct folio *zero = page_folio(ZERO_PAGE(0));
	unsigned long irqs;

	(void)state;
	vmsim_enter();
	local_irq_save(irqs);
	assert_ptr_equal(try_grab_folio_fast(&zero->page, 1, FOLL_PIN), zero);
	local_irq_restore(irqs);
	vmsim_leave();
	assert_int_equal(folio_ref_count(zero), 1);
	assert_int_equal(in_kernel(try_grab_folio(zero, 1, FOLL_PIN)), 0);
	do_in_kernel(folio_add_pin(zero));
	assert_int_equal(folio_ref_count(zero), 1);
	do_in_kernel(unpin_user_page(&zero->page));
	do_in_kernel(unpin_folio(zero));
	assert_int_equal(folio_ref_count(zero), 1);
	assert_int_equal(in_kernel(try_grab_folio(zero, 1, FOLL_GET)), 0);
	assert_int_equal(folio_ref_count(zero), 2);
	do_in_kernel(folio_put(zero));
}

/* Of what nobody holds there is nothing to have (R9). */
static void test_nothing_from_zero(void **state)
{
	struct folio *folio = new_folio(0);
	unsigned long irqs;

	(void)state;
	assert_true(in_kernel(folio_ref_freeze(folio, 1)));
	assert_null(in_kernel(try_get_folio(&folio->page, 1)));
	vmsim_enter();
	local_irq_save(irqs);
	assert_null(try_grab_folio_fast(&folio->page, 1, FOLL_GET));
	assert_null(try_grab_folio_fast(&folio->page, 1, FOLL_PIN));
	local_irq_restore(irqs);
	vmsim_leave();
	assert_int_equal(in_kernel(try_grab_folio(folio, 1, FOLL_GET)), -ENOMEM);
	assert_int_equal(in_kernel(try_grab_folio(folio, 1, FOLL_PIN)), -ENOMEM);
	assert_int_equal(folio_ref_count(folio), 0);
	do_in_kernel(folio_ref_unfreeze(folio, 1));
	/* Nor of a count that has overflowed (M36). */
	__WRITE_ONCE(folio->_refcount.counter, -1);
	assert_null(in_kernel(try_get_folio(&folio->page, 1)));
	assert_int_equal(in_kernel(try_grab_folio(folio, 1, FOLL_GET)), -ENOMEM);
	assert_int_equal(__READ_ONCE(folio->_refcount.counter), -1);
	__WRITE_ONCE(folio->_refcount.counter, 1);
	do_in_kernel(folio_put(folio));
}

static void test_grabbed_without_a_lock(void **state)
{
	struct folio *small = new_folio(0), *large = new_folio(1);
	unsigned long irqs;

	(void)state;
	vmsim_enter();
	local_irq_save(irqs);
	assert_ptr_equal(try_grab_folio_fast(&small->page, 2, FOLL_GET), small);
	assert_ptr_equal(try_grab_folio_fast(&small->page, 2, FOLL_PIN | FOLL_LONGTERM), small);
	assert_ptr_equal(try_grab_folio_fast(folio_page(large, 1), 2, FOLL_PIN), large);
	local_irq_restore(irqs);
	assert_int_equal(folio_ref_count(small), 3 + 2 * 1024);
	assert_int_equal(folio_ref_count(large), 3);
	assert_int_equal(atomic_read(&large->_pincount), 2);
	gup_put_folio(small, 2, FOLL_PIN);
	gup_put_folio(small, 2, FOLL_GET);
	gup_put_folio(large, 2, FOLL_PIN);
	assert_int_equal(folio_ref_count(small), 1);
	assert_int_equal(folio_ref_count(large), 1);
	folio_put(small);
	folio_put(large);
	vmsim_leave();
}

static void test_runs_of_one_folio(void **state)
{
	struct folio *a = new_folio(0), *b = new_folio(1);
	struct page *pages[4] = { &a->page, &b->page, folio_page(b, 1), &a->page };

	(void)state;
	assert_int_equal(in_kernel(try_grab_folio(a, 2, FOLL_PIN)), 0);
	assert_int_equal(in_kernel(try_grab_folio(b, 2, FOLL_PIN)), 0);
	do_in_kernel(unpin_user_pages(pages, 4));
	assert_int_equal(folio_ref_count(a), 1);
	assert_int_equal(folio_ref_count(b), 1);
	assert_int_equal(atomic_read(&b->_pincount), 0);
	/* An error in place of a count gives nothing back. */
	do_in_kernel(unpin_user_pages(pages, (unsigned long)-EFAULT));
	assert_int_equal(folio_ref_count(a), 1);
	do_in_kernel(folio_put(a));
	do_in_kernel(folio_put(b));
}

static void test_what_was_written_is_dirty(void **state)
{
	struct folio *a = new_folio(0), *b = new_folio(0);
	struct page *pages[2] = { &a->page, &b->page };

	(void)state;
	for (int dirty = 0; dirty <= 1; dirty++) {
		assert_int_equal(in_kernel(try_grab_folio(a, 1, FOLL_PIN)), 0);
		assert_int_equal(in_kernel(try_grab_folio(b, 1, FOLL_PIN)), 0);
		do_in_kernel(unpin_user_pages_dirty_lock(pages, 2, dirty));
		assert_int_equal(folio_test_dirty(a), dirty);
		assert_int_equal(folio_test_dirty(b), dirty);
		assert_false(folio_test_locked(a));
		assert_int_equal(folio_ref_count(a), 1);
		assert_int_equal(folio_ref_count(b), 1);
	}
	do_in_kernel(folio_clear_dirty(a));
	do_in_kernel(folio_clear_dirty(b));
	do_in_kernel(folio_put(a));
	do_in_kernel(folio_put(b));
}

static jmp_buf bug_place;

static void bug_caught(const char *file, int line, const char *cond)
{
	(void)file, (void)line, (void)cond;
	longjmp(bug_place, 1);
}

/* Pinned anonymous pages stay exclusive (R12). */
static void test_who_shares_a_pinned_page_is_told(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;
	bool noticed = false;

	(void)state;
	store(a, 1);
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 1, FOLL_WRITE, &page)), 1);
	do_in_kernel(ClearPageAnonExclusive(page));
	vmsim_enter();
	vmsim_set_bug_handler(bug_caught);
	if (!setjmp(bug_place))
		unpin_user_page(page);
	else
		noticed = true;
	vmsim_set_bug_handler(NULL);
	assert_true(noticed);
	SetPageAnonExclusive(page);
	unpin_user_page(page);
	vmsim_leave();
	assert_int_equal(page_count(page), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_what_is_grabbed),
		in_world(test_pins_of_a_large_folio_are_counted),
		in_world(test_who_may_be_pinned),
		in_world(test_the_page_of_zeroes_is_not_counted),
		in_world(test_nothing_from_zero),
		in_world(test_grabbed_without_a_lock),
		in_world(test_runs_of_one_folio),
		in_world(test_what_was_written_is_dirty),
		in_world(test_who_shares_a_pinned_page_is_told),
	};

	return vmsim_run_tests(tests);
}
