// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include "explore/rehearse.h"
#include "explore/sanitize.h"
#include "outcomes.h"
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

/*
 * Shards of states see much of the same; together they see all of it, and nothing else. Where one
 * is left out something is missing, of some program.
 */
#ifdef WITH_ASAN
#define PROGRAMS 20
#else
#define PROGRAMS 70
#endif
/* Smaller seeds seldom make programs of which a shard sees anything alone. */
#define FIRST_PROGRAM 80

static struct outcomes whole, all, but_one;

/* Without rehearsal, shards learn different things. */
static bool rehearsed;

void __real_rehearse(struct vmsim_explorer *x, struct local *local);
void __wrap_rehearse(struct vmsim_explorer *x, struct local *local);

void __wrap_rehearse(struct vmsim_explorer *x, struct local *local)
{
	if (rehearsed)
		__real_rehearse(x, local);
}

static void add_shard(const struct program *program, const struct vmsim_explore_options *options,
		      unsigned int shard, unsigned int shards, struct outcomes *out)
{
	struct vmsim_explore_options part = *options;

	part.shard = shard;
	part.shards = shards;
	outcomes_explore(program, &part, NULL, UINT64_MAX, out);
	assert_true(out->coverage.exhausted);
}

/* True if the shards but for the first one say less than all. */
static bool first_shard_matters(const struct program *program,
				const struct vmsim_explore_options *options, unsigned int shards)
{
	whole.set.n = all.set.n = but_one.set.n = 0;
	outcomes_explore(program, options, NULL, UINT64_MAX, &whole);
	for (unsigned int i = 1; i < shards; i++)
		add_shard(program, options, i, shards, &but_one);
	all.set = but_one.set;
	add_shard(program, options, 0, shards, &all);
	/* Who rises ends with the bound that all others end with. */
	assert_int_equal(all.coverage.below, but_one.coverage.below);
	if (!outcomes_same(&whole, &all)) {
		program_print(program);
		fail_msg("program %llu, %u preemptions: %u outcomes, in %u shards %u",
			 (unsigned long long)program->seed, options->preemptions, whole.set.n,
			 shards, all.set.n);
	}
	return but_one.set.n < whole.set.n;
}

static void test_states(void **state)
{
	static const struct {
		enum vmsim_strategy strategy;
		unsigned int preemptions;
		bool rehearsed;
	} way[] = {
		{ VMSIM_STRATEGY_STATES, VMSIM_UNBOUNDED, true },
		{ VMSIM_STRATEGY_STATES, VMSIM_UNBOUNDED, false },
		{ VMSIM_STRATEGY_STATES, 0, false },
		{ VMSIM_STRATEGY_STATES, 1, false },
		{ VMSIM_STRATEGY_STATES, 2, false },
		{ VMSIM_STRATEGY_BOUNDS, VMSIM_UNBOUNDED, false },
	};
	unsigned int matters[ARRAY_SIZE(way)] = { 0 };

	(void)state;
	if (!outcomes_can_have_states()) {
		print_message("strategy states: not under ThreadSanitizer\n");
		skip();
	}
	for (unsigned int seed = FIRST_PROGRAM; seed < FIRST_PROGRAM + PROGRAMS; seed++) {
		struct program program;

		program_make(&program, seed);
		for (unsigned int i = 0; i < ARRAY_SIZE(way); i++) {
			struct vmsim_explore_options options = outcomes_options(way[i].strategy);

			options.preemptions = way[i].preemptions;
			rehearsed = way[i].rehearsed;
			matters[i] += first_shard_matters(&program, &options, 2 + seed % 4);
		}
	}
	print_message("%d programs; the first shard matters to %u and %u; within 0, 1, 2, to %u, %u, %u; rising, %u\n",
		      PROGRAMS, matters[0], matters[1], matters[2], matters[3], matters[4],
		      matters[5]);
	assert_true(PROGRAMS < 70 || (matters[0] && matters[1] && matters[3] + matters[4]));
	/* What needs no preemption is seen by every shard. */
	assert_int_equal(matters[2], 0);
}

static void test_what_cannot_be_divided(void **state)
{
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256] = "";

	(void)state;
	vmsim_explore_options_init(&options);
	options.shards = 2;
	options.strategy = VMSIM_STRATEGY_SCRIPT;
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
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_what_cannot_be_divided),
	};

	return vmsim_run_tests(tests);
}
