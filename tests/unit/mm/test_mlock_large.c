// SPDX-License-Identifier: GPL-2.0-only
#include "mlock_test.h"
#include "large_folio.h"
#include <linux/swap.h>

/* A large folio is locked where all of it is mapped, and once. */
static void test_large_folio(void **state)
{
	unsigned long a = map_at(AT, 2 * PAGES, RW, ANON);
	struct folio *folio = map_large(a, PAGES);

	(void)state;
	assert_int_equal(vmsim_mlock(a, (PAGES - 1) * PG), 0);
	assert_locked(PAGES - 1, 0);
	assert_false(folio_test_mlocked(folio));
	assert_int_equal(vmsim_munlock(a, PAGES * PG), 0);
	do_in_kernel(folio_add_lru(folio));
	assert_int_equal(vmsim_mlock(a, PAGES * PG), 0);
	assert_true(folio_test_mlocked(folio));
	assert_int_equal(folio->mlock_count, 1);
	assert_locked(PAGES, PAGES);
	/* A part of it is unlocked, and that is enough. */
	assert_int_equal(vmsim_munlock(a, PG), 0);
	assert_false(folio_test_mlocked(folio));
	assert_locked(PAGES - 1, 0);
	assert_int_equal(vmsim_munlock(a, PAGES * PG), 0);
	/* A page of it is missing: another one comes there. */
	assert_int_equal(vmsim_madvise(a + 3 * PG, PG, MADV_DONTNEED), 0);
	assert_int_equal(vmsim_mlock(a, PAGES * PG), 0);
	assert_false(folio_test_mlocked(folio));
	assert_locked(PAGES, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_large_folio),
	};

	return vmsim_run_tests(tests);
}
