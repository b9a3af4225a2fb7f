// SPDX-License-Identifier: GPL-2.0-only
#include "mlock_test.h"

/* mlock(2), mlock2(2) and munlock(2) of ranges, as Linux 6.12 does them. */

static void test_part_of_a_mapping(void **state)
{
	unsigned long a = map_at(AT, 4, RW, ANON);
	uint64_t faults;

	(void)state;
	store(a + PG, 7);
	assert_int_equal(vmsim_mlock(a + PG, 2 * PG), 0);
	assert_true(mapped_as(a, 1) && mapped_as(a + PG, 2) && mapped_as(a + 3 * PG, 1));
	assert_int_equal(lock_flags(a), 0);
	assert_int_equal(lock_flags(a + PG), VM_LOCKED);
	assert_int_equal(lock_flags(a + 3 * PG), 0);
	/* What was there and what was not: now both are. */
	assert_true(is_mlocked(a + PG) && is_mlocked(a + 2 * PG));
	assert_false(is_there(a) || is_there(a + 3 * PG));
	assert_locked(2, 2);
	faults = stats_now().faults;
	store(a + 2 * PG, 8);
	assert_int_equal(load(a + PG), 7);
	assert_int_equal(stats_now().faults, faults);
	/* A neighbour that becomes locked is one mapping with it. */
	assert_int_equal(vmsim_mlock(a + 3 * PG, PG), 0);
	assert_true(mapped_as(a + PG, 3));
	assert_locked(3, 3);
	/* Once is enough to unlock, whatever was locked how often. */
	assert_int_equal(vmsim_mlock(a, 4 * PG), 0);
	assert_locked(4, 4);
	assert_int_equal(vmsim_munlock(a, 4 * PG), 0);
	assert_true(mapped_as(a, 4));
	assert_locked(0, 0);
	for (int i = 0; i < 4; i++)
		assert_true(is_there(a + i * PG) && !is_mlocked(a + i * PG));
	assert_int_equal(load(a + PG), 7);
	recount();
}

static void test_bytes_are_rounded(void **state)
{
	unsigned long a = map_at(AT, 4, RW, ANON);

	(void)state;
	assert_int_equal(vmsim_mlock(a + PG + 100, 0), 0);
	assert_locked(1, 1);
	assert_int_equal(vmsim_mlock(a + 2 * PG - 1, 2), 0);
	assert_locked(2, 2);
	assert_true(is_mlocked(a + PG) && is_mlocked(a + 2 * PG));
	assert_int_equal(vmsim_munlock(a + 2 * PG + 5, 1), 0);
	assert_locked(1, 1);
	assert_true(is_mlocked(a + PG));
	assert_int_equal(vmsim_mlock(a, 0), 0);
	assert_int_equal(vmsim_munlock(a, 0), 0);
	assert_int_equal(vmsim_mlock(a + PG, -2 * PG), -EINVAL);
	assert_int_equal(vmsim_munlock(-PG, PG), -EINVAL);
	assert_locked(1, 1);
}

static void test_when_it_comes(void **state)
{
	unsigned long a = map_at(AT, 3, RW, ANON);

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_mlock2(a, 3 * PG, MLOCK_ONFAULT << 1), -EINVAL);
	assert_int_equal(vmsim_mlock2(a, 3 * PG, MLOCK_ONFAULT), 0);
	assert_int_equal(lock_flags(a), VM_LOCKED | VM_LOCKONFAULT);
	assert_locked(3, 1);
	assert_true(is_mlocked(a));
	assert_false(is_there(a + PG));
	/* The page of zeroes is nobody's, and cannot be locked. */
	assert_int_equal(load(a + PG), 0);
	assert_locked(3, 1);
	store(a + PG, 2);
	assert_locked(3, 2);
	assert_true(is_mlocked(a + PG));
	/* All of it, after all: what is counted is not counted twice. */
	assert_int_equal(vmsim_mlock(a, 3 * PG), 0);
	assert_int_equal(lock_flags(a), VM_LOCKED);
	assert_locked(3, 3);
	assert_int_equal(page_folio(page_at(vmsim_self->mm, a))->mlock_count, 1);
	assert_int_equal(vmsim_mlock2(a, PG, MLOCK_ONFAULT), 0);
	assert_int_equal(lock_flags(a), VM_LOCKED | VM_LOCKONFAULT);
	assert_locked(3, 3);
	assert_int_equal(vmsim_munlock(a, PG), 0);
	assert_int_equal(lock_flags(a), 0);
	assert_locked(2, 2);
	recount();
}

static void test_holes(void **state)
{
	unsigned long a = map_at(AT, 2, RW, ANON);
	unsigned long b = map_at(AT + 3 * PG, 2, RW, ANON);

	(void)state;
	/* A hole in the middle: what is before it is locked, and nothing is faulted in. */
	assert_int_equal(vmsim_mlock(a + PG, 3 * PG), -ENOMEM);
	assert_int_equal(lock_flags(a + PG), VM_LOCKED);
	assert_int_equal(lock_flags(b), 0);
	assert_locked(1, 0);
	/* At the end, and at the start. */
	assert_int_equal(vmsim_mlock(b, 3 * PG), -ENOMEM);
	assert_locked(3, 0);
	assert_int_equal(vmsim_munlock(b - PG, 2 * PG), -ENOMEM);
	assert_locked(3, 0);
	assert_int_equal(vmsim_munlock(a, 5 * PG), -ENOMEM);
	assert_locked(2, 0);
	assert_int_equal(vmsim_munlock(b, 2 * PG), 0);
	assert_locked(0, 0);
	assert_int_equal(vmsim_mlock(b + 2 * PG, PG), -ENOMEM);
	recount();
}

