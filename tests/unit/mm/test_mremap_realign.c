// SPDX-License-Identifier: GPL-2.0-only
#include "mremap_cases.h"

/*
 * Source and destination begin at the same place in a table, and nothing else lies in either: the
 * first table goes as a whole, too (since Linux 6.7). As test_mremap_table.c.
 */
static const struct test_case cases[] = {
	{ "2 MB, 1 MB to 1 MB", MB, MB, 2 * MB, .pmds = WHOLE(1, 0), .moves = 2 },
	{ "5 MB, 1 MB to 1 MB", MB, MB, 5 * MB, .pmds = WHOLE(3, 0), .moves = 3 },
	{ "5 MB, 1 MB to 1 MB, preamble", MB, 41 * MB, 5 * MB, .preamble = 40 * MB,
	  .pmds = WHOLE(2, 0), .moves = 3 },
};

static void test_cases(void **state)
{
	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_cases),
	};

	return vmsim_run_tests(tests);
}
