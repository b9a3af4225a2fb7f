// SPDX-License-Identifier: GPL-2.0-only
#include "walk_recount.h"
#include "failing_objects.h"

/*
 * mremap() that fails at its k-th allocation, for every k up to the one at which it succeeds,
 * leaves everything where it was: mappings, pages, tables, anon_vmas.
 */

#define MB (1UL << 20)
#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)
#define SRC 0x10000000UL
#define DST 0x50000000UL

struct memory {
	unsigned long src, dst, len;
};

static void map_at(unsigned long addr, unsigned long len)
{
	assert_int_equal(vmsim_mmap(addr, len, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), addr);
}

static void check_pages(unsigned long addr, unsigned long len)
{
	for (unsigned long at = 0; at < len; at += MB / 4)
		assert_int_equal(load(addr + at), at + 1);
}

static struct memory make_memory(unsigned long src, unsigned long dst, unsigned long len)
{
	map_at(src - PG, len + 2 * PG);
	for (unsigned long at = 0; at < len; at += MB / 4)
		store(src + at, at + 1);
	return (struct memory) { .src = src, .dst = dst, .len = len };
}

static void check_after_failure(const struct memory *mem, const struct shape *before)
{
	struct shape now;

	settle();
	now = shape_now();
	assert_memory_equal(&now, before, sizeof(now));
	recount();
	recount_walks();
	check_pages(mem->src, mem->len);
	assert_int_equal(vmsim_self->mm->total_vm, (mem->len >> PAGE_SHIFT) + 2);
}

/* Returns the number of the allocation from which on there was none to fail. */
static unsigned int fail_each(const struct memory *mem, bool frames)
{
	struct shape before;

	settle();
	before = shape_now();
	for (unsigned int k = 1;; k++) {
		long result;

		objects = 0;
		if (frames)
			assert_int_equal(vmsim_fail_pages(world.machine, k, 1), 0);
		else
			objects_fail_at = k;
		result = vmsim_mremap(mem->src, mem->len, mem->len, MOVE, mem->dst);
		assert_int_equal(vmsim_fail_pages(world.machine, 1, 0), 0);
		objects_fail_at = 0;
		if (result > 0) {
			recount();
			recount_walks();
			check_pages(mem->dst, mem->len);
			return k;
		}
		assert_int_equal(result, -ENOMEM);
		check_after_failure(mem, &before);
	}
}

static void come_back(const struct memory *mem)
{
	assert_int_equal(vmsim_mremap(mem->dst, mem->len, mem->len, MOVE, mem->src), mem->src);
	check_pages(mem->src, mem->len);
	recount();
	recount_walks();
}

/* Entry by entry: the two places are not aligned to each other. */
static void test_entries(void **state)
{
	struct memory mem = make_memory(SRC + MB, DST + 2 * PG, 5 * MB);

	(void)state;
	/* Three PTE tables, and one above. */
	assert_int_equal(fail_each(&mem, true), 5);
	come_back(&mem);
	assert_true(fail_each(&mem, false) > 2);
}

/* Whole tables, and entries before and behind them. */
static void test_tables(void **state)
{
	struct memory mem = make_memory(SRC + MB, DST + MB, 6 * MB);

	(void)state;
	/* Two of four PTE tables go as they are. */
	assert_int_equal(fail_each(&mem, true), IS_ENABLED(CONFIG_S390) ? 6 : 4);
	come_back(&mem);
	assert_true(fail_each(&mem, false) > 2);
}

/* Mappings of a child of a child, with links to the anon_vmas of their ancestors'. */
static void test_family(void **state)
{
	int first = world.pid, child = fork_process(), grandchild;
	struct memory mem;

	(void)state;
	end_process(child);
	mem = make_memory(SRC + MB, DST + MB + PG, 4 * MB);
	child = fork_process();
	become(child);
	store(mem.src, 1);
	grandchild = fork_process();
	become(grandchild);
	world.pid = grandchild;
	store(mem.src + MB, MB + 1);
	assert_true(fail_each(&mem, true) > 4);
	come_back(&mem);
	assert_true(fail_each(&mem, false) > 4);
	world.pid = first;
	become(first);
	check_pages(mem.src, mem.len);
	end_process(grandchild);
	end_process(child);
	recount();
}

/* Growth in place over a neighbour whose pages are found through the mapping from then on. */
static void test_growth(void **state)
{
	unsigned int k = 0;
	long result;

	(void)state;
	map_at(SRC, 2 * PG);
	map_at(SRC + 4 * PG, PG);
	store(SRC + 4 * PG, 5);
	do {
		struct shape before = shape_now(), now;

		objects = 0;
		objects_fail_at = ++k;
		result = vmsim_mremap(SRC, 2 * PG, 4 * PG, 0, 0);
		objects_fail_at = 0;
		recount();
		recount_walks();
		now = shape_now();
		if (result < 0)
			assert_memory_equal(&now, &before, sizeof(now));
	} while (result == -ENOMEM);
	assert_int_equal(result, SRC);
	assert_int_equal(k, 2);
	assert_true(mapped_as(SRC, 5));
}

static const struct vm_area_struct *mapping_at(unsigned long addr)
{
	struct vm_area_struct *vma = vmsim_vma_first(&vmsim_self->mm->mm_mt);

	while (vma && vma->vm_end <= addr)
		vma = vmsim_vma_next(vma);
	return vma && vma->vm_start <= addr ? vma : NULL;
}

static bool is_promised(unsigned long addr)
{
	const struct vm_area_struct *vma = mapping_at(addr);

	return vma && vma->vm_flags & VM_ACCOUNT;
}

/*
 * Pages leave the middle of a mapping, and it cannot be split: it stays, empty, and what was
 * promised of memory has gone with the pages.
 */
static void test_left_behind(void **state)
{
	unsigned int left = 0;
	bool stays = true;

	(void)state;
	for (unsigned int k = 1; stays; k++) {
		long result;

		map_at(SRC, 4 * PG);
		store(SRC + PG, 7);
		objects = 0;
		objects_fail_at = k;
		result = vmsim_mremap(SRC + PG, 2 * PG, 2 * PG, MOVE, DST);
		objects_fail_at = 0;
		recount();
		recount_walks();
		stays = mapping_at(SRC + PG) != NULL;
		left += stays && result > 0;
		assert_int_equal(is_promised(SRC), !stays || result < 0);
		assert_int_equal(is_promised(SRC + 3 * PG), !stays || result < 0);
		assert_int_equal(is_promised(DST), result > 0);
		assert_int_equal(load(result > 0 ? DST : SRC + PG), 7);
		assert_int_equal(vmsim_munmap(SRC, 4 * PG), 0);
		assert_int_equal(vmsim_munmap(DST, 2 * PG), 0);
	}
	/* Each of two splits may fail for want of two objects. */
	assert_int_equal(left, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_entries),
		in_watched_world(test_tables),
		in_watched_world(test_family),
		in_watched_world(test_growth),
		in_watched_world(test_left_behind),
	};

	return vmsim_run_tests(tests);
}
