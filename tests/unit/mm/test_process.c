// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"

/* The same thread, of another process. */
static void become(int pid)
{
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_attach(world.machine, 0, pid), 0);
}

static struct vmsim_rss rss_of(int pid)
{
	struct vmsim_rss rss;

	assert_int_equal(vmsim_rss_get(world.machine, pid, &rss), 0);
	return rss;
}

static void test_handles_and_pids(void **state)
{
	struct vmsim_rss rss;
	int other = vmsim_process_create(world.machine, "other");

	(void)state;
	assert_true(other > 0 && other != world.pid);
	assert_int_equal(vmsim_process_create(NULL, "x"), -EBADF);
	assert_int_equal(vmsim_process_destroy(NULL, other), -EBADF);
	assert_int_equal(vmsim_process_destroy(world.machine, 12345), -ESRCH);
	assert_int_equal(vmsim_process_destroy(world.machine, world.pid), -EBUSY);
	assert_int_equal(vmsim_rss_get(world.machine, 12345, &rss), -ESRCH);
	assert_int_equal(vmsim_rss_get(world.machine, other, NULL), -EINVAL);
	assert_int_equal(vmsim_rss_get(NULL, other, &rss), -EBADF);
	assert_int_equal(vmsim_process_destroy(world.machine, other), 0);
	assert_int_equal(vmsim_process_destroy(world.machine, other), -ESRCH);
}

static void test_processes_are_apart(void **state)
{
	int other = vmsim_process_create(world.machine, "other");
	unsigned long a = map(4, RW, ANON);

	(void)state;
	store(a, 1);
	become(other);
	assert_int_equal(vmsim_load(a, 8, &(uint64_t){ 0 }), SIGSEGV);
	assert_int_equal(vmsim_mmap(a, PG, RW, ANON | MAP_FIXED, -1, 0), a);
	assert_int_equal(load(a), 0);
	store(a, 2);
	assert_int_equal(rss_of(other).anon, 1);
	become(world.pid);
	assert_int_equal(load(a), 1);
	assert_rss(1, 0);
	assert_int_equal(vmsim_process_destroy(world.machine, other), 0);
}

static void test_exec_gives_an_empty_address_space(void **state)
{
	unsigned long a = map(4, RW, ANON);
	struct mm_struct *before = vmsim_self->mm;
	u64 id = before->context.ctx_id;

	(void)state;
	assert_int_equal(vmsim_brk_start(0x1000000), 0);
	assert_int_equal(vmsim_brk(0x1002000), 0x1002000);
	store(a, 1);
	assert_int_equal(vmsim_exec("other"), 0);
	assert_string_equal(vmsim_self->comm, "other");
	assert_true(vmsim_self->mm->context.ctx_id != id);
	assert_int_equal(mappings(), 0);
	assert_rss(0, 0);
	assert_int_equal(vmsim_load(a, 8, &(uint64_t){ 0 }), SIGSEGV);
	assert_true(vmsim_brk(0) != 0x1002000);
	assert_int_equal(vmsim_exec(NULL), 0);
	assert_string_equal(vmsim_self->comm, "other");
	settle();
	/* Of all those address spaces only one top-level table is left. */
	assert_int_equal(stats_now().tables, 1);
}

static void test_exit(void **state)
{
	unsigned long a = map(4, RW, ANON);

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_exit(), 0);
	assert_int_equal(vmsim_exit(), -ESRCH);
	assert_int_equal(vmsim_load(a, 8, &(uint64_t){ 0 }), -ESRCH);
	assert_int_equal(vmsim_mmap(0, PG, RW, ANON, -1, 0), -ESRCH);
	assert_rss(0, 0);
	settle();
	assert_int_equal(stats_now().tables, 0);
	/* The process is still there, without memory. */
	become(world.pid);
	assert_int_equal(vmsim_load(a, 8, &(uint64_t){ 0 }), -ESRCH);
}

static void test_vfork_then_exec(void **state)
{
	unsigned long a = map(4, RW, ANON);
	int child;

	(void)state;
	store(a, 1);
	child = vmsim_vfork(NULL);
	assert_true(child > 0 && child != world.pid);
	become(child);
	/* The child writes into its parent's memory. */
	assert_int_equal(load(a), 1);
	store(a, 2);
	store(a + PG, 3);
	assert_int_equal(rss_of(child).anon, 2);
	assert_rss(2, 0);
	assert_int_equal(vmsim_exec("child"), 0);
	assert_int_equal(rss_of(child).anon, 0);
	assert_rss(2, 0);
	assert_int_equal(vmsim_mmap(a, PG, RW, ANON | MAP_FIXED, -1, 0), a);
	store(a, 99);
	become(world.pid);
	assert_int_equal(load(a), 2);
	assert_int_equal(load(a + PG), 3);
	assert_int_equal(vmsim_process_destroy(world.machine, child), 0);
	assert_int_equal(load(a), 2);
}

