// SPDX-License-Identifier: GPL-2.0-only
#include "../explore/explore_test.h"
#include "../mm/world.h"
#include <linux/percpu.h>
#include <linux/vmsim-static-lock.h>

/* Static variables of kernel files: templates, of which each machine has copies of its own. */

struct tally {
	int first, second;
};

static DEFINE_PER_CPU(struct tally, tally) = { .first = 3, .second = 4 };
static DEFINE_PER_CPU(u64, other);
static DEFINE_SPINLOCK(lock);

static void test_each_cpu_has_its_own(void **state)
{
	(void)state;
	vmsim_enter();
	assert_int_equal(this_cpu_ptr(&tally)->first, 3);
	assert_int_equal(per_cpu(tally.second, 4), 4);
	assert_int_equal(per_cpu(other, 0), 0);
	assert_ptr_equal(this_cpu_ptr(&tally), &per_cpu(tally, 0));
	for (int cpu = 0; cpu < 5; cpu++) {
		per_cpu(tally.second, cpu) += cpu;
		per_cpu(other, cpu) = ~0UL;
	}
	for (int cpu = 0; cpu < 5; cpu++) {
		assert_int_equal(per_cpu(tally.first, cpu), 3);
		assert_int_equal(per_cpu(tally.second, cpu), 4 + cpu);
	}
	assert_int_equal(tally.second, 4);
	vmsim_leave();
}

static struct vmsim_machine *second_machine(void)
{
	struct vmsim_machine *machine;
	struct vmsim_config config;

	vmsim_config_init(&config);
	assert_int_equal(vmsim_machine_create(&config, &machine), 0);
	return machine;
}

/* What somebody does in one machine, another one does not know. */
static void test_each_machine_has_its_own(void **state)
{
	struct vmsim_machine *machine = second_machine();
	struct vmsim_borrowed borrowed;
	struct task_struct *self = vmsim_self;

	(void)state;
	vmsim_enter();
	this_cpu_ptr(&tally)->first = 9;
	spin_lock(&lock);
	assert_false(spin_trylock(&lock));
	vmsim_self = &vmsim_no_task;
	assert_int_equal(vmsim_borrow_cpu(vmsim_machine_get(machine), &borrowed), 0);
	assert_int_equal(this_cpu_ptr(&tally)->first, 3);
	assert_true(spin_trylock(&lock));
	spin_unlock(&lock);
	vmsim_return_cpu(&borrowed);
	vmsim_self = self;
	spin_unlock(&lock);
	assert_int_equal(this_cpu_ptr(&tally)->first, 9);
	vmsim_leave();
	assert_int_equal(vmsim_machine_destroy(machine), 0);
}

/* Each execution begins as the first one did. */
static int count(struct vmsim_world *w)
{
	struct tally *mine;

	(void)w;
	mine = this_cpu_ptr(&tally);
	spin_lock(&lock);
	if (mine->first++ != 3)
		vmsim_fail("left behind by an earlier execution: %d", mine->first - 1);
	per_cpu(other, 0)++;
	spin_unlock(&lock);
	return 0;
}

static int check(struct vmsim_world *w)
{
	(void)w;
	if (per_cpu(other, 0) != 2)
		vmsim_fail("expected 2, found %lu", (unsigned long)per_cpu(other, 0));
	return 0;
}

static void test_is_reset(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "A", .cpu = 0, .fn = count },
		{ .name = "B", .cpu = 1, .fn = count },
	};
	static const struct vmsim_scenario scenario = {
		.name = "percpu",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 128 },
		.bare = true,
		.threads = threads,
		.nr_threads = 2,
		.check = check,
	};
	static const enum vmsim_strategy strategies[] = {
		VMSIM_STRATEGY_RANDOM, VMSIM_STRATEGY_STATES,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strategies); i++) {
		struct vmsim_explore_options options = explore_options(strategies[i], 50);
		struct vmsim_result result = explore_with(&scenario, &options);

		if (result.violated)
			fail_msg("%s", result.violation.text);
		assert_true(result.executions > 1);
		vmsim_result_free(&result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_each_cpu_has_its_own),
		in_world(test_each_machine_has_its_own),
		cmocka_unit_test(test_is_reset),
	};

	return vmsim_run_tests(tests);
}
