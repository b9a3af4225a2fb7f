/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TEST_MREMAP_CASES_H
#define VMSIM_TEST_MREMAP_CASES_H

#include "walk_recount.h"
#include "pgtable/table.h"

/*
 * Moves of mappings. Beside the contents: how many tables went as a whole, and how many flushes that
 * took.
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

static inline void map_at(unsigned long addr, unsigned long len)
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

static inline void check_refused(const struct test_case *c)
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

static inline void check_move(const struct test_case *c)
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

static inline void check_cases(const struct test_case *cases, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		print_message("%s\n", cases[i].name);
		if (cases[i].err)
			check_refused(&cases[i]);
		else
			check_move(&cases[i]);
	}
	assert_int_equal(stats_now().frames_free + stats_now().tables, world.frames_free);
}

#endif
