// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include <linux/atomic.h>
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
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_PORTFOLIO, executions);

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
		cmocka_unit_test(test_names),
	};

	return vmsim_run_tests(tests);
}
