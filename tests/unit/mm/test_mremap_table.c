// SPDX-License-Identifier: GPL-2.0-only
#include "walk_recount.h"
#include "pgtable/table.h"

/*
 * What the kernel's test of mremap() tries (tools/testing/selftests/mm/mremap_test.c, Linux 6.12):
 * moves by how source and destination are aligned. Beside the contents: how many tables went as a
 * whole, and how many flushes that took.
 */

#define MB (1UL << 20)
#define GB (1UL << 30)
#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)

/* Whole where the architecture can move tables. */
#define WHOLE(yes, no) (IS_ENABLED(CONFIG_S390) ? (no) : (yes))

#if defined(VMSIM_ARCH_X86_PAE)
#define SRC 0x10000000UL
#define DST 0x50000000UL
#else
#define SRC 0x40000000UL
#define DST 0x200000000UL
#endif

static unsigned int allocated, hooked[6];

static void count_tables(void *arg, const struct vmsim_event *event)
{
	(void)arg;
	if (event->kind == VMSIM_EV_TABLE_ALLOC)
		allocated++;
	else if (event->arg[2])
		hooked[page_ptdesc(pfn_to_page(chk_pfn(event->arg[2])))->pt_level]++;
}

struct test_case {
	const char *name;
	unsigned long src, dst, len;	/* offsets from SRC and DST */
	unsigned long preamble;
	int err;
	unsigned int pmds, puds;	/* tables that go as a whole */
	unsigned int moves;		/* flushes: one for each, and for each part of a table */
};

/* "Aligned to 1 MB" means to nothing above that, as in the kernel's test. */
static const struct test_case cases[] = {
	{ "regions overlap", 0, 0, 2 * PG, .err = -EINVAL },
	{ "destination misaligned", 0, 1024, PG, .err = -EINVAL },
	{ "source misaligned", 1024, 0, PG, .err = -EINVAL },
	{ "8 KB, PTE to PTE", PG, PG, 2 * PG, .moves = 1 },
	{ "2 MB, 1 MB to PTE", MB, PG, 2 * MB, .moves = 3 },
	{ "2 MB, 1 MB to 1 MB", MB, MB, 2 * MB, .pmds = WHOLE(1, 0), .moves = 2 },
	{ "4 MB, PMD to PTE", 2 * MB, PG, 4 * MB, .moves = 3 },
	{ "4 MB, PMD to 1 MB", 2 * MB, MB, 4 * MB, .moves = 4 },
	{ "4 MB, PMD to PMD", 2 * MB, 2 * MB, 4 * MB, .pmds = WHOLE(2, 0), .moves = 2 },
#if !defined(VMSIM_ARCH_X86_PAE)	/* where two such regions do not fit */
	{ "2 GB, PUD to PTE", 0, PG, 2 * GB, .moves = 33 },
	{ "2 GB, PUD to 1 MB", 0, MB, 2 * GB, .moves = 33 },
	{ "2 GB, PUD to PMD", 0, 2 * MB, 2 * GB, .pmds = WHOLE(33, 0), .moves = 33 },
	{ "2 GB, PUD to PUD", 0, 0, 2 * GB, .puds = WHOLE(2, 0), .moves = WHOLE(2, 33) },
#endif
	{ "5 MB, 1 MB to 1 MB", MB, MB, 5 * MB, .pmds = WHOLE(3, 0), .moves = 3 },
	{ "5 MB, 1 MB to 1 MB, preamble", MB, 41 * MB, 5 * MB, .preamble = 40 * MB,
	  .pmds = WHOLE(2, 0), .moves = 3 },
};

static unsigned long stride(unsigned long len)
{
	return PG + (len < 64 * MB ? MB / 2 : 64 * MB);
}

static unsigned long next_page(unsigned long offset, unsigned long len)
{
	if (offset == len - PG)
		return len;
	return min(offset + stride(len), len - PG);
}

static void map_at(unsigned long addr, unsigned long len)
{
	assert_int_equal(vmsim_mmap(addr, len, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), addr);
}

static void write_pattern(unsigned long addr, unsigned long len, uint64_t seed)
{
	for (unsigned long at = 0; at < len; at = next_page(at, len))
		store(addr + at, seed + at);
}

/* Tables know which addresses they translate. */
static void check_base(unsigned long addr)
{
	const pte_t *ptep = chk_find_pte(vmsim_self->mm, addr);

	assert_non_null(ptep);
	assert_int_equal(page_ptdesc(virt_to_page(ptep))->pt_base, addr & PMD_MASK);
}

static void check_pattern(unsigned long addr, unsigned long len, uint64_t seed)
{
	for (unsigned long at = 0; at < len; at = next_page(at, len)) {
		check_base(addr + at);
		assert_int_equal(load(addr + at), seed + at);
	}
}

static void check_refused(const struct test_case *c)
{
	unsigned long to = c->src + c->dst ? DST + c->dst : SRC + PG;

	map_at(SRC, 4 * PG);
	assert_int_equal(vmsim_mremap(SRC + c->src, c->len, c->len, MOVE, to), c->err);
	assert_int_equal(vmsim_munmap(SRC, 4 * PG), 0);
}

/* Tables that were hooked in, and are not new. */
static void check_tables(const struct test_case *c)
{
	unsigned int moved = hooked[VMSIM_LEVEL_PTE] + hooked[VMSIM_LEVEL_PMD] +
			     hooked[VMSIM_LEVEL_PUD] + hooked[VMSIM_LEVEL_P4D] - allocated;

	assert_int_equal(moved, c->pmds + c->puds);
	if (c->puds)
		assert_int_equal(hooked[VMSIM_LEVEL_PMD], c->puds);
}

static void check_move(const struct test_case *c)
{
	unsigned long src = SRC + c->src, dst = DST + c->dst;
	const u64 kinds = VMSIM_EV_BIT(TABLE_ALLOC) | VMSIM_EV_BIT(TABLE_SET);
	uint64_t before;

	map_at(src, c->len);
	write_pattern(src, c->len, 1);
	if (c->preamble) {
		map_at(dst - c->preamble, c->preamble);
		write_pattern(dst - c->preamble, c->preamble, 7);
	}
	allocated = 0;
	memset(hooked, 0, sizeof(hooked));
	before = stats_now().flushes;
	assert_int_equal(vmsim_subscribe(world.machine, kinds, count_tables, NULL), 0);
	assert_int_equal(vmsim_mremap(src, c->len, c->len, MOVE, dst), dst);
	assert_int_equal(vmsim_unsubscribe(world.machine, count_tables, NULL), 0);
	/* The last one is for the tables that served the source, if it has any left. */
	assert_int_equal(stats_now().flushes - before, c->moves + !c->puds);
	check_tables(c);
	check_pattern(dst, c->len, 1);
	if (c->preamble)
		check_pattern(dst - c->preamble, c->preamble, 7);
	recount();
	assert_true(recount_walks() > 0);
	assert_int_equal(vmsim_munmap(dst - c->preamble, c->preamble + c->len), 0);
	recount();
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("%s\n", cases[i].name);
		if (cases[i].err)
			check_refused(&cases[i]);
		else
			check_move(&cases[i]);
	}
	assert_int_equal(stats_now().frames_free + stats_now().tables, world.frames_free);
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
