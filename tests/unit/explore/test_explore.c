// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include <errno.h>
#include <linux/atomic.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <string.h>

/* Worlds that have nothing to do with memory management: what is tested is the explorer. */

struct counter_world {
	spinlock_t a, b;
	atomic_t value;
	int lost;
};

static int setup(struct vmsim_world *world)
{
	struct counter_world *w = world->ctx;

	spin_lock_init(&w->a);
	spin_lock_init(&w->b);
	return 0;
}

/* Read, let others in, write: an update is lost when both read first. */
static int racy_increment(struct vmsim_world *world)
{
	struct counter_world *w = world->ctx;
	int seen = atomic_read(&w->value);

	vmsim_point("between");
	atomic_set(&w->value, seen + 1);
	return 0;
}

static int locked_increment(struct vmsim_world *world)
{
	struct counter_world *w = world->ctx;
	int result;

	spin_lock(&w->a);
	result = racy_increment(world);
	spin_unlock(&w->a);
	return result;
}

static int check_two(struct vmsim_world *world)
{
	struct counter_world *w = world->ctx;

	if (atomic_read(&w->value) != 2)
		vmsim_fail("value %d", atomic_read(&w->value));
	return 0;
}

static const struct vmsim_thread_def racy[] = {
	{ .name = "Alpha", .cpu = 0, .fn = racy_increment },
	{ .name = "Beta", .cpu = 1, .fn = racy_increment },
};

static const struct vmsim_thread_def locked[] = {
	{ .name = "Alpha", .cpu = 0, .fn = locked_increment },
	{ .name = "Beta", .cpu = 1, .fn = locked_increment },
};

static struct vmsim_scenario world_of(const struct vmsim_thread_def *threads, unsigned int n)
{
	return (struct vmsim_scenario) {
		.name = "test",
		.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 128 },
		.ctx_size = sizeof(struct counter_world),
		.setup = setup,
		.threads = threads,
		.nr_threads = n,
		.check = check_two,
	};
}

static char error[256];

static struct vmsim_result explore(const struct vmsim_scenario *scenario,
				   const struct vmsim_explore_options *options, int expected)
{
	struct vmsim_result result;

	error[0] = 0;
	if (vmsim_explore(scenario, options, &result, error, sizeof(error)) != expected)
		fail_msg("unexpected result: %s", error);
	return result;
}

static void finds_the_race(enum vmsim_strategy strategy)
{
	struct vmsim_scenario buggy = world_of(racy, 2), fixed = world_of(locked, 2);
	struct vmsim_explore_options options = explore_options(strategy, 2000);
	struct vmsim_result result = explore(&buggy, &options, 0);

	assert_true(result.violated);
	assert_string_equal(result.violation.oracle, "CHECK");
	assert_string_equal(result.violation.text, "value 1");
	assert_true(result.executions <= 2000);
	vmsim_result_free(&result);

	result = explore(&fixed, &options, 0);
	assert_false(result.violated);
	assert_int_equal(result.executions, 2000);
	vmsim_result_free(&result);
}

static void test_random_finds_it(void **state)
{
	(void)state;
	finds_the_race(VMSIM_STRATEGY_RANDOM);
}

static void test_pct_finds_it(void **state)
{
	(void)state;
	finds_the_race(VMSIM_STRATEGY_PCT);
}

static void test_script_decides(void **state)
{
	struct vmsim_scenario scenario = world_of(racy, 2);
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_SCRIPT, 100);
	struct vmsim_result result;

	(void)state;
	scenario.script = "Alpha; Beta";
	result = explore(&scenario, &options, 0);
	assert_false(result.violated);
	assert_int_equal(result.executions, 100);
	vmsim_result_free(&result);

	scenario.script = "Alpha until point=between; Beta; Alpha";
	result = explore(&scenario, &options, 0);
	assert_true(result.violated);
	assert_int_equal(result.executions, 1);
	vmsim_result_free(&result);
}

