// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"
#include <mm/internal.h>

/*
 * retract_page_tables() and what is around it: whose tables go, whose stay, and that a table lasts
 * as long as somebody may be in it.
 */
#define PAGES 3
#define TABLE PMD_SIZE
#define HERE 0x40000000UL

static int file;

static int begin(void **state)
{
	int err = watched_begin(state);

	file = vmsim_file_create(world.machine, "f", TABLE + PAGES * PG);
	assert_true(file > 0);
	return err;
}

static int end(void **state)
{
	assert_int_equal(vmsim_munmap(HERE, 64 * TABLE), 0);
	settle();
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
	return world_end(state);
}

#define with_file(test) cmocka_unit_test_setup_teardown(test, begin, end)

/* The beginning of the file, or what follows its first @skip pages. */
static void map_here(unsigned long addr, unsigned long len, int flags, unsigned long skip)
{
	assert_int_equal(vmsim_mmap(addr, len, RW, flags | MAP_FIXED_NOREPLACE, file, skip * PG),
			 addr);
}

static bool has_table(int pid, unsigned long addr)
{
	return chk_find_pte(mm_of(pid), addr);
}

static void retract(void)
{
	assert_int_equal(vmsim_file_retract(file, 0), 0);
}

static void test_table_goes(void **state)
{
	struct mm_struct *mm = vmsim_self->mm;
	long tables;
	pmd_t *pmd;

	(void)state;
	map_here(HERE, TABLE, MAP_SHARED, 0);
	store(HERE, 1);
	store(HERE + PG, 2);
	assert_rss(0, 2);
	tables = atomic_long_read(&mm->pgtables_bytes);
	retract();
	pmd = in_kernel(mm_find_pmd(mm, HERE));
	assert_non_null(pmd);
	assert_true(pmd_none(in_kernel(pmdp_get(pmd))));
	assert_rss(0, 0);
	assert_int_equal(tables - atomic_long_read(&mm->pgtables_bytes), PG);
	recount();
	/* What was stored is in the file, and a new table is made for it. */
	assert_int_equal(touch(HERE, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_int_equal(load(HERE), 1);
	assert_int_equal(load(HERE + PG), 2);
	assert_int_equal(atomic_long_read(&mm->pgtables_bytes), tables);
	recount();
}

/* Its frame is not free before a grace period has passed. */
static void test_table_lasts(void **state)
{
	uint64_t tables;

	(void)state;
	map_here(HERE, TABLE, MAP_SHARED, 0);
	store(HERE, 1);
	settle();
	tables = stats_now().tables;
	vmsim_enter();
	rcu_read_lock();
	vmsim_leave();
	retract();
	assert_false(has_table(world.pid, HERE));
	assert_int_equal(stats_now().tables, tables);
	vmsim_enter();
	rcu_read_unlock();
	vmsim_leave();
	settle();
	assert_int_equal(stats_now().tables, tables - 1);
	recount();
}

/* Of every address space, and only of the range. */
static void test_all_tables_go(void **state)
{
	int child;

	(void)state;
	map_here(HERE, TABLE, MAP_SHARED, 0);
	map_here(HERE + 4 * TABLE, TABLE + PAGES * PG, MAP_PRIVATE, 0);
	child = fork_process();
	store(HERE, 1);
	load(HERE + 4 * TABLE);
	load(HERE + 5 * TABLE);
	become(child);
	store(HERE + PG, 2);
	become(world.pid);
	retract();
	assert_false(has_table(world.pid, HERE));
	assert_false(has_table(child, HERE));
	assert_false(has_table(world.pid, HERE + 4 * TABLE));
	assert_true(has_table(world.pid, HERE + 5 * TABLE));
	recount();
	assert_int_equal(vmsim_file_retract(file, TABLE), 0);
	assert_true(has_table(world.pid, HERE + 5 * TABLE));
	assert_int_equal(entry_of(vmsim_self->mm, HERE + 5 * TABLE).pte, 0);
	recount();
	become(child);
	assert_int_equal(load(HERE), 1);
	become(world.pid);
	assert_int_equal(load(HERE + PG), 2);
	end_process(child);
	recount();
}

/* A copy of a page of the file is in no page cache: its table must stay. */
static void test_private_copies_stay(void **state)
{
	(void)state;
	map_here(HERE, TABLE, MAP_PRIVATE, 0);
	store(HERE, 1);
	load(HERE + PG);
	retract();
	assert_true(has_table(world.pid, HERE));
	assert_rss(1, 0);
	assert_int_equal(load(HERE), 1);
	assert_int_equal(load(HERE + PG), 0);
	recount();
}

/* Tables that translate something else, too. */
static void test_shared_tables_stay(void **state)
{
	(void)state;
	map_here(HERE + PG, TABLE, MAP_SHARED, 0);
	map_here(HERE + 4 * TABLE, TABLE - PG, MAP_SHARED, 0);
	map_here(HERE + 8 * TABLE, TABLE, MAP_SHARED, 1);
	for (int i = 0; i < 3; i++)
		store(HERE + (unsigned long)i * 4 * TABLE + PG, 1);
	retract();
	for (int i = 0; i < 3; i++) {
		unsigned long addr = HERE + (unsigned long)i * 4 * TABLE + PG;

		assert_true(has_table(world.pid, addr));
		assert_int_equal(entry_of(vmsim_self->mm, addr).pte, 0);
		assert_int_equal(load(addr), 1);
	}
	recount();
}

/* Whose last user has gone takes its tables down itself. */
static void test_exiting_is_passed_over(void **state)
{
	struct mm_struct *mm = vmsim_self->mm;
	int users = atomic_read(&mm->mm_users);

	(void)state;
	map_here(HERE, TABLE, MAP_SHARED, 0);
	store(HERE, 1);
	assert_int_equal(vmsim_madvise(HERE, TABLE, MADV_DONTNEED), 0);
	assert_true(has_table(world.pid, HERE));
	atomic_set(&mm->mm_users, 0);
	do_in_kernel(retract_page_tables(vma_at(HERE)->vm_file->f_mapping, 0));
	atomic_set(&mm->mm_users, users);
	assert_true(has_table(world.pid, HERE));
	do_in_kernel(retract_page_tables(vma_at(HERE)->vm_file->f_mapping, 0));
	assert_false(has_table(world.pid, HERE));
	recount();
}

static void test_nothing_to_take(void **state)
{
	(void)state;
	retract();
	map_here(HERE, TABLE, MAP_SHARED, 0);
	retract();
	store(HERE, 1);
	retract();
	retract();
	assert_int_equal(load(HERE), 1);
	recount();
}

static void test_refusals(void **state)
{
	(void)state;
	assert_int_equal(vmsim_file_retract(file, PG), -EINVAL);
	assert_int_equal(vmsim_file_retract(file, 2 * TABLE), -EINVAL);
	assert_int_equal(vmsim_file_retract(file + 1, 0), -ENOENT);
	map_here(HERE, TABLE, MAP_SHARED, 0);
	store(HERE, 1);
	/* Not all of the range can be brought in: nothing is left locked. */
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_file_retract(file, 0), -ENOMEM);
	assert_true(has_table(world.pid, HERE));
	assert_int_equal(load(HERE), 1);
	recount();
	retract();
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_file_retract(file, 0), -ESRCH);
	assert_int_equal(vmsim_attach(world.machine, 0, world.pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_file(test_table_goes),
		with_file(test_table_lasts),
		with_file(test_all_tables_go),
		with_file(test_private_copies_stay),
		with_file(test_shared_tables_stay),
		with_file(test_exiting_is_passed_over),
		with_file(test_nothing_to_take),
		with_file(test_refusals),
	};

	return vmsim_run_tests(tests);
}
