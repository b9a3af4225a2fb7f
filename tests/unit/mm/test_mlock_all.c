// SPDX-License-Identifier: GPL-2.0-only
#include "mlock_test.h"
#include <linux/cred.h>
#include <sys/resource.h>

/* mlockall(2), what it makes of later mappings, MAP_LOCKED, and limits, as Linux 6.12 does them. */

#define HEAP 0x40000000UL

static void test_what_is_mapped(void **state)
{
	unsigned long a = map_at(AT, 2, RW, ANON);
	unsigned long b = map_at(AT + 4 * PG, 2, PROT_NONE, ANON), c;

	(void)state;
	assert_int_equal(vmsim_mlockall(0), -EINVAL);
	assert_int_equal(vmsim_mlockall(MCL_ONFAULT), -EINVAL);
	assert_int_equal(vmsim_mlockall(MCL_CURRENT | 8), -EINVAL);
	assert_int_equal(vmsim_mlockall(MCL_CURRENT), 0);
	/* That some of it cannot be faulted in is no error. */
	assert_int_equal(lock_flags(a), VM_LOCKED);
	assert_int_equal(lock_flags(b), VM_LOCKED);
	assert_locked(4, 2);
	assert_true(is_mlocked(a) && is_mlocked(a + PG));
	c = map_at(AT + 8 * PG, 1, RW, ANON);
	assert_int_equal(lock_flags(c), 0);
	assert_locked(4, 2);
	assert_int_equal(vmsim_munlockall(), 0);
	assert_int_equal(lock_flags(a) | lock_flags(b), 0);
	assert_locked(0, 0);
	assert_int_equal(vmsim_mlockall(MCL_CURRENT | MCL_ONFAULT), 0);
	assert_int_equal(lock_flags(c), VM_LOCKED | VM_LOCKONFAULT);
	assert_false(is_there(c));
	assert_locked(5, 2);
	recount();
}