static void test_bad_scripts(void **state)
{
	struct vmsim_scenario scenario = world_of(racy, 2);
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_SCRIPT, 1);
	static const char *const bad[] = {
		"Gamma", "Alpha until", "Alpha until nonsense", "Alpha while point=between",
		"Alpha until pte-set y3", "Alpha until pte-set x0", "ipi 7", "ipi", "preempt one",
		"drain", "drain 7", "drain 0 0", "drain 0 9", "drain 0 one", "drain 0 1 1",
		"Alpha; Beta; Alpha until lock x2 x3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vmsim_result result;

		options.script = bad[i];
		result = explore(&scenario, &options, -EINVAL);
		assert_ptr_equal(strstr(error, "script step "), error);
		vmsim_result_free(&result);
	}
}

/* A failure replays from its schedule, on both kinds of thread, any number of times. */
static void test_replay(void **state)
{
	struct vmsim_scenario scenario = world_of(racy, 2);
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_RANDOM, 2000);
	struct vmsim_result found = explore(&scenario, &options, 0);

	(void)state;
	assert_true(found.violated);
	for (int backend = VMSIM_BACKEND_FIBER; backend <= VMSIM_BACKEND_PTHREAD; backend++) {
		for (int i = 0; i < 20; i++) {
			struct vmsim_explore_options again =
				explore_options(VMSIM_STRATEGY_REPLAY, 1);
			struct vmsim_result result;

			again.backend = backend;
			again.schedule = &found.schedule;
			result = explore(&scenario, &again, 0);
			assert_true(result.violated);
			assert_string_equal(result.violation.text, found.violation.text);
			assert_int_equal(result.decisions, found.decisions);
			vmsim_result_free(&result);
		}
	}
	vmsim_result_free(&found);
}

static void test_foreign_schedule_is_refused(void **state)
{
	struct vmsim_scenario scenario = world_of(racy, 2);
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_RANDOM, 1);
	struct vmsim_result found = explore(&scenario, &options, 0);
	struct vmsim_explore_options again = explore_options(VMSIM_STRATEGY_REPLAY, 1);
	struct vmsim_result result;

	(void)state;
	found.schedule.nr_picks--;
	again.schedule = &found.schedule;
	result = explore(&scenario, &again, -EINVAL);
	assert_non_null(strstr(error, "does not fit"));
	vmsim_result_free(&result);
	vmsim_result_free(&found);
}

static int take_ab(struct vmsim_world *world)
{
	struct counter_world *w = world->ctx;

	spin_lock(&w->a);
	spin_lock(&w->b);
	atomic_inc(&w->value);
	spin_unlock(&w->b);
	spin_unlock(&w->a);
	return 0;
}

static int take_ba(struct vmsim_world *world)
{
	struct counter_world *w = world->ctx;

	spin_lock(&w->b);
	spin_lock(&w->a);
	atomic_inc(&w->value);
	spin_unlock(&w->a);
	spin_unlock(&w->b);
	return 0;
}

static void test_deadlock_is_o20(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "Alpha", .cpu = 0, .fn = take_ab },
		{ .name = "Beta", .cpu = 1, .fn = take_ba },
	};
	struct vmsim_scenario scenario = world_of(threads, 2);
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_RANDOM, 1000);
	struct vmsim_result result;

	(void)state;
	/* Without the lock-order oracle, which sees it coming. */
	options.oracles = VMSIM_ORACLE_BIT(O20);
	result = explore(&scenario, &options, 0);
	assert_true(result.violated);
	assert_string_equal(result.violation.oracle, "O20");
	assert_string_equal(result.violation.text, "deadlock: Alpha waits Beta waits");
	vmsim_result_free(&result);
}

static int spins_for_ever(struct vmsim_world *world)
{
	struct counter_world *w = world->ctx;

	while (!atomic_read(&w->value))
		cpu_relax();
	return 0;
}

static void test_livelock_is_o20(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "Alpha", .cpu = 0, .fn = spins_for_ever },
	};
	struct vmsim_scenario scenario = world_of(threads, 1);
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_RANDOM, 1);
	struct vmsim_result result;

	(void)state;
	options.step_limit = 1000;
	result = explore(&scenario, &options, 0);
	assert_true(result.violated);
	assert_string_equal(result.violation.oracle, "O20");
	vmsim_result_free(&result);
}

static int waits_for_two(struct vmsim_world *world)
{
	struct counter_world *w = world->ctx;

	while (atomic_read(&w->value) < 2)
		cpu_relax();
	return 0;
}

