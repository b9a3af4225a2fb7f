// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"
#include <signal.h>
#include <sys/mman.h>

/* What mprotect() does besides changing rights. */

static bool is_there(unsigned long addr)
{
	return pte_present(entry_of(vmsim_self->mm, addr));
}

static unsigned long is_promised(unsigned long addr)
{
	return vma_at(addr)->vm_flags & VM_ACCOUNT;
}

/* Private pages are promised when they may be written, and for good once there are some. */
static void test_promised(void **state)
{
	unsigned long a = map(2, PROT_READ, ANON);

	(void)state;
	assert_false(is_promised(a));
	assert_int_equal(vmsim_mprotect(a, 2 * PG, RW), 0);
	assert_true(is_promised(a));
	store(a, 1);
	assert_int_equal(vmsim_mprotect(a, 2 * PG, PROT_READ), 0);
	assert_true(is_promised(a));
	assert_true(is_promised(map(1, RW, ANON)));
	a = map(1, PROT_READ, ANON | MAP_NORESERVE);
	assert_int_equal(vmsim_mprotect(a, PG, RW), 0);
	assert_false(is_promised(a));
	a = map(1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS);
	assert_int_equal(vmsim_mprotect(a, PG, RW), 0);
	assert_false(is_promised(a));
	recount();
}

/* Private memory that is locked is copied when it becomes writable, not when it is written. */
static void test_locked_becomes_writable(void **state)
{
	unsigned long a = map(2, RW, ANON);
	uint64_t faults;

	(void)state;
	assert_int_equal(vmsim_mprotect(a, 2 * PG, PROT_READ), 0);
	/* As mlock(2) leaves it, but that nothing has been faulted in. */
	vm_flags_set(vma_at(a), VM_LOCKED);
	vmsim_self->mm->locked_vm += 2;
	assert_int_equal(load(a), 0);
	assert_int_equal(vmsim_mprotect(a, 2 * PG, RW), 0);
	assert_true(is_there(a) && is_there(a + PG));
	faults = stats_now().faults;
	store(a, 1);
	store(a + PG, 2);
	assert_int_equal(stats_now().faults, faults);
	assert_int_equal(vmsim_munmap(a, 2 * PG), 0);
	assert_int_equal(vmsim_self->mm->locked_vm, 0);
	recount();
}

/* A range that ends where a mapping that grows does; none does here. */
static void test_grows(void **state)
{
	unsigned long a = map(2, RW, ANON);

	(void)state;
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ | PROT_GROWSDOWN), -EINVAL);
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ | PROT_GROWSUP), -EINVAL);
	assert_int_equal(vmsim_mprotect(a + 2 * PG, PG, PROT_READ | PROT_GROWSUP), -ENOMEM);
	vm_flags_set(vma_at(a), VM_GROWSDOWN);
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP), -EINVAL);
	assert_int_equal(vmsim_mprotect(a + PG, PG, PROT_READ | PROT_GROWSDOWN), 0);
	assert_true(mapped_as(a, 2));
	assert_int_equal(vmsim_store(a, 8, 1), SIGSEGV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_promised),
		in_watched_world(test_locked_becomes_writable),
		in_watched_world(test_grows),
	};

	return vmsim_run_tests(tests);
}
