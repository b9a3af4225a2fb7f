// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"

static void test_mmap_refuses_what_a_kernel_refuses(void **state)
{
	int file = vmsim_file_create(world.machine, "f", 4 * PG);

	(void)state;
	assert_true(file > 0);
	assert_int_equal(vmsim_mmap(0, 0, RW, ANON, -1, 0), -EINVAL);
	assert_int_equal(vmsim_mmap(0, PG, RW, MAP_ANONYMOUS, -1, 0), -EINVAL);
	assert_int_equal(vmsim_mmap(0, ~0UL, RW, ANON, -1, 0), -ENOMEM);
	assert_int_equal(vmsim_mmap(0, 1UL << 60, RW, ANON, -1, 0), -ENOMEM);
	assert_int_equal(vmsim_mmap(0, PG, RW, MAP_PRIVATE, file + 1, 0), -EBADF);
	assert_int_equal(vmsim_mmap(0, PG, RW, MAP_PRIVATE, -1, 0), -EBADF);
	assert_int_equal(vmsim_mmap(0, PG, RW, MAP_PRIVATE, file, 1), -EINVAL);
	assert_int_equal(vmsim_mmap(0, PG, RW, MAP_PRIVATE, file, -PG), -EOVERFLOW);
	assert_int_equal(vmsim_mmap(0x100001, PG, RW, ANON | MAP_FIXED, -1, 0), -EINVAL);
	assert_int_equal(vmsim_mmap(0x1000, PG, RW, ANON | MAP_FIXED, -1, 0), -EPERM);
	assert_int_equal(vmsim_mmap(-2 * PG, PG, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM);
	assert_int_equal(vmsim_mmap(0, PG, RW, ANON | MAP_GROWSDOWN, -1, 0), -EOPNOTSUPP);
	assert_int_equal(vmsim_mmap(0, PG, RW, ANON | MAP_HUGETLB, -1, 0), -EOPNOTSUPP);
	assert_int_equal(mappings(), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

static void test_mmap_places(void **state)
{
	unsigned long top = map(4, RW, ANON | MAP_NORESERVE);
	unsigned long below;

	(void)state;
	assert_int_equal(top + 4 * PG, vmsim_self->mm->mmap_base);
	/* Another protection, so that the two do not merge. */
	below = map(2, PROT_READ, ANON);
	assert_int_equal(below + 2 * PG, top);
	/* A hole is used again, from its top. */
	assert_int_equal(vmsim_munmap(top, 2 * PG), 0);
	assert_int_equal(map(1, PROT_NONE, ANON), top + PG);
	/* Too big for the hole: below everything. */
	assert_int_equal(map(2, PROT_EXEC, ANON), below - 2 * PG);
	/* A wish is granted if it is free, rounded down. */
	assert_int_equal(vmsim_mmap(0x10000123, PG, RW, ANON, -1, 0), 0x10000000);
	assert_true(vmsim_mmap(0x10000000, PG, PROT_READ, ANON, -1, 0) > 0x20000000);
	assert_int_equal(vmsim_mmap(0x10000000, PG, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0),
			 -EEXIST);
	assert_int_equal(vmsim_mmap(0x10001000, PG, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0),
			 0x10001000);
}

static void test_map_fixed_replaces(void **state)
{
	unsigned long a = map(5, RW, ANON);

	(void)state;
	for (int i = 0; i < 5; i++)
		store(a + i * PG, 1 + i);
	assert_rss(5, 0);
	assert_int_equal(vmsim_mmap(a + PG, 3 * PG, PROT_READ, ANON | MAP_FIXED, -1, 0), a + PG);
	assert_rss(2, 0);
	assert_int_equal(mappings(), 3);
	assert_int_equal(load(a), 1);
	assert_int_equal(load(a + PG), 0);
	assert_int_equal(load(a + 4 * PG), 5);
}

static void test_munmap(void **state)
{
	unsigned long a = map(6, RW, ANON);

	(void)state;
	for (int i = 0; i < 6; i++)
		store(a + i * PG, i);
	assert_int_equal(vmsim_munmap(a + 1, PG), -EINVAL);
	assert_int_equal(vmsim_munmap(a, 0), -EINVAL);
	assert_int_equal(vmsim_munmap(a, ~0UL), -EINVAL);
	assert_int_equal(vmsim_munmap(-PG, 2 * PG), -EINVAL);
	assert_rss(6, 0);
	/* A hole in the middle, then one over the rest and beyond. */
	assert_int_equal(vmsim_munmap(a + 2 * PG, PG + 1), 0);
	assert_rss(4, 0);
	assert_int_equal(mappings(), 2);
	assert_true(mapped_as(a, 2));
	assert_true(mapped_as(a + 4 * PG, 2));
	assert_int_equal(vmsim_store(a + 2 * PG, 8, 1), SIGSEGV);
	assert_int_equal(vmsim_munmap(a - 16 * PG, 21 * PG), 0);
	assert_true(mapped_as(a + 5 * PG, 1));
	assert_rss(1, 0);
	assert_int_equal(load(a + 5 * PG), 5);
	/* Nothing there: nothing to do. */
	assert_int_equal(vmsim_munmap(a, 4 * PG), 0);
}

/* A page table goes only when nobody else has pages in it. */
static void test_munmap_leaves_tables_of_others(void **state)
{
	const unsigned long a = 0x40000000;

	(void)state;
	assert_int_equal(vmsim_mmap(a, 6 * PG, RW, ANON | MAP_FIXED, -1, 0), a);
	for (int i = 0; i < 6; i++)
		store(a + i * PG, 10 + i);
	assert_int_equal(vmsim_munmap(a + 4 * PG, 2 * PG), 0);
	assert_int_equal(load(a), 10);
	assert_int_equal(vmsim_munmap(a, 2 * PG), 0);
	assert_int_equal(load(a + 2 * PG), 12);
	assert_rss(2, 0);
	assert_int_equal(vmsim_munmap(a + 2 * PG, 2 * PG), 0);
	settle();
	assert_int_equal(stats_now().tables, 1);
}

static void test_mprotect(void **state)
{
	unsigned long a = map(5, RW, ANON);

	(void)state;
	for (int i = 0; i < 5; i++)
		store(a + i * PG, i);
	assert_int_equal(vmsim_mprotect(a + 1, PG, RW), -EINVAL);
	assert_int_equal(vmsim_mprotect(a, PG, 0x100), -EINVAL);
	assert_int_equal(vmsim_mprotect(a, 0, RW), 0);
	assert_int_equal(vmsim_mprotect(a, -PG, RW), -ENOMEM);
	assert_int_equal(vmsim_mprotect(a - PG, PG, RW), -ENOMEM);

	assert_int_equal(vmsim_mprotect(a + PG, 3 * PG, PROT_READ), 0);
	assert_int_equal(mappings(), 3);
	assert_int_equal(vmsim_store(a + PG, 8, 9), SIGSEGV);
	assert_int_equal(load(a + PG), 1);
	store(a, 7);
	store(a + 4 * PG, 7);
	/* A part back: it joins its neighbour. */
	assert_int_equal(vmsim_mprotect(a + PG, PG, RW), 0);
	assert_int_equal(mappings(), 3);
	assert_true(mapped_as(a, 2));
	assert_int_equal(vmsim_mprotect(a + 2 * PG, 2 * PG, RW), 0);
	assert_int_equal(mappings(), 1);
	store(a + 3 * PG, 8);
	assert_int_equal(load(a + 2 * PG), 2);

	assert_int_equal(vmsim_mprotect(a, 5 * PG, PROT_NONE), 0);
	assert_int_equal(vmsim_load(a, 8, &(uint64_t){ 0 }), SIGSEGV);
	assert_int_equal(vmsim_fetch(a), SIGSEGV);
	assert_int_equal(vmsim_mprotect(a, 5 * PG, PROT_READ | PROT_EXEC), 0);
	assert_int_equal(vmsim_fetch(a), 0);
	assert_int_equal(load(a), 7);
	assert_rss(5, 0);
}

static void test_mprotect_stops_at_a_hole(void **state)
{
	unsigned long a = map(3, RW, ANON);

	(void)state;
	assert_int_equal(vmsim_munmap(a + PG, PG), 0);
	assert_int_equal(vmsim_mprotect(a, 3 * PG, PROT_READ), -ENOMEM);
	assert_int_equal(vmsim_store(a, 8, 1), SIGSEGV);
	store(a + 2 * PG, 1);
}

/* Exclusive pages become writable with their mapping: no fault follows. */
static void test_mprotect_saves_faults(void **state)
{
	unsigned long a = map(3, RW, ANON);
	uint64_t faults;

	(void)state;
	store(a, 1);
	assert_int_equal(load(a + PG), 0);
	assert_int_equal(vmsim_mprotect(a, 3 * PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(a, 3 * PG, RW), 0);
	faults = stats_now().faults;
	store(a, 2);
	assert_int_equal(stats_now().faults, faults);
	/* The zero page is nobody's: it does fault, and is copied. */
	assert_int_equal(touch(a + PG, PROT_WRITE), VMSIM_FAULT_COPY);
	assert_int_equal(stats_now().faults, faults + 1);
}

static void test_brk(void **state)
{
	unsigned long start = 0x10000000;

	(void)state;
	assert_int_equal(vmsim_brk_start(1), -EINVAL);
	assert_int_equal(vmsim_brk_start(start + 0x10), 0);
	assert_int_equal(vmsim_brk(0), start + 0x10);
	assert_int_equal(vmsim_brk(start), start + 0x10);
	/* The page in which it starts is the program's own. */
	assert_int_equal(vmsim_brk(start + 0x20), start + 0x20);
	assert_int_equal(mappings(), 0);
	assert_int_equal(vmsim_brk_start(start), -EBUSY);
	assert_int_equal(vmsim_brk(start + PG + 1), start + PG + 1);
	assert_true(mapped_as(start + PG, 1));
	store(start + PG, 3);
	assert_int_equal(vmsim_brk(start + 4 * PG), start + 4 * PG);
	assert_int_equal(mappings(), 1);
	assert_true(mapped_as(start + PG, 3));
	store(start + 3 * PG, 4);
	assert_rss(2, 0);
	/* A mapping in the way, with a page between. */
	assert_int_equal(vmsim_mmap(start + 6 * PG, PG, PROT_READ, ANON | MAP_FIXED, -1, 0),
			 start + 6 * PG);
	assert_int_equal(vmsim_brk(start + 6 * PG), start + 4 * PG);
	assert_int_equal(vmsim_brk(start + 5 * PG), start + 5 * PG);
	/* Back to less: what is above is gone. */
	assert_int_equal(vmsim_brk(start + PG + 1), start + PG + 1);
	assert_rss(1, 0);
	assert_int_equal(vmsim_load(start + 3 * PG, 8, &(uint64_t){ 0 }), SIGSEGV);
	assert_int_equal(vmsim_brk(-1UL), start + PG + 1);
}

static void test_madvise_dontneed(void **state)
{
	unsigned long a = map(4, RW, ANON);

	(void)state;
	for (int i = 0; i < 4; i++)
		store(a + i * PG, 5 + i);
	assert_int_equal(vmsim_madvise(a + 1, PG, MADV_DONTNEED), -EINVAL);
	assert_int_equal(vmsim_madvise(a, PG, 12345), -EINVAL);
	assert_int_equal(vmsim_madvise(a, PG, MADV_FREE), -EOPNOTSUPP);
	assert_int_equal(vmsim_madvise(a, 0, MADV_DONTNEED), 0);
	assert_int_equal(vmsim_madvise(a + PG, 2 * PG, MADV_DONTNEED), 0);
	assert_rss(2, 0);
	assert_int_equal(load(a), 5);
	assert_int_equal(load(a + PG), 0);
	assert_int_equal(load(a + 2 * PG), 0);
	assert_int_equal(load(a + 3 * PG), 8);
	assert_int_equal(mappings(), 1);
	/* Over a hole: done where there is something, and told. */
	assert_int_equal(vmsim_munmap(a + PG, PG), 0);
	assert_int_equal(vmsim_madvise(a, 4 * PG, MADV_DONTNEED), -ENOMEM);
	assert_rss(0, 0);
	assert_int_equal(load(a + 3 * PG), 0);
}

static void test_msync_refuses(void **state)
{
	unsigned long a = map(2, RW, ANON);

	(void)state;
	assert_int_equal(vmsim_msync(a + 1, PG, MS_SYNC), -EINVAL);
	assert_int_equal(vmsim_msync(a, PG, MS_SYNC | MS_ASYNC), -EINVAL);
	assert_int_equal(vmsim_msync(a, PG, 0x80), -EINVAL);
	assert_int_equal(vmsim_msync(a, PG, MS_SYNC), 0);
	assert_int_equal(vmsim_msync(a - PG, 2 * PG, MS_SYNC), -ENOMEM);
	assert_int_equal(vmsim_msync(a, 3 * PG, MS_SYNC), -ENOMEM);
}

static void test_access_refuses(void **state)
{
	unsigned long a = map(1, RW, ANON);
	uint64_t value;

	(void)state;
	assert_int_equal(vmsim_load(a, 3, &value), -EINVAL);
	assert_int_equal(vmsim_load(a + 4, 8, &value), -EINVAL);
	assert_int_equal(vmsim_load(a, 16, &value), -EINVAL);
	assert_int_equal(vmsim_load(a, 8, NULL), -EINVAL);
	assert_int_equal(vmsim_store(a + 1, 2, 0), -EINVAL);
	assert_int_equal(vmsim_touch(a, RW, NULL), -EINVAL);
	assert_int_equal(vmsim_load(0, 8, &value), SIGSEGV);
	assert_int_equal(vmsim_load(vmsim_self->mm->task_size, 8, &value), SIGSEGV);
	assert_int_equal(vmsim_store(-8UL, 8, 0), SIGSEGV);
	assert_int_equal(vmsim_touch(-8UL, PROT_WRITE, NULL), SIGSEGV);
}

static void test_sizes(void **state)
{
	unsigned long a = map(1, RW, ANON);
	uint64_t value;

	(void)state;
	store(a, 0x1122334455667788);
	assert_int_equal(vmsim_load(a, 1, &value), 0);
	assert_int_equal(value, 0x88);
	assert_int_equal(vmsim_load(a + 2, 2, &value), 0);
	assert_int_equal(value, 0x5566);
	assert_int_equal(vmsim_store(a + 4, 4, 0xaabbccdd), 0);
	assert_int_equal(load(a), 0xaabbccdd55667788);
}

static void test_copy(void **state)
{
	unsigned long a = map(3, RW, ANON);

	(void)state;
	for (unsigned int i = 0; i < 512; i++)
		store(a + i * 8, i + 1);
	assert_int_equal(vmsim_copy(a + 2 * PG, a, PG), 0);
	assert_int_equal(load(a + 2 * PG), 1);
	assert_int_equal(load(a + 3 * PG - 8), 512);
	/* Bytes, over a page boundary. */
	assert_int_equal(vmsim_copy(a + PG - 3, a, 9), 0);
	assert_int_equal(load(a + PG) & 0xff, 0);
	assert_int_equal(vmsim_copy(a + 2 * PG, a, 2 * PG), SIGSEGV);
}

static void test_needs_a_thread(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_mmap(0, PG, RW, ANON, -1, 0), -ESRCH);
	assert_int_equal(vmsim_munmap(0, PG), -ESRCH);
	assert_int_equal(vmsim_mprotect(0, PG, RW), -ESRCH);
	assert_int_equal(vmsim_madvise(0, PG, MADV_DONTNEED), -ESRCH);
	assert_int_equal(vmsim_msync(0, PG, MS_SYNC), -ESRCH);
	assert_int_equal(vmsim_brk(0), -ESRCH);
	assert_int_equal(vmsim_brk_start(0x100000), -ESRCH);
	assert_int_equal(vmsim_exec("x"), -ESRCH);
	assert_int_equal(vmsim_exit(), -ESRCH);
	assert_int_equal(vmsim_vfork("x"), -ESRCH);
	assert_int_equal(vmsim_fork("x"), -ESRCH);
	assert_int_equal(vmsim_load(0, 8, &value), -ESRCH);
	assert_int_equal(vmsim_store(0, 8, 0), -ESRCH);
	assert_int_equal(vmsim_fetch(0), -ESRCH);
	assert_int_equal(vmsim_copy(0, 0, 8), -ESRCH);
	assert_int_equal(vmsim_touch(0, PROT_READ, NULL), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_mmap_refuses_what_a_kernel_refuses),
		in_world(test_mmap_places),
		in_world(test_map_fixed_replaces),
		in_world(test_munmap),
		in_world(test_munmap_leaves_tables_of_others),
		in_world(test_mprotect),
		in_world(test_mprotect_stops_at_a_hole),
		in_world(test_mprotect_saves_faults),
		in_world(test_brk),
		in_world(test_madvise_dontneed),
		in_world(test_msync_refuses),
		in_world(test_access_refuses),
		in_world(test_sizes),
		in_world(test_copy),
		in_world(test_needs_a_thread),
	};

	return vmsim_run_tests(tests);
}