static void test_vfork_then_exit(void **state)
{
	unsigned long a = map(4, RW, ANON);
	int child;

	(void)state;
	store(a, 1);
	child = vmsim_vfork("child");
	become(child);
	store(a, 2);
	assert_int_equal(vmsim_exit(), 0);
	become(world.pid);
	assert_int_equal(load(a), 2);
	assert_rss(1, 0);
	assert_int_equal(vmsim_process_destroy(world.machine, child), 0);
	assert_int_equal(load(a), 2);
}

/* The parent goes first: the child keeps what they shared. */
static void test_parent_exits_first(void **state)
{
	unsigned long a = map(4, RW, ANON);
	int child;

	(void)state;
	store(a, 1);
	child = vmsim_vfork("child");
	assert_int_equal(vmsim_exit(), 0);
	become(child);
	assert_int_equal(load(a), 1);
	assert_int_equal(rss_of(child).anon, 1);
	become(world.pid);
	assert_int_equal(vmsim_process_destroy(world.machine, child), 0);
}

static void test_become(void **state)
{
	unsigned long a = map(1, RW, ANON);
	int other = vmsim_process_create(world.machine, "other");

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_become(12345), -ESRCH);
	assert_int_equal(load(a), 1);
	assert_int_equal(vmsim_become(other), 0);
	assert_string_equal(vmsim_self->comm, "other");
	assert_int_equal(vmsim_load(a, 8, &(uint64_t){ 0 }), SIGSEGV);
	assert_int_equal(vmsim_process_destroy(world.machine, other), -EBUSY);
	/* One's own, and one that has exited. */
	assert_int_equal(vmsim_become(other), 0);
	assert_int_equal(vmsim_exit(), 0);
	assert_int_equal(vmsim_become(world.pid), 0);
	assert_int_equal(load(a), 1);
	assert_int_equal(vmsim_become(other), 0);
	assert_int_equal(vmsim_load(a, 8, &(uint64_t){ 0 }), -ESRCH);
	assert_int_equal(vmsim_become(world.pid), 0);
	assert_int_equal(vmsim_process_destroy(world.machine, other), 0);
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_become(world.pid), -ESRCH);
}

/* A replay hops between processes all the time; what one has cached is no other's. */
static void test_many_switches(void **state)
{
	enum { PROCESSES = 6 };
	int pid[PROCESSES];
	const unsigned long a = 0x30000000;

	(void)state;
	for (int i = 0; i < PROCESSES; i++) {
		pid[i] = vmsim_process_create(world.machine, "p");
		become(pid[i]);
		assert_int_equal(vmsim_mmap(a, 2 * PG, RW, ANON | MAP_FIXED, -1, 0), a);
	}
	for (uint64_t round = 0; round < 50; round++) {
		for (int i = 0; i < PROCESSES; i++) {
			become(pid[i]);
			if (round)
				assert_int_equal(load(a), round * 100 + i);
			store(a, (round + 1) * 100 + i);
		}
	}
	become(world.pid);
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(rss_of(pid[i]).anon, 1);
		assert_int_equal(vmsim_process_destroy(world.machine, pid[i]), 0);
	}
}

/* Making a process fails cleanly without memory. */
static void test_no_memory(void **state)
{
	uint64_t tables = stats_now().tables;

	(void)state;
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_process_create(world.machine, "x"), -ENOMEM);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_exec("x"), -ENOMEM);
	assert_int_equal(stats_now().tables, tables);
	store(map(1, RW, ANON), 1);
}

static void test_acts_on_a_free_cpu_only(void **state)
{
	struct vmsim_config config;
	struct vmsim_machine *small;
	int pid;

	(void)state;
	vmsim_config_init(&config);
	config.cpus = 1;
	assert_int_equal(vmsim_machine_create(&config, &small), 0);
	pid = vmsim_process_create(small, "p");
	assert_true(pid > 0);
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_attach(small, 0, pid), 0);
	/* Its own thread may, on its own CPU. */
	assert_true(vmsim_process_create(small, "q") > 0);
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_machine_destroy(small), 0);
	assert_int_equal(vmsim_process_create(small, "r"), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_handles_and_pids),
		in_world(test_processes_are_apart),
		in_world(test_exec_gives_an_empty_address_space),
		in_world(test_exit),
		in_world(test_vfork_then_exec),
		in_world(test_vfork_then_exit),
		in_world(test_parent_exits_first),
		in_world(test_become),
		in_world(test_many_switches),
		in_world(test_no_memory),
		in_world(test_acts_on_a_free_cpu_only),
	};

	return vmsim_run_tests(tests);
}
