// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"

/*
 * What the owner of a mapping hears of it: each mapping that begins by a split, a copy or a fork, and
 * each end. So nothing ends silently by a merge. Some of it the owner may refuse.
 */

#define PAGES 6
#define BASE 0x20000000UL

/* What an owner hears and says. There is one, of all mappings that get its operations. */
static struct owner {
	struct vm_operations_struct ops;
	int file, opened, closed, moved;
	unsigned long refused_split;
	int move_error;
} owner;

static void count_opened(struct vm_area_struct *vma)
{
	(void)vma;
	owner.opened++;
}

static void count_closed(struct vm_area_struct *vma)
{
	/* Its file is there still. */
	assert_non_null(vma->vm_file);
	owner.closed++;
}

static int refuse_split(struct vm_area_struct *vma, unsigned long addr)
{
	(void)vma;
	return addr == owner.refused_split ? -EINVAL : 0;
}

static int count_moved(struct vm_area_struct *vma)
{
	(void)vma;
	owner.moved++;
	return owner.move_error;
}

static void own(unsigned long addr)
{
	vma_at(addr)->vm_ops = &owner.ops;
}

static void map_owned(unsigned long addr, size_t pages, uint64_t page)
{
	assert_int_equal(vmsim_mmap(addr, pages * PG, RW, MAP_SHARED | MAP_FIXED, owner.file,
				    page * PG), addr);
	own(addr);
}

static int owner_begin(void **state)
{
	int err = watched_begin(state);

	owner = (struct owner) { .file = vmsim_file_create(world.machine, "f", 2 * PAGES * PG) };
	assert_true(owner.file >= 0);
	map_owned(BASE, PAGES, 0);
	owner.ops = *vmsim_file_vm_ops(vma_at(BASE)->vm_file);
	owner.ops.open = count_opened;
	owner.ops.close = count_closed;
	owner.ops.may_split = refuse_split;
	owner.ops.mremap = count_moved;
	return err;
}

/* Whatever was opened has been closed, and the first mapping, too. */
static int owner_end(void **state)
{
	if (vmsim_self->machine)
		assert_int_equal(vmsim_munmap(BASE, 2 * PAGES * PG), 0);
	assert_int_equal(owner.closed, owner.opened + 1);
	assert_int_equal(vmsim_file_destroy(world.machine, owner.file), 0);
	return world_end(state);
}

#define assert_heard(opens, closes)				\
do {								\
	assert_int_equal(owner.opened, opens);			\
	assert_int_equal(owner.closed, closes);			\
} while (0)

static void test_parts(void **state)
{
	(void)state;
	assert_int_equal(vmsim_mprotect(BASE + 2 * PG, 2 * PG, PROT_READ), 0);
	assert_int_equal(mappings(), 3);
	assert_heard(2, 0);
	assert_int_equal(vmsim_munmap(BASE + 5 * PG, PG), 0);
	assert_heard(3, 1);
}

/* The middle one would have to go. */
static void test_a_change_merges_none_away(void **state)
{
	(void)state;
	assert_int_equal(vmsim_mprotect(BASE + 2 * PG, 2 * PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(BASE + 2 * PG, 2 * PG, RW), 0);
	assert_int_equal(mappings(), 3);
	assert_heard(2, 0);
	/* What only shrinks stays. */
	assert_int_equal(vmsim_mprotect(BASE + 2 * PG, 2 * PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(BASE + 2 * PG, PG, RW), 0);
	assert_true(mapped_as(BASE, 3));
	assert_true(mapped_as(BASE + 3 * PG, 1));
	assert_heard(2, 0);
}

/* The changed one has no owner that listens, so that it may go; the one behind it may not. */
static void test_a_change_stops_before_one(void **state)
{
	struct vm_operations_struct silent = owner.ops;

	(void)state;
	silent.close = NULL;
	assert_int_equal(vmsim_mprotect(BASE + 2 * PG, 2 * PG, PROT_READ), 0);
	vma_at(BASE + 2 * PG)->vm_ops = &silent;
	assert_int_equal(vmsim_mprotect(BASE + 2 * PG, 2 * PG, RW), 0);
	assert_true(mapped_as(BASE, 4));
	assert_true(mapped_as(BASE + 4 * PG, 2));
	/* One that was opened never ends, for nobody asked. */
	assert_heard(2, 0);
	owner.opened--;
}

/* New memory between two of them becomes a part of the first. */
static void test_a_new_range_merges_none_away(void **state)
{
	(void)state;
	assert_int_equal(vmsim_munmap(BASE + 2 * PG, 2 * PG), 0);
	assert_heard(2, 1);
	map_owned(BASE + 2 * PG, 2, 2);
	assert_true(mapped_as(BASE, 4));
	assert_true(mapped_as(BASE + 4 * PG, 2));
	assert_heard(2, 1);
}

static void test_processes(void **state)
{
	int child;

	(void)state;
	store(BASE, 1);
	child = fork_process();
	assert_heard(1, 0);
	end_process(child);
	assert_heard(1, 1);
}

static void test_moves(void **state)
{
	const unsigned long to = BASE + PAGES * PG;

	(void)state;
	store(BASE, 7);
	assert_int_equal(vmsim_mremap(BASE, PAGES * PG, PAGES * PG, MREMAP_MAYMOVE | MREMAP_FIXED,
				      to), to);
	assert_heard(1, 1);
	assert_int_equal(owner.moved, 1);
	assert_int_equal(load(to), 7);
	owner.move_error = -EBUSY;
	assert_int_equal(vmsim_mremap(to, PAGES * PG, PAGES * PG, MREMAP_MAYMOVE | MREMAP_FIXED,
				      BASE), -EBUSY);
	assert_heard(2, 2);
	assert_int_equal(load(to), 7);
	assert_true(mapped_as(to, PAGES));
	assert_int_equal(mappings(), 1);
}

static void test_a_split_is_refused(void **state)
{
	(void)state;
	owner.refused_split = BASE + 3 * PG;
	assert_int_equal(vmsim_munmap(BASE, 3 * PG), -EINVAL);
	assert_int_equal(vmsim_mprotect(BASE + 3 * PG, PG, PROT_READ), -EINVAL);
	assert_int_equal(vmsim_mremap(BASE, 3 * PG, 3 * PG, MREMAP_MAYMOVE | MREMAP_FIXED,
				      BASE + PAGES * PG), -EINVAL);
	assert_true(mapped_as(BASE, PAGES));
	assert_heard(0, 0);
}

int main(void)
{
#define owned(test) cmocka_unit_test_setup_teardown(test, owner_begin, owner_end)
	const struct CMUnitTest tests[] = {
		owned(test_parts),
		owned(test_a_change_merges_none_away),
		owned(test_a_change_stops_before_one),
		owned(test_a_new_range_merges_none_away),
		owned(test_processes),
		owned(test_moves),
		owned(test_a_split_is_refused),
	};

	return vmsim_run_tests(tests);
}
