// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include "explore/coroutine.h"
#include <errno.h>
#include <linux/atomic.h>
#include <linux/smp.h>
#include <string.h>

/* The portfolio: who takes part, who gets how much, and what is said about it. */

struct counter {
	atomic_t value;
};

static int racy_increment(struct vmsim_world *world)
{
	struct counter *counter = world->ctx;
	int seen = atomic_read(&counter->value);

	vmsim_point("between");
	atomic_set(&counter->value, seen + 1);
	return 0;
}

static int safe_increments(struct vmsim_world *world)
{
	struct counter *counter = world->ctx;

	for (int i = 0; i < 6; i++)
		atomic_inc(&counter->value);
	return 0;
}

/* The value tells in which order all were there. */
static int long_history(struct vmsim_world *world)
{
	struct counter *counter = world->ctx;

	for (int i = 0; i < 8; i++)
		atomic_set(&counter->value, (int)(5u * (unsigned int)atomic_read(&counter->value) +
						  smp_processor_id()));
	return 0;
}

static int expect_two(struct vmsim_world *world)
{
	struct counter *counter = world->ctx;

	if (atomic_read(&counter->value) != 2)
		vmsim_fail("value %d", atomic_read(&counter->value));
	return 0;
}

static const struct vmsim_thread_def racy[] = {
	{ .name = "Alpha", .cpu = 0, .fn = racy_increment },
	{ .name = "Beta", .cpu = 1, .fn = racy_increment },
};

static const struct vmsim_thread_def safe[] = {
	{ .name = "Alpha", .cpu = 0, .fn = safe_increments },
	{ .name = "Beta", .cpu = 1, .fn = safe_increments },
	{ .name = "Gamma", .cpu = 2, .fn = safe_increments },
	{ .name = "Delta", .cpu = 3, .fn = safe_increments },
};

static const struct vmsim_scenario racy_world = {
	.name = "racy",
	.bare = true,
	.config = { .cpus = 4, .frames = 128 },
	.ctx_size = sizeof(struct counter),
	.threads = racy,
	.nr_threads = 2,
	.check = expect_two,
};

static const struct vmsim_scenario safe_world = {
	.name = "safe",
	.bare = true,
	.config = { .cpus = 4, .frames = 128 },
	.ctx_size = sizeof(struct counter),
	.threads = safe,
	.nr_threads = 4,
};

static struct vmsim_result explore(const struct vmsim_scenario *scenario, uint64_t seed,
				   uint64_t executions)
{
	struct vmsim_explore_options options =
		explore_options(VMSIM_STRATEGY_PORTFOLIO, executions);

	options.seed = seed;
	return explore_with(scenario, &options);
}

static uint64_t sum(const struct vmsim_result *result)
{
	uint64_t all = 0;

	for (int strategy = 0; strategy < VMSIM_STRATEGY_COUNT; strategy++)
		all += result->coverage.executions_by[strategy];
	return all;
}

static void test_finds_the_race_and_says_who(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct vmsim_result result = explore(&racy_world, seed, 1000);
		enum vmsim_strategy by = result.coverage.found_by;

		assert_true(result.violated);
		assert_true(result.executions <= 50);
		assert_int_equal(sum(&result), result.executions);
		assert_true(result.coverage.executions_by[by] > 0);
		assert_int_not_equal(by, VMSIM_STRATEGY_PORTFOLIO);
		vmsim_result_free(&result);
	}
}

/* Everybody gets a first execution before anybody gets many. */
static void test_small_turns_first(void **state)
{
	struct vmsim_result result = explore(&safe_world, 1, 8);

	(void)state;
	assert_false(result.violated);
	assert_true(result.coverage.executions_by[VMSIM_STRATEGY_RANDOM] >= 1);
	assert_true(result.coverage.executions_by[VMSIM_STRATEGY_PCT] >= 1);
	assert_true(result.coverage.executions_by[VMSIM_STRATEGY_RANDOM] <= 4);
	assert_true(result.coverage.executions_by[VMSIM_STRATEGY_PCT] <= 4);
	vmsim_result_free(&result);
}

/* Random and pct have the same share, of whatever is not the share of others. */
static void test_shares(void **state)
{
	struct vmsim_result result = explore(&safe_world, 1, 4000);
	uint64_t random = result.coverage.executions_by[VMSIM_STRATEGY_RANDOM];
	uint64_t pct = result.coverage.executions_by[VMSIM_STRATEGY_PCT];

	(void)state;
	assert_int_equal(sum(&result), result.executions);
	assert_true(result.coverage.exhausted || result.executions == 4000);
	assert_true(random * 10 >= pct * 8 && pct * 10 >= random * 8);
	assert_true(random * 5 >= result.executions);
	vmsim_result_free(&result);
}