/* The mappings are locked by then: what is not there yet will be when it can. */
static void test_what_cannot_be_faulted_in(void **state)
{
	int file = vmsim_file_create(world.machine, "f", PG);
	unsigned long a = map_at(AT, 2, PROT_NONE, ANON), b;

	(void)state;
	assert_int_equal(vmsim_mlock(a, 2 * PG), -ENOMEM);
	assert_locked(2, 0);
	assert_int_equal(vmsim_munmap(a, 2 * PG), 0);
	/* Behind the end of a file. */
	b = map_file(file, 2, RW, MAP_SHARED, 0);
	assert_int_equal(vmsim_mlock(b, 2 * PG), -ENOMEM);
	assert_locked(2, 1);
	assert_true(is_mlocked(b));
	assert_int_equal(vmsim_munmap(b, 2 * PG), 0);
	/* No memory, twice: what has come before makes one more try. The caller may try again. */
	a = map_at(AT, 2, RW, ANON);
	store(a, 1);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 2), 0);
	assert_int_equal(vmsim_mlock(a, 2 * PG), -EAGAIN);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 0), 0);
	assert_locked(2, 1);
	assert_int_equal(vmsim_mlock(a, 2 * PG), 0);
	assert_locked(2, 2);
	assert_int_equal(vmsim_munmap(a, 2 * PG), 0);
	assert_locked(0, 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* Private memory that may be written is copied right away; what may only be read is not. */
static void test_which_pages_come(void **state)
{
	int file = vmsim_file_create(world.machine, "f", 4 * PG);
	unsigned long a = map_file(file, 2, RW, MAP_PRIVATE, 0);
	unsigned long b = map_file(file, 2, PROT_READ, MAP_PRIVATE, 0);

	(void)state;
	assert_int_equal(vmsim_mlock(a, 2 * PG), 0);
	assert_rss(2, 0);
	assert_locked(2, 2);
	assert_int_equal(vmsim_mlock(b, 2 * PG), 0);
	assert_rss(2, 2);
	assert_locked(4, 4);
	/* The copy of a page that a write makes is locked instead of it. */
	assert_int_equal(vmsim_mprotect(b, PG, RW), 0);
	assert_locked(4, 4);
	assert_rss(3, 1);
	assert_int_equal(vmsim_madvise(a, PG, MADV_DONTNEED), -EINVAL);
	assert_int_equal(vmsim_munmap(a, 2 * PG), 0);
	assert_locked(2, 2);
	assert_int_equal(vmsim_munmap(b, 2 * PG), 0);
	assert_locked(0, 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* A page stays locked as long as one of its mappings is. */
static void test_two_mappings_of_a_page(void **state)
{
	int file = vmsim_file_create(world.machine, "f", PG);
	unsigned long a = map_file(file, 1, RW, MAP_SHARED, 0);
	unsigned long b = map_file(file, 1, PROT_READ, MAP_SHARED, 0);
	struct folio *folio;

	(void)state;
	assert_int_equal(vmsim_mlock(a, PG), 0);
	folio = page_folio(page_at(vmsim_self->mm, a));
	assert_int_equal(folio->mlock_count, 1);
	/* Which was there. */
	assert_int_equal(load(b), 0);
	assert_int_equal(vmsim_mlock(b, PG), 0);
	assert_int_equal(folio->mlock_count, 2);
	assert_locked(2, 1);
	assert_int_equal(vmsim_munlock(a, PG), 0);
	assert_true(is_mlocked(a) && is_mlocked(b));
	assert_locked(1, 1);
	assert_int_equal(vmsim_munmap(b, PG), 0);
	assert_false(is_mlocked(a));
	assert_locked(0, 0);
	assert_false(folio_test_unevictable(folio));
	assert_int_equal(vmsim_munmap(a, PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

static void test_ends_with_the_process(void **state)
{
	unsigned long a = map_at(AT, 3, RW, ANON);
	int child;

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_mlock(a, 3 * PG), 0);
	assert_locked(3, 3);
	/* A child has the same pages, and nothing locked. */
	child = fork_process();
	become(child);
	assert_int_equal(lock_flags(a), 0);
	assert_int_equal(vmsim_self->mm->locked_vm, 0);
	assert_true(is_mlocked(a));
	store(a, 2);
	assert_false(is_mlocked(a));
	become(world.pid);
	assert_locked(3, 3);
	assert_int_equal(vmsim_exit(), 0);
	become(child);
	assert_locked(0, 0);
	assert_false(is_mlocked(a + PG));
	assert_int_equal(load(a), 2);
	recount();
	assert_int_equal(vmsim_detach(), 0);
	end_process(child);
	assert_int_equal(vmsim_attach(world.machine, 0, world.pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_part_of_a_mapping),
		in_watched_world(test_bytes_are_rounded),
		in_watched_world(test_when_it_comes),
		in_watched_world(test_holes),
		in_watched_world(test_what_cannot_be_faulted_in),
		in_watched_world(test_which_pages_come),
		in_watched_world(test_two_mappings_of_a_page),
		in_watched_world(test_ends_with_the_process),
	};

	return vmsim_run_tests(tests);
}
