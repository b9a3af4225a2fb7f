// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "machine/internal.h"
#include <linux/page_ref.h>
#include <linux/rcupdate.h>
#include <linux/seqlock.h>

/* Which events marked accesses raise, and with what. */

#define KINDS									\
	(VMSIM_EV_BIT(READ) | VMSIM_EV_BIT(WRITE) | VMSIM_EV_BIT(ATOMIC) | VMSIM_EV_BIT(BARRIER))

static struct vmsim_machine *machine;
static int pid;

static struct seen {
	struct vmsim_event event[16];
	unsigned int n;
} seen;

static void note(void *arg, const struct vmsim_event *event)
{
	(void)arg;
	assert_true(seen.n < 16);
	seen.event[seen.n++] = *event;
}

static int setup(void **state)
{
	struct vmsim_config config;

	(void)state;
	vmsim_config_init(&config);
	if (vmsim_machine_create(&config, &machine))
		return -1;
	pid = vmsim_process_create(machine, "test");
	if (pid < 0 || vmsim_subscribe(machine, KINDS, note, NULL))
		return -1;
	return vmsim_attach(machine, 0, pid);
}

static int teardown(void **state)
{
	(void)state;
	return vmsim_detach() || vmsim_machine_destroy(machine);
}

static void forget(void)
{
	seen = (struct seen) { .n = 0 };
}

/* What was seen since forget() is one event. */
static void expect(enum vmsim_event_kind kind, const volatile void *at, u64 value, u64 size)
{
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.event[0].kind, kind);
	assert_ptr_equal((void *)seen.event[0].arg[0], (void *)at);
	assert_int_equal(seen.event[0].arg[1], value);
	assert_int_equal(seen.event[0].arg[2], size);
	forget();
}

/* The rest of ATOMIC is for those who order steps. */
static void expect_atomic(const volatile void *at)
{
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.event[0].kind, VMSIM_EV_ATOMIC);
	assert_ptr_equal((void *)seen.event[0].arg[0], (void *)at);
	forget();
}

static void loads_and_stores(void **state)
{
	struct {
		u8 byte;
		u16 half;
		u32 word;
		u64 whole;
		const void *pointer;
	} it = { .byte = 0x12, .half = 0x1234, .word = 0x12345678, .whole = 0x123456789abcdef0,
		 .pointer = &it };

	(void)state;
	forget();
	assert_int_equal(READ_ONCE(it.byte), 0x12);
	expect(VMSIM_EV_READ, &it.byte, 0x12, 1);
	assert_int_equal(READ_ONCE(it.half), 0x1234);
	expect(VMSIM_EV_READ, &it.half, 0x1234, 2);
	assert_int_equal(READ_ONCE(it.word), 0x12345678);
	expect(VMSIM_EV_READ, &it.word, 0x12345678, 4);
	assert_int_equal(READ_ONCE(it.whole), 0x123456789abcdef0);
	expect(VMSIM_EV_READ, &it.whole, 0x123456789abcdef0, 8);
	assert_ptr_equal(READ_ONCE(it.pointer), &it);
	expect(VMSIM_EV_READ, &it.pointer, (u64)&it, 8);

	WRITE_ONCE(it.byte, 0x21);
	expect(VMSIM_EV_WRITE, &it.byte, 0x21, 1);
	WRITE_ONCE(it.half, 0x4321);
	expect(VMSIM_EV_WRITE, &it.half, 0x4321, 2);
	WRITE_ONCE(it.word, 0x87654321);
	expect(VMSIM_EV_WRITE, &it.word, 0x87654321, 4);
	WRITE_ONCE(it.whole, 7);
	expect(VMSIM_EV_WRITE, &it.whole, 7, 8);
	WRITE_ONCE(it.pointer, NULL);
	expect(VMSIM_EV_WRITE, &it.pointer, 0, 8);
	assert_int_equal(it.byte, 0x21);
	assert_int_equal(it.half, 0x4321);
	assert_int_equal(it.word, 0x87654321);
	assert_int_equal(it.whole, 7);
	assert_null(it.pointer);
}

