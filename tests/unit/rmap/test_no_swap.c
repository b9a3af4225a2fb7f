// SPDX-License-Identifier: GPL-2.0-only
#include "rmap_test.h"

/*
 * An anonymous page that nobody put into a swap cache stays, and its entry is not touched. The
 * kernel trusts callers of try_to_unmap() that there is none.
 */
static void test_unmap_needs_swap_for_anon(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 0, VMSIM_NO_FILE, MAP_PRIVATE | MAP_ANONYMOUS, 0, 1,
					   true);
	pte_t before = value_of(w->mm[0], addr);
	struct folio *folio;

	vmsim_enter();
	folio = anon_folio(w, 0, addr);
	try_to_unmap(folio, 0);
	assert_int_equal(folio_mapcount(folio), 1);
	assert_true(pte_same(value_of(w->mm[0], addr), before));
	unlock_and_put(folio);
	vmsim_leave();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rmap_test(test_unmap_needs_swap_for_anon),
	};

	return vmsim_run_tests(tests);
}