/* Fairness: a spinning thread does not keep the others from what it waits for. */
static void test_spinning_lets_others_go_on(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "Waiter", .cpu = 0, .fn = waits_for_two },
		{ .name = "Alpha", .cpu = 1, .fn = take_ab },
		{ .name = "Beta", .cpu = 1, .fn = take_ab },
	};
	struct vmsim_scenario scenario = world_of(threads, 3);

	(void)state;
	for (int strategy = VMSIM_STRATEGY_RANDOM; strategy <= VMSIM_STRATEGY_PCT; strategy++) {
		struct vmsim_explore_options options = explore_options(strategy, 300);
		struct vmsim_result result = explore(&scenario, &options, 0);

		assert_false(result.violated);
		vmsim_result_free(&result);
	}
}

/*
 * Nothing of an execution leaks into the next: the same seed gives the same schedule after others.
 */
static void test_executions_do_not_leak(void **state)
{
	struct vmsim_scenario scenario = world_of(locked, 2);
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_RANDOM, 1);
	struct vmsim_result alone, after;

	(void)state;
	options.seed = 50;
	alone = explore(&scenario, &options, 0);
	options.seed = 1;
	options.executions = 50;
	after = explore(&scenario, &options, 0);
	assert_int_equal(after.executions, 50);
	assert_int_equal(alone.schedule.nr_picks, after.schedule.nr_picks);
	for (size_t i = 0; i < alone.schedule.nr_picks; i++) {
		assert_int_equal(alone.schedule.picks[i].kind, after.schedule.picks[i].kind);
		assert_int_equal(alone.schedule.picks[i].id, after.schedule.picks[i].id);
		assert_int_equal(alone.schedule.picks[i].count, after.schedule.picks[i].count);
	}
	vmsim_result_free(&alone);
	vmsim_result_free(&after);
}

/* Under VMSIM_TLB_UP, threads share a CPU and are not switched inside a spinlock. */
static int unlocked_but_not_preemptible(struct vmsim_world *world)
{
	int result;

	preempt_disable();
	result = racy_increment(world);
	preempt_enable();
	return result;
}

static void test_one_cpu_does_not_preempt_critical_sections(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "Alpha", .cpu = 0, .fn = unlocked_but_not_preemptible },
		{ .name = "Beta", .cpu = 1, .fn = unlocked_but_not_preemptible },
	};
	struct vmsim_scenario scenario = world_of(threads, 2);
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_RANDOM, 500);
	struct vmsim_result result;

	(void)state;
	options.tlb = VMSIM_TLB_UP;
	result = explore(&scenario, &options, 0);
	assert_false(result.violated);
	vmsim_result_free(&result);
	options.tlb = VMSIM_TLB_IPI;
	result = explore(&scenario, &options, 0);
	assert_true(result.violated);
	vmsim_result_free(&result);
}

static void test_bad_scenarios(void **state)
{
	struct vmsim_scenario scenario = world_of(racy, 2);
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_RANDOM, 1);
	struct vmsim_result result;

	(void)state;
	scenario.nr_threads = 0;
	result = explore(&scenario, &options, -EINVAL);
	vmsim_result_free(&result);
	scenario = world_of(racy, 2);
	scenario.config.cpus = 1;
	result = explore(&scenario, &options, -EINVAL);
	assert_non_null(strstr(error, "Beta"));
	vmsim_result_free(&result);
	scenario = world_of(racy, 2);
	options.strategy = VMSIM_STRATEGY_REPLAY;
	result = explore(&scenario, &options, -EINVAL);
	vmsim_result_free(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_finds_it),
		cmocka_unit_test(test_pct_finds_it),
		cmocka_unit_test(test_script_decides),
		cmocka_unit_test(test_bad_scripts),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_foreign_schedule_is_refused),
		cmocka_unit_test(test_deadlock_is_o20),
		cmocka_unit_test(test_livelock_is_o20),
		cmocka_unit_test(test_spinning_lets_others_go_on),
		cmocka_unit_test(test_executions_do_not_leak),
		cmocka_unit_test(test_one_cpu_does_not_preempt_critical_sections),
		cmocka_unit_test(test_bad_scenarios),
	};

	return vmsim_run_tests(tests);
}