static void acquire_and_release(void **state)
{
	int word = 5, *pointer = &word;

	(void)state;
	forget();
	assert_int_equal(smp_load_acquire(&word), 5);
	expect(VMSIM_EV_READ, &word, 5, 4);
	smp_store_release(&word, 6);
	expect(VMSIM_EV_WRITE, &word, 6, 4);
	assert_ptr_equal(rcu_dereference(pointer), &word);
	expect(VMSIM_EV_READ, &pointer, (u64)&word, 8);
	rcu_assign_pointer(pointer, NULL);
	expect(VMSIM_EV_WRITE, &pointer, 0, 8);
}

static void atomics(void **state)
{
	atomic_t count = ATOMIC_INIT(3);
	unsigned long bits = 0;
	u32 word = 1;

	(void)state;
	forget();
	assert_int_equal(atomic_read(&count), 3);
	expect(VMSIM_EV_READ, &count, 3, 4);
	atomic_set(&count, 4);
	expect(VMSIM_EV_WRITE, &count, 4, 4);
	atomic_inc(&count);
	expect_atomic(&count);
	assert_int_equal(atomic_cmpxchg(&count, 5, 6), 5);
	expect_atomic(&count);
	assert_int_equal(atomic_cmpxchg(&count, 5, 7), 6);
	expect(VMSIM_EV_READ, &count, 6, 4);
	assert_int_equal(cmpxchg(&word, 1, 2), 1);
	expect_atomic(&word);
	assert_int_equal(cmpxchg(&word, 1, 3), 2);
	expect(VMSIM_EV_READ, &word, 2, 4);
	assert_int_equal(xchg(&word, 9), 2);
	expect_atomic(&word);
	set_bit(3, &bits);
	expect_atomic(&bits);
	assert_true(test_bit(3, &bits));
	expect(VMSIM_EV_READ, &bits, 8, VMSIM_READ_BIT(3));
}

static void a_failed_try_cmpxchg_reads(void **state)
{
	u32 word = 1, old = 5;

	(void)state;
	forget();
	assert_false(try_cmpxchg(&word, &old, 6));
	assert_int_equal(old, 1);
	expect(VMSIM_EV_READ, &word, 1, 4);
	assert_true(try_cmpxchg(&word, &old, 6));
	assert_int_equal(word, 6);
	expect_atomic(&word);
}

static void barriers(void **state)
{
	(void)state;
	forget();
	smp_mb();
	expect(VMSIM_EV_BARRIER, (void *)VMSIM_BARRIER_FULL, 0, 0);
	smp_rmb();
	expect(VMSIM_EV_BARRIER, (void *)VMSIM_BARRIER_READ, 0, 0);
	smp_wmb();
	expect(VMSIM_EV_BARRIER, (void *)VMSIM_BARRIER_WRITE, 0, 0);
	smp_mb__before_atomic();
	expect(VMSIM_EV_BARRIER, (void *)VMSIM_BARRIER_ATOMIC, 0, 0);
	smp_mb__after_atomic();
	expect(VMSIM_EV_BARRIER, (void *)VMSIM_BARRIER_ATOMIC, 0, 0);
}

/* The simulator's own accesses are nobody's business. */
static void unchecked_accesses_are_silent(void **state)
{
	int word = 1;

	(void)state;
	forget();
	__WRITE_ONCE(word, __READ_ONCE(word) + 1);
	assert_int_equal(word, 2);
	assert_int_equal(seen.n, 0);
}

/* What a debugging check looks at is no access of a kernel in use. */
static void debugging_checks_are_silent(void **state)
{
	atomic_t count = ATOMIC_INIT(3);

	(void)state;
	forget();
	VM_BUG_ON(atomic_read(&count) != 3);
	assert_int_equal(seen.n, 0);
	BUG_ON(atomic_read(&count) != 3);
	expect(VMSIM_EV_READ, &count, 3, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(loads_and_stores, setup, teardown),
		cmocka_unit_test_setup_teardown(acquire_and_release, setup, teardown),
		cmocka_unit_test_setup_teardown(atomics, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_try_cmpxchg_reads, setup, teardown),
		cmocka_unit_test_setup_teardown(barriers, setup, teardown),
		cmocka_unit_test_setup_teardown(unchecked_accesses_are_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(debugging_checks_are_silent, setup, teardown),
	};

	return vmsim_run_tests(tests);
}