static void test_same_seed_same_failure(void **state)
{
	struct vmsim_result a = explore(&racy_world, 5, 1000), b = explore(&racy_world, 5, 1000);

	(void)state;
	assert_int_equal(a.executions, b.executions);
	assert_int_equal(a.schedule.nr_picks, b.schedule.nr_picks);
	for (size_t i = 0; i < a.schedule.nr_picks; i++) {
		assert_int_equal(a.schedule.picks[i].kind, b.schedule.picks[i].kind);
		assert_int_equal(a.schedule.picks[i].id, b.schedule.picks[i].id);
		assert_int_equal(a.schedule.picks[i].count, b.schedule.picks[i].count);
	}
	vmsim_result_free(&a);
	vmsim_result_free(&b);
}

static bool has_states(const struct vmsim_explore_options *options)
{
	return options->backend == VMSIM_BACKEND_FIBER && coroutine_can_go_back();
}

/* Only those take part that keep to the bound; where none can, that is told. */
static void test_bound(void **state)
{
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256] = "";

	(void)state;
	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_PORTFOLIO;
	options.executions = 100000;
	options.preemptions = 1;
	if (has_states(&options)) {
		assert_int_equal(vmsim_explore(&safe_world, &options, &result, error,
					       sizeof(error)), 0);
		assert_false(result.violated);
		assert_true(result.coverage.exhausted);
		assert_int_equal(result.coverage.below, 2);
		assert_int_equal(result.coverage.executions_by[VMSIM_STRATEGY_RANDOM], 0);
		assert_int_equal(result.coverage.executions_by[VMSIM_STRATEGY_PCT], 0);
		assert_int_equal(result.coverage.executions_by[VMSIM_STRATEGY_DPOR], 0);
		vmsim_result_free(&result);
	}
	options.backend = VMSIM_BACKEND_PTHREAD;
	assert_int_equal(vmsim_explore(&safe_world, &options, &result, error, sizeof(error)),
			 -EOPNOTSUPP);
	assert_non_null(strstr(error, "fibers"));
	vmsim_result_free(&result);
}

/* What nobody exhausts is told how far it was exhausted; the same each time. */
static void test_within(void **state)
{
	static const struct vmsim_thread_def many[] = {
		{ .name = "Alpha", .cpu = 0, .fn = long_history },
		{ .name = "Beta", .cpu = 1, .fn = long_history },
		{ .name = "Gamma", .cpu = 2, .fn = long_history },
		{ .name = "Delta", .cpu = 3, .fn = long_history },
	};
	struct vmsim_scenario scenario = safe_world;
	struct vmsim_explore_options options;
	struct vmsim_result result[2];

	(void)state;
	vmsim_explore_options_init(&options);
	if (!has_states(&options)) {
		print_message("within a bound: not under ThreadSanitizer\n");
		skip();
	}
	scenario.threads = many;
	for (int i = 0; i < 2; i++)
		result[i] = explore(&scenario, 1, 20000);
	assert_false(result[0].violated);
	assert_false(result[0].coverage.exhausted);
	assert_in_range(result[0].coverage.below, 1, 8);
	assert_int_equal(result[0].coverage.below, result[1].coverage.below);
	assert_int_equal(result[0].coverage.states, result[1].coverage.states);
	assert_int_equal(result[0].coverage.transitions, result[1].coverage.transitions);
	assert_int_equal(result[0].coverage.executions_by[VMSIM_STRATEGY_BOUNDS],
			 result[1].coverage.executions_by[VMSIM_STRATEGY_BOUNDS]);
	for (int i = 0; i < 2; i++)
		vmsim_result_free(&result[i]);
}

static void test_names(void **state)
{
	(void)state;
	for (int strategy = 0; strategy < VMSIM_STRATEGY_COUNT; strategy++)
		assert_int_equal(vmsim_strategy_parse(vmsim_strategy_name(strategy)), strategy);
	assert_null(vmsim_strategy_name(VMSIM_STRATEGY_COUNT));
	assert_int_equal(vmsim_strategy_parse("fastest"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_the_race_and_says_who),
		cmocka_unit_test(test_small_turns_first),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_same_seed_same_failure),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_names),
	};

	return vmsim_run_tests(tests);
}
