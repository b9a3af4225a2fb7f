// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "machine/internal.h"
#include <linux/mm.h>
#include <errno.h>
#include <pthread.h>

static struct vmsim_machine *make(enum vmsim_mode mode, unsigned int cpus)
{
	struct vmsim_machine *machine = NULL;
	struct vmsim_config config;

	vmsim_config_init(&config);
	config.mode = mode;
	config.cpus = cpus;
	config.frames = 1024;
	assert_int_equal(vmsim_machine_create(&config, &machine), 0);
	return machine;
}

static void test_bad_configurations(void **state)
{
	struct vmsim_machine *machine;
	struct vmsim_config good, bad;

	(void)state;
	vmsim_config_init(&good);
#define REFUSED(change)								\
	do {									\
		bad = good;							\
		bad.change;							\
		assert_int_equal(vmsim_machine_create(&bad, &machine), -EINVAL); \
	} while (0)
	REFUSED(cpus = 0);
	REFUSED(cpus = VMSIM_MAX_CPUS + 1);
	REFUSED(frames = 1);
	REFUSED(tlb = VMSIM_TLB_COUNT);
	REFUSED(tlb = VMSIM_TLB_FAULTY);
	REFUSED(contents = 77);
	REFUSED(mode = 9);
	REFUSED(levels = 6);
	REFUSED(holes = VMSIM_MAX_HOLES + 1);
	bad = good;
	bad.holes = 1;
	bad.hole[0] = (struct vmsim_range) { 65, 128 };
	assert_int_equal(vmsim_machine_create(&bad, &machine), -EINVAL);
	assert_int_equal(vmsim_machine_create(NULL, &machine), -EINVAL);
	assert_int_equal(vmsim_machine_create(&good, NULL), -EINVAL);
#undef REFUSED
}

static void test_dead_handles_are_refused(void **state)
{
	struct vmsim_machine *machine = make(VMSIM_NATIVE, 1);
	struct vmsim_machine *again;
	struct vmsim_stats stats;

	(void)state;
	assert_int_equal(vmsim_stats_get(machine, &stats), 0);
	assert_int_equal(vmsim_machine_destroy(machine), 0);
	again = make(VMSIM_NATIVE, 1);
	assert_ptr_not_equal(machine, again);
	assert_int_equal(vmsim_stats_get(machine, &stats), -EBADF);
	assert_int_equal(vmsim_attach(machine, 0, 1), -EBADF);
	assert_int_equal(vmsim_process_create(machine, "p"), -EBADF);
	assert_int_equal(vmsim_machine_destroy(machine), -EBADF);
	assert_int_equal(vmsim_machine_destroy(NULL), -EBADF);
	assert_int_equal(vmsim_machine_destroy((struct vmsim_machine *)&stats), -EBADF);
	assert_int_equal(vmsim_machine_destroy(again), 0);
}

static void test_attach(void **state)
{
	struct vmsim_machine *machine = make(VMSIM_NATIVE, 2);
	int pid = vmsim_process_create(machine, "p");

	(void)state;
	assert_true(pid > 0);
	assert_int_equal(vmsim_detach(), -ESRCH);
	assert_int_equal(vmsim_attach(machine, 2, pid), -EINVAL);
	assert_int_equal(vmsim_attach(machine, 0, pid + 100), -ESRCH);
	assert_int_equal(vmsim_attach(machine, 0, pid), 0);
	assert_int_equal(vmsim_attach(machine, 1, pid), -EBUSY);
	assert_int_equal(vmsim_machine_destroy(machine), -EBUSY);
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_machine_destroy(machine), 0);
}

static void *take_cpu(void *arg)
{
	struct vmsim_machine *machine = arg;

	return (void *)(long)vmsim_attach(machine, 0, 1);
}