static void test_what_will_be(void **state)
{
	unsigned long a = map_at(AT, 1, RW, ANON), b;
	int file = vmsim_file_create(world.machine, "f", 2 * PG), child;

	(void)state;
	assert_int_equal(vmsim_mlockall(MCL_FUTURE), 0);
	assert_int_equal(lock_flags(a), 0);
	b = map_at(AT + 4 * PG, 2, RW, ANON);
	assert_int_equal(lock_flags(b), VM_LOCKED);
	assert_true(is_mlocked(b) && is_mlocked(b + PG));
	assert_locked(2, 2);
	b = map_file(file, 2, PROT_READ, MAP_SHARED, 0);
	assert_true(is_mlocked(b) && is_mlocked(b + PG));
	assert_locked(4, 4);
	/* The heap. */
	assert_int_equal(vmsim_brk_start(HEAP), 0);
	assert_int_equal(vmsim_brk(HEAP + 2 * PG), HEAP + 2 * PG);
	assert_true(is_mlocked(HEAP) && is_mlocked(HEAP + PG));
	assert_locked(6, 6);
	assert_int_equal(vmsim_brk(HEAP + PG), HEAP + PG);
	assert_locked(5, 5);
	/* What is new of a mapping that grows. */
	assert_int_equal(vmsim_mremap(AT + 4 * PG, 2 * PG, 3 * PG, 0, 0), AT + 4 * PG);
	assert_true(is_mlocked(AT + 6 * PG));
	assert_locked(6, 6);
	/* Not for children, and not after the next call. */
	child = fork_process();
	become(child);
	b = map_at(AT + 8 * PG, 1, RW, ANON);
	assert_int_equal(lock_flags(b), 0);
	become(world.pid);
	end_process(child);
	assert_int_equal(vmsim_mlockall(MCL_CURRENT), 0);
	assert_int_equal(lock_flags(a), VM_LOCKED);
	b = map_at(AT + 8 * PG, 1, RW, ANON);
	assert_int_equal(lock_flags(b), 0);
	assert_int_equal(vmsim_mlockall(MCL_FUTURE | MCL_ONFAULT), 0);
	b = map_at(AT + 12 * PG, 1, RW, ANON);
	assert_int_equal(lock_flags(b), VM_LOCKED | VM_LOCKONFAULT);
	assert_false(is_there(b));
	assert_int_equal(vmsim_munlockall(), 0);
	assert_int_equal(vmsim_self->mm->def_flags, 0);
	assert_locked(0, 0);
	recount();
	assert_int_equal(vmsim_exit(), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

static void test_mmap_flags(void **state)
{
	unsigned long a = map_at(AT, 2, RW, ANON | MAP_LOCKED);

	(void)state;
	assert_int_equal(lock_flags(a), VM_LOCKED);
	assert_true(is_mlocked(a) && is_mlocked(a + PG));
	assert_locked(2, 2);
	a = map_at(AT + 4 * PG, 2, RW, ANON | MAP_POPULATE);
	assert_int_equal(lock_flags(a), 0);
	assert_true(is_there(a) && is_there(a + PG));
	a = map_at(AT + 8 * PG, 2, RW, ANON | MAP_POPULATE | MAP_NONBLOCK);
	assert_false(is_there(a));
	a = map_at(AT + 12 * PG, 1, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE);
	assert_true(is_there(a));
	/* What is mapped over it counts no more. */
	assert_int_equal(vmsim_mmap(AT, PG, RW, ANON | MAP_FIXED, -1, 0), AT);
	assert_locked(1, 1);
	recount();
}

static void set_limit(unsigned int pages)
{
	assert_int_equal(vmsim_setrlimit(RLIMIT_MEMLOCK, pages * PG), 0);
}

static void test_limit(void **state)
{
	unsigned long a = map_at(AT, 6, RW, ANON);

	(void)state;
	assert_int_equal(vmsim_setrlimit(RLIMIT_AS, 1), -EOPNOTSUPP);
	assert_int_equal(vmsim_setrlimit(-1, 1), -EINVAL);
	assert_int_equal(vmsim_drop_capability(CAP_SYS_ADMIN), -EOPNOTSUPP);
	/* It binds only who may not lock memory anyway. */
	set_limit(0);
	assert_int_equal(vmsim_mlock(a, PG), 0);
	assert_int_equal(vmsim_munlock(a, PG), 0);
	assert_int_equal(vmsim_drop_capability(CAP_IPC_LOCK), 0);
	assert_int_equal(vmsim_mlock(a, PG), -EPERM);
	assert_int_equal(vmsim_mlockall(MCL_FUTURE), -EPERM);
	assert_int_equal(vmsim_mmap(0, PG, RW, ANON | MAP_LOCKED, -1, 0), -EPERM);
	set_limit(3);
	assert_int_equal(vmsim_mlock(a, 2 * PG), 0);
	assert_int_equal(vmsim_mlock(a + 2 * PG, 2 * PG), -ENOMEM);
	assert_locked(2, 2);
	/* What is locked already is not counted twice; other pages of its mapping do not matter. */
	assert_int_equal(vmsim_mlock(a + PG, 3 * PG), -ENOMEM);
	assert_int_equal(vmsim_mlock(a + PG, 2 * PG), 0);
	assert_locked(3, 3);
	assert_int_equal(vmsim_mlock(a, 4 * PG), -ENOMEM);
	assert_int_equal(vmsim_mlockall(MCL_CURRENT), -ENOMEM);
	assert_locked(3, 3);
	set_limit(6);
	assert_int_equal(vmsim_mlockall(MCL_CURRENT), 0);
	assert_locked(6, 6);
	assert_int_equal(vmsim_munlockall(), 0);
	recount();
}

static void test_limit_of_what_grows(void **state)
{
	unsigned long a = map_at(AT, 2, RW, ANON);
	int child;

	(void)state;
	assert_int_equal(vmsim_brk_start(HEAP), 0);
	assert_int_equal(vmsim_drop_capability(CAP_IPC_LOCK), 0);
	set_limit(3);
	assert_int_equal(vmsim_mmap(0, 4 * PG, RW, ANON | MAP_LOCKED, -1, 0), -EAGAIN);
	assert_int_equal(vmsim_mlockall(MCL_CURRENT | MCL_FUTURE), 0);
	assert_locked(2, 2);
	assert_int_equal(vmsim_mmap(0, 2 * PG, RW, ANON, -1, 0), -EAGAIN);
	assert_int_equal(vmsim_brk(HEAP + 2 * PG), HEAP);
	assert_int_equal(vmsim_mremap(a, 2 * PG, 4 * PG, 0, 0), -EAGAIN);
	assert_int_equal(vmsim_mremap(a, 2 * PG, 4 * PG, MREMAP_MAYMOVE | MREMAP_FIXED,
				      AT + 8 * PG), -EAGAIN);
	assert_locked(2, 2);
	assert_int_equal(vmsim_mremap(a, 2 * PG, 3 * PG, 0, 0), a);
	assert_locked(3, 3);
	/* Children have the same limit, and do not get the capability back. */
	child = fork_process();
	become(child);
	assert_int_equal(vmsim_mlock(a, 3 * PG), 0);
	assert_int_equal(vmsim_mmap(0, PG, RW, ANON | MAP_LOCKED, -1, 0), -EAGAIN);
	become(world.pid);
	end_process(child);
	recount();
}

/* Memory that a user has locked without a process. */
static void test_shared_memory(void **state)
{
	struct ucounts *ucounts = in_kernel(current_ucounts());

	(void)state;
	set_limit(3);
	assert_int_equal(in_kernel(user_shm_lock(5 * PG, ucounts)), 1);
	do_in_kernel(user_shm_unlock(5 * PG, ucounts));
	assert_int_equal(vmsim_drop_capability(CAP_IPC_LOCK), 0);
	assert_int_equal(in_kernel(user_shm_lock(2 * PG + 1, ucounts)), 1);
	assert_int_equal(in_kernel(user_shm_lock(PG, ucounts)), 0);
	do_in_kernel(user_shm_unlock(2 * PG + 1, ucounts));
	assert_int_equal(in_kernel(user_shm_lock(3 * PG, ucounts)), 1);
	do_in_kernel(user_shm_unlock(3 * PG, ucounts));
	assert_int_equal(atomic_long_read(&ucounts->rlimit[UCOUNT_RLIMIT_MEMLOCK]), 0);
	assert_int_equal(atomic_read(&ucounts->count), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_what_is_mapped),
		in_watched_world(test_what_will_be),
		in_watched_world(test_mmap_flags),
		in_watched_world(test_limit),
		in_watched_world(test_limit_of_what_grows),
		in_watched_world(test_shared_memory),
	};

	return vmsim_run_tests(tests);
}
