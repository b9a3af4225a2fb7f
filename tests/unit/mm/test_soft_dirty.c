// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"
#include <vmsim/pin.h>

/* Soft-dirty bits: since a program cleared them, they tell which of its pages it has written to. */

static void clear_soft_dirty_bits(void)
{
	assert_int_equal(vmsim_clear_refs(VMSIM_CLEAR_SOFT_DIRTY), 0);
}

static pte_t entry(unsigned long addr)
{
	return entry_of(vmsim_self->mm, addr);
}

static bool counts_as_written(unsigned long addr)
{
	return pte_soft_dirty(entry(addr)) || vma_at(addr)->vm_flags & VM_SOFTDIRTY;
}

/* What CPUs have cached must go, too: only a fault sets the bit. */
static void test_writes_are_noticed(void **state)
{
	unsigned long a = map(3, RW, ANON);
	struct vmsim_stats before;

	(void)state;
	store(a, 1);
	store(a + PG, 1);
	assert_true(counts_as_written(a + 2 * PG));
	clear_soft_dirty_bits();
	for (int i = 0; i < 3; i++)
		assert_false(counts_as_written(a + i * PG));
	assert_false(pte_write(entry(a)));
	assert_true(pte_dirty(entry(a)));
	assert_int_equal(load(a + PG), 1);
	before = stats_now();
	store(a, 2);
	assert_int_equal(stats_now().reuses - before.reuses, 1);
	assert_true(counts_as_written(a));
	assert_false(counts_as_written(a + PG));
	/* The page of zeroes was not written to. */
	assert_int_equal(load(a + 2 * PG), 0);
	assert_false(counts_as_written(a + 2 * PG));
	store(a + 2 * PG, 1);
	assert_true(counts_as_written(a + 2 * PG));
	recount();
}

static void test_mprotect_leaves_the_fault(void **state)
{
	unsigned long a = map(1, RW, ANON);

	(void)state;
	store(a, 1);
	clear_soft_dirty_bits();
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(a, PG, RW), 0);
	assert_false(pte_write(entry(a)));
	store(a, 2);
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(a, PG, RW), 0);
	assert_true(pte_write(entry(a)));
}

static void test_shared_memory(void **state)
{
	int file = vmsim_memfd_create(world.machine, "m", 2 * PG);
	unsigned long a = map_file(file, 2, RW, MAP_SHARED, 0);

	(void)state;
	store(a, 1);
	clear_soft_dirty_bits();
	assert_int_equal(load(a + PG), 0);
	assert_false(pte_write(entry(a)));
	assert_false(pte_write(entry(a + PG)));
	assert_int_equal(vmsim_mprotect(a, 2 * PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(a, 2 * PG, RW), 0);
	assert_false(pte_write(entry(a)));
	assert_false(counts_as_written(a));
	store(a, 2);
	store(a + PG, 2);
	assert_true(counts_as_written(a));
	assert_true(counts_as_written(a + PG));
	recount();
	assert_int_equal(vmsim_munmap(a, 2 * PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* A debugger's write counts, where the program itself may not write. */
static void test_force(void **state)
{
	unsigned long a = map(1, RW, ANON);
	uint64_t word = 2;

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	clear_soft_dirty_bits();
	assert_int_equal(vmsim_ptrace_write(world.pid, a, &word, 8), 8);
	assert_true(counts_as_written(a));
	assert_false(pte_write(entry(a)));
	assert_int_equal(load(a), 2);
}

/* Pages that are pinned for writing are written to behind everybody's back: they stay writable. */
static void test_pinned(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct vmsim_pins *pins;
	pte_t before;

	(void)state;
	store(a, 1);
	store(a + PG, 1);
	assert_int_equal(vmsim_pin(a, 1, VMSIM_PIN_WRITE, &pins), 1);
	before = entry(a);
	clear_soft_dirty_bits();
	assert_int_equal(pte_val(entry(a)), pte_val(before));
	assert_false(pte_write(entry(a + PG)));
	assert_int_equal(vmsim_unpin(pins, true), 0);
	clear_soft_dirty_bits();
	assert_false(pte_write(entry(a)));
}

static void test_new_memory_counts_as_written(void **state)
{
	unsigned long a = map(2, RW, ANON);

	(void)state;
	assert_int_equal(vmsim_munmap(a + PG, PG), 0);
	clear_soft_dirty_bits();
	assert_false(counts_as_written(a));
	assert_int_equal(vmsim_mmap(a + PG, PG, RW, ANON | MAP_FIXED, VMSIM_NO_FILE, 0), a + PG);
	assert_true(mapped_as(a, 2));
	assert_true(counts_as_written(a + PG));
	assert_true(counts_as_written(a));
}

static void test_a_child_inherits(void **state)
{
	unsigned long a = map(2, RW, ANON);
	int child;

	(void)state;
	store(a, 1);
	store(a + PG, 1);
	clear_soft_dirty_bits();
	store(a, 2);
	child = fork_process();
	become(child);
	assert_true(counts_as_written(a));
	assert_false(counts_as_written(a + PG));
	become(world.pid);
	end_process(child);
}

static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(vmsim_clear_refs(0), -EINVAL);
	assert_int_equal(vmsim_clear_refs(6), -EINVAL);
	assert_int_equal(vmsim_clear_refs(1), -EOPNOTSUPP);
	assert_int_equal(vmsim_clear_refs(5), -EOPNOTSUPP);
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_clear_refs(VMSIM_CLEAR_SOFT_DIRTY), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_writes_are_noticed),
		in_watched_world(test_mprotect_leaves_the_fault),
		in_watched_world(test_shared_memory),
		in_watched_world(test_force),
		in_watched_world(test_pinned),
		in_watched_world(test_new_memory_counts_as_written),
		in_watched_world(test_a_child_inherits),
		in_watched_world(test_numbers),
	};

	return vmsim_run_tests(tests);
}
