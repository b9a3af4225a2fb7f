// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include <errno.h>
#include <linux/atomic.h>
#include <string.h>

/* All shards together do the work of the whole search, each part once. */

static int thread(struct vmsim_world *world)
{
	atomic_t *value = world->ctx;
	int seen = atomic_read(value);

	atomic_set(value, seen + 1);
	return 0;
}

static int check(struct vmsim_world *world)
{
	atomic_t *value = world->ctx;

	if (atomic_read(value) != 3)
		vmsim_fail("value %d", atomic_read(value));
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Alpha", .cpu = 0, .fn = thread },
	{ .name = "Beta", .cpu = 1, .fn = thread },
	{ .name = "Gamma", .cpu = 2, .fn = thread },
};

static const struct vmsim_scenario scenario = {
	.name = "shards",
	.bare = true,
	.config = { .cpus = 3, .frames = 128 },
	.ctx_size = sizeof(atomic_t),
	.threads = threads,
	.nr_threads = 3,
	.check = check,
};

static struct vmsim_result explore(enum vmsim_strategy strategy, uint64_t executions,
				   unsigned int shard, unsigned int shards, bool keep_going)
{
	struct vmsim_explore_options options = explore_options(strategy, executions);

	options.shard = shard;
	options.shards = shards;
	options.keep_going = keep_going;
	return explore_with(&scenario, &options);
}

static void parts_are_the_whole(enum vmsim_strategy strategy, uint64_t executions)
{
	struct vmsim_result whole = explore(strategy, executions, 0, 1, true);

	assert_true(whole.executions > 100 && whole.failures > 10);
	for (unsigned int shards = 2; shards <= 7; shards++) {
		uint64_t done = 0, failures = 0;

		for (unsigned int i = 0; i < shards; i++) {
			struct vmsim_result part = explore(strategy, executions, i, shards, true);

			assert_true(part.executions < whole.executions);
			assert_true(!whole.coverage.exhausted || part.coverage.exhausted);
			done += part.executions;
			failures += part.failures;
			vmsim_result_free(&part);
		}
		assert_int_equal(done, whole.executions);
		assert_int_equal(failures, whole.failures);
	}
	vmsim_result_free(&whole);
}

static void test_sampling(void **state)
{
	(void)state;
	parts_are_the_whole(VMSIM_STRATEGY_RANDOM, 1001);
	parts_are_the_whole(VMSIM_STRATEGY_PCT, 1001);
}

static void test_dfs(void **state)
{
	struct vmsim_result whole = explore(VMSIM_STRATEGY_DFS, 1000000, 0, 1, true);

	(void)state;
	assert_true(whole.coverage.exhausted);
	vmsim_result_free(&whole);
	parts_are_the_whole(VMSIM_STRATEGY_DFS, 1000000);
}

/* The first failure is that of the first shard which has one. */
static void test_first_failure(void **state)
{
	struct vmsim_result whole = explore(VMSIM_STRATEGY_PCT, 1000, 0, 1, false);
	uint64_t before = 0;

	(void)state;
	for (unsigned int i = 0; i < 500; i++) {
		struct vmsim_result part = explore(VMSIM_STRATEGY_PCT, 1000, i, 500, false);
		bool violated = part.violated;

		if (violated)
			assert_int_equal(before + part.executions, whole.executions);
		before += part.executions;
		vmsim_result_free(&part);
		if (violated)
			break;
	}
	assert_true(before == whole.executions && before > 2);
	vmsim_result_free(&whole);
}

static void test_what_cannot_be_divided(void **state)
{
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256] = "";

	(void)state;
	vmsim_explore_options_init(&options);
	options.shards = 2;
	options.strategy = VMSIM_STRATEGY_PORTFOLIO;
	assert_int_equal(vmsim_explore(&scenario, &options, &result, error, sizeof(error)),
			 -EINVAL);
	options.strategy = VMSIM_STRATEGY_STATES;
	assert_int_equal(vmsim_explore(&scenario, &options, &result, error, sizeof(error)),
			 -EOPNOTSUPP);
	options.strategy = VMSIM_STRATEGY_RANDOM;
	options.shard = 2;
	assert_int_equal(vmsim_explore(&scenario, &options, &result, error, sizeof(error)),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sampling),
		cmocka_unit_test(test_dfs),
		cmocka_unit_test(test_first_failure),
		cmocka_unit_test(test_what_cannot_be_divided),
	};

	return vmsim_run_tests(tests);
}