static void test_one_thread_per_cpu(void **state)
{
	struct vmsim_machine *machine = make(VMSIM_NATIVE, 1);
	int pid = vmsim_process_create(machine, "p");
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pid, 1);
	assert_int_equal(vmsim_attach(machine, 0, pid), 0);
	pthread_create(&thread, NULL, take_cpu, machine);
	pthread_join(thread, &result);
	assert_int_equal((long)result, -EBUSY);
	vmsim_detach();
	assert_int_equal(vmsim_machine_destroy(machine), 0);
}

/* Many machines in one process. */
static void test_many_machines(void **state)
{
	struct vmsim_machine *machine[40];

	(void)state;
	for (int i = 0; i < 40; i++)
		machine[i] = make(i % 2 ? VMSIM_NATIVE : VMSIM_EXPLORE, 1 + i % 4);
	for (int i = 0; i < 40; i++)
		assert_int_equal(vmsim_machine_destroy(machine[i]), 0);
}

static unsigned int calls_seen[3];

static void note_cpu(void *info)
{
	(void)info;
	__atomic_fetch_add(&calls_seen[smp_processor_id()], 1, __ATOMIC_RELAXED);
}

static u32 stop;

static void *poller(void *arg)
{
	struct vmsim_machine *machine = arg;

	assert_int_equal(vmsim_attach(machine, 1, 1), 0);
	vmsim_enter();
	while (!READ_ONCE(stop))
		vmsim_poll();
	vmsim_leave();
	vmsim_detach();
	return NULL;
}

/* CPU 1 polls, CPU 2 has no thread: the first serves itself, the second is served. */
static void test_interrupts_reach_everybody(void **state)
{
	struct vmsim_machine *machine = make(VMSIM_NATIVE, 3);
	int pid = vmsim_process_create(machine, "p");
	struct vmsim_stats stats;
	pthread_t thread;

	(void)state;
	assert_int_equal(pid, 1);
	memset(calls_seen, 0, sizeof(calls_seen));
	stop = 0;
	pthread_create(&thread, NULL, poller, machine);
	while (READ_ONCE(vmsim_machine_get(machine)->cpu[1].state) != VMSIM_CPU_INSIDE)
		sched_yield();
	assert_int_equal(vmsim_attach(machine, 0, pid), 0);
	for (int i = 0; i < 100; i++)
		smp_call_function(note_cpu, NULL, 1);
	assert_int_equal(calls_seen[0], 0);
	assert_int_equal(calls_seen[1], 100);
	assert_int_equal(calls_seen[2], 100);
	assert_int_equal(vmsim_stats_get(machine, &stats), 0);
	assert_int_equal(stats.ipis, 200);
	assert_int_equal(stats.ipis_proxied, 100);
	WRITE_ONCE(stop, 1);
	pthread_join(thread, NULL);
	vmsim_detach();
	assert_int_equal(vmsim_machine_destroy(machine), 0);
}

static void *masked(void *arg)
{
	struct vmsim_machine *machine = arg;

	assert_int_equal(vmsim_attach(machine, 1, 1), 0);
	local_irq_disable();
	WRITE_ONCE(stop, 1);
	for (int i = 0; i < 200; i++) {
		vmsim_poll();
		sched_yield();
	}
	/* However long interrupts were off, the call has not come through. */
	assert_int_equal(READ_ONCE(calls_seen[1]), 0);
	local_irq_enable();
	vmsim_detach();
	return NULL;
}

static void test_interrupts_wait_while_masked(void **state)
{
	struct vmsim_machine *machine = make(VMSIM_NATIVE, 2);
	pthread_t thread;

	(void)state;
	assert_int_equal(vmsim_process_create(machine, "p"), 1);
	memset(calls_seen, 0, sizeof(calls_seen));
	stop = 0;
	assert_int_equal(vmsim_attach(machine, 0, 1), 0);
	pthread_create(&thread, NULL, masked, machine);
	while (!READ_ONCE(stop))
		sched_yield();
	smp_call_function(note_cpu, NULL, 1);
	assert_int_equal(calls_seen[1], 1);
	pthread_join(thread, NULL);
	vmsim_detach();
	assert_int_equal(vmsim_machine_destroy(machine), 0);
}

