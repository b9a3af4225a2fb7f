// SPDX-License-Identifier: GPL-2.0-only
#include "mremap_cases.h"

/*
 * What the kernel's test of mremap() tries (tools/testing/selftests/mm/mremap_test.c, Linux 6.12):
 * moves by how source and destination are aligned. Those that Linux 6.1 did entry by entry are in
 * test_mremap_realign.c.
 */
/* "Aligned to 1 MB" means to nothing above that, as in the kernel's test. */
static const struct test_case cases[] = {
	{ "regions overlap", 0, 0, 2 * PG, .err = -EINVAL },
	{ "destination misaligned", 0, 1024, PG, .err = -EINVAL },
	{ "source misaligned", 1024, 0, PG, .err = -EINVAL },
	{ "8 KB, PTE to PTE", PG, PG, 2 * PG, .moves = 1 },
	{ "2 MB, 1 MB to PTE", MB, PG, 2 * MB, .moves = 3 },
	{ "4 MB, PMD to PTE", 2 * MB, PG, 4 * MB, .moves = 3 },
	{ "4 MB, PMD to 1 MB", 2 * MB, MB, 4 * MB, .moves = 4 },
	{ "4 MB, PMD to PMD", 2 * MB, 2 * MB, 4 * MB, .pmds = WHOLE(2, 0), .moves = 2 },
#if !defined(VMSIM_ARCH_X86_PAE)	/* where two such regions do not fit */
	{ "2 GB, PUD to PTE", 0, PG, 2 * GB, .moves = 33 },
	{ "2 GB, PUD to 1 MB", 0, MB, 2 * GB, .moves = 33 },
	{ "2 GB, PUD to PMD", 0, 2 * MB, 2 * GB, .pmds = WHOLE(33, 0), .moves = 33 },
	{ "2 GB, PUD to PUD", 0, 0, 2 * GB, .puds = WHOLE(2, 0), .moves = WHOLE(2, 33) },
#endif
};

static void test_cases(void **state)
{
	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

static void test_expand_merge(void **state)
{
	(void)state;
	map_at(SRC, 3 * PG);
	assert_int_equal(vmsim_munmap(SRC + PG, PG), 0);
	assert_int_equal(vmsim_mremap(SRC, PG, 2 * PG, 0, 0), SRC);
	assert_true(mapped_as(SRC, 3));
	recount();
}

/* Not from its start: what is grown is the end. */
static void test_expand_merge_offset(void **state)
{
	(void)state;
	map_at(SRC, 4 * PG);
	assert_int_equal(vmsim_munmap(SRC + 2 * PG, PG), 0);
	assert_int_equal(vmsim_mremap(SRC + PG, PG, 2 * PG, 0, 0), SRC + PG);
	assert_true(mapped_as(SRC, 4));
	recount();
}

/* Both lie in a mapping of which the rest stays: tables are shared with it, and must not go. */
static void test_move_within_range(void **state)
{
	unsigned long src = SRC + 7 * MB, dst = SRC + 13 * MB;

	(void)state;
	map_at(SRC, 20 * MB);
	for (unsigned long at = 0; at < 20 * MB; at += MB / 4)
		store(SRC + at, at + 1);
	assert_int_equal(vmsim_mremap(src, 4 * MB, 4 * MB, MOVE, dst), dst);
	for (unsigned long at = 0; at < 20 * MB; at += MB / 4) {
		unsigned long addr = SRC + at;

		if (addr >= dst && addr < dst + 4 * MB)
			assert_int_equal(load(addr), at - (dst - src) + 1);
		else if (addr < src || addr >= src + 4 * MB)
			assert_int_equal(load(addr), at + 1);
	}
	recount();
	recount_walks();
}

static void test_move_1mb_from_start(void **state)
{
	(void)state;
	map_at(SRC, 20 * MB);
	write_pattern(SRC, MB, 1);
	write_pattern(SRC + MB, 4 * MB, 100);
	assert_int_equal(vmsim_mremap(SRC + MB, 4 * MB, 4 * MB, MOVE, DST + MB), DST + MB);
	check_pattern(SRC, MB, 1);
	check_pattern(DST + MB, 4 * MB, 100);
	recount();
	recount_walks();
}

/* Below the destination lies another mapping, which shares its table. */
static void test_neighbour_below(void **state)
{
	(void)state;
	map_at(SRC + MB, 3 * MB);
	write_pattern(SRC + MB, 3 * MB, 1);
	map_at(DST + MB - PG, PG);
	store(DST + MB - PG, 5);
	assert_int_equal(vmsim_mremap(SRC + MB, 3 * MB, 3 * MB, MOVE, DST + MB), DST + MB);
	assert_int_equal(load(DST + MB - PG), 5);
	check_pattern(DST + MB, 3 * MB, 1);
	recount();
	/* And the same below the source. */
	map_at(SRC + MB - PG, PG);
	store(SRC + MB - PG, 6);
	assert_int_equal(vmsim_mremap(DST + MB, 3 * MB, 3 * MB, MOVE, SRC + MB), SRC + MB);
	assert_int_equal(load(SRC + MB - PG), 6);
	assert_int_equal(load(DST + MB - PG), 5);
	check_pattern(SRC + MB, 3 * MB, 1);
	recount();
	recount_walks();
}

/* Stale translations, and pointers to tables, of the old place are gone on every CPU. */
static void test_old_place_is_gone(void **state)
{
	(void)state;
	map_at(SRC, 4 * MB);
	store(SRC, 1);
	store(SRC + 2 * MB, 2);
	assert_int_equal(vmsim_mremap(SRC, 4 * MB, 4 * MB, MOVE, DST), DST);
	map_at(SRC, 4 * MB);
	assert_int_equal(load(SRC), 0);
	store(SRC + 2 * MB, 3);
	assert_int_equal(load(DST), 1);
	assert_int_equal(load(DST + 2 * MB), 2);
	recount();
	recount_walks();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_cases),
		in_watched_world(test_expand_merge),
		in_watched_world(test_expand_merge_offset),
		in_watched_world(test_move_within_range),
		in_watched_world(test_move_1mb_from_start),
		in_watched_world(test_neighbour_below),
		in_watched_world(test_old_place_is_gone),
	};

	return vmsim_run_tests(tests);
}