static void test_preempted_cpu(void **state)
{
	struct vmsim_machine *machine = make(VMSIM_NATIVE, 2);

	(void)state;
	assert_int_equal(vmsim_cpu_preempt(machine, 2), -EINVAL);
	assert_int_equal(vmsim_cpu_resume(machine, 1), -EALREADY);
	assert_int_equal(vmsim_cpu_preempt(machine, 1), 0);
	assert_int_equal(vmsim_cpu_preempt(machine, 1), -EALREADY);
	assert_int_equal(vmsim_cpu_resume(machine, 1), 0);
	assert_int_equal(vmsim_machine_destroy(machine), 0);
}

static int points;

static void count_points(void *arg, const struct vmsim_event *event)
{
	assert_ptr_equal(arg, &points);
	assert_int_equal(event->kind, VMSIM_EV_POINT);
	assert_string_equal((const char *)(uintptr_t)event->arg[0], "here");
	points++;
}

static void test_subscribers(void **state)
{
	struct vmsim_machine *machine = make(VMSIM_NATIVE, 1);

	(void)state;
	points = 0;
	assert_int_equal(vmsim_subscribe(machine, 0, count_points, &points), -EINVAL);
	assert_int_equal(vmsim_subscribe(machine, VMSIM_EV_BIT(POINT), NULL, &points), -EINVAL);
	assert_int_equal(vmsim_subscribe(machine, VMSIM_EV_BIT(POINT), count_points, &points), 0);
	assert_int_equal(vmsim_process_create(machine, "p"), 1);
	vmsim_point("here");
	assert_int_equal(vmsim_attach(machine, 0, 1), 0);
	vmsim_point("here");
	vmsim_point("here");
	assert_int_equal(points, 2);
	vmsim_detach();
	assert_int_equal(vmsim_unsubscribe(machine, count_points, NULL), -ENOENT);
	assert_int_equal(vmsim_unsubscribe(machine, count_points, &points), 0);
	assert_int_equal(vmsim_machine_destroy(machine), 0);
}

static jmp_buf out;
static char seen_bug[64];

static void catch_bug(const char *file, int line, const char *cond)
{
	(void)file, (void)line;
	snprintf(seen_bug, sizeof(seen_bug), "%s", cond);
	longjmp(out, 1);
}

static void test_bugs_can_be_caught(void **state)
{
	(void)state;
	vmsim_set_bug_handler(catch_bug);
	if (!setjmp(out))
		BUG_ON(1 + 1 == 2);
	vmsim_set_bug_handler(NULL);
	assert_string_equal(seen_bug, "1 + 1 == 2");
}

static void test_the_kernel_has_no_tables(void **state)
{
	(void)state;
	seen_bug[0] = '\0';
	vmsim_set_bug_handler(catch_bug);
	if (!setjmp(out))
		(void)pgd_offset_k(0xffff800000000000);
	vmsim_set_bug_handler(NULL);
	assert_string_equal(seen_bug, "pgd_offset_k(): the kernel's own addresses are not simulated");
}

static void test_back_end_names(void **state)
{
	(void)state;
	for (int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++)
		assert_int_equal(vmsim_tlb_parse(vmsim_tlb_name(tlb)), tlb);
	assert_int_equal(vmsim_tlb_parse("nonsense"), -EINVAL);
	assert_int_equal(vmsim_tlb_parse(NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_configurations),
		cmocka_unit_test(test_dead_handles_are_refused),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_one_thread_per_cpu),
		cmocka_unit_test(test_many_machines),
		cmocka_unit_test(test_interrupts_reach_everybody),
		cmocka_unit_test(test_interrupts_wait_while_masked),
		cmocka_unit_test(test_preempted_cpu),
		cmocka_unit_test(test_subscribers),
		cmocka_unit_test(test_bugs_can_be_caught),
		cmocka_unit_test(test_the_kernel_has_no_tables),
		cmocka_unit_test(test_back_end_names),
	};

	return vmsim_run_tests(tests);
}
