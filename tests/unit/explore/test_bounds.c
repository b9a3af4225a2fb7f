// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "explore/visited.h"
#include "outcomes.h"

/*
 * A bound on preemptions: states finds within it what dfs finds within it, which looks at every
 * schedule. Not more, and not less.
 */

#define PROGRAMS SOME_OF(150)
#define MAX_BOUND 3
/* Where a bound hides something: blocks more than other tests have in a thread, and schedules. */
#define LARGER 4
#define DFS_LIMIT 4000

static struct outcomes with_dfs, with_states;

static void skip_without_states(void)
{
	if (outcomes_can_have_states())
		return;
	print_message("strategy states: not under ThreadSanitizer, and not with pthreads\n");
	skip();
}

/*
 * Errors put into states. Its calls of these functions come here (-Wl,--wrap): what they get and
 * say is changed on the way. dfs is left alone.
 */
static enum error {
	NO_ERROR,
	WHAT_IS_LEFT_IS_NO_STATE,
	WHO_RUNS_IS_NO_STATE,
	WAITING_COSTS,
	NOTHING_COSTS,
} the_error, error_in_states;

bool __real_visited_add(struct visited *visited, struct image_key key, struct allowance *allowance);
bool __wrap_visited_add(struct visited *visited, struct image_key key, struct allowance *allowance);
bool __real_can_go_on(const struct candidate *candidates, int n, int thread);
bool __wrap_can_go_on(const struct candidate *candidates, int n, int thread);

bool __wrap_visited_add(struct visited *visited, struct image_key key, struct allowance *allowance)
{
	struct allowance changed = *allowance;

	if (error_in_states == WHAT_IS_LEFT_IS_NO_STATE)
		changed.left = 0;
	if (error_in_states == WHO_RUNS_IS_NO_STATE)
		changed.last = NOBODY;
	if (__real_visited_add(visited, key, &changed))
		return true;
	if (!error_in_states)
		*allowance = changed;
	return false;
}

bool __wrap_can_go_on(const struct candidate *candidates, int n, int thread)
{
	if (error_in_states == WAITING_COSTS)
		return thread >= 0;
	return __real_can_go_on(candidates, n, thread) && error_in_states != NOTHING_COSTS;
}

static void explore(const struct program *program, enum vmsim_strategy strategy,
		    unsigned int preemptions, struct outcomes *out)
{
	struct vmsim_explore_options options = outcomes_options(strategy);

	options.preemptions = preemptions;
	error_in_states = strategy == VMSIM_STRATEGY_STATES ? the_error : NO_ERROR;
	out->set.n = 0;
	outcomes_explore(program, &options, NULL, UINT64_MAX, out);
	error_in_states = NO_ERROR;
}

/* The first larger program from @seed on with few schedules within the bound; returns its seed. */
static uint64_t exhaustible(struct program *program, uint64_t seed)
{
	struct vmsim_explore_options options = outcomes_options(VMSIM_STRATEGY_DFS);

	options.preemptions = MAX_BOUND;
	for (;; seed++) {
		program_make_larger(program, seed, LARGER);
		with_dfs.set.n = 0;
		outcomes_explore(program, &options, NULL, DFS_LIMIT, &with_dfs);
		if (with_dfs.coverage.exhausted)
			return seed;
	}
}

/* Both strategies with one bound. True if they say the same. */
static bool agree(const struct program *program, unsigned int preemptions)
{
	explore(program, VMSIM_STRATEGY_DFS, preemptions, &with_dfs);
	explore(program, VMSIM_STRATEGY_STATES, preemptions, &with_states);
	assert_true(with_dfs.coverage.exhausted);
	return outcomes_same(&with_dfs, &with_states);
}

struct bound_totals {
	uint64_t dfs, transitions;
	unsigned int less;	/* programs of which the bound hides something */
};

static void assert_agree(const struct program *program, unsigned int preemptions, unsigned int all,
			 struct bound_totals *totals)
{
	bool same = agree(program, preemptions);

	assert_true(with_states.coverage.exhausted);
	assert_true(with_states.coverage.preemptions == preemptions ||
		    with_states.coverage.preemptions == VMSIM_UNBOUNDED);
	if (!same) {
		program_print(program);
		fail_msg("program %llu, %u preemptions: dfs %u outcomes, states %u",
			 (unsigned long long)program->seed, preemptions, with_dfs.set.n, with_states.set.n);
	}
	assert_true(with_dfs.set.n <= all);
	if (with_states.coverage.preemptions == VMSIM_UNBOUNDED)
		assert_int_equal(with_states.set.n, all);
	totals->dfs += with_dfs.executions;
	totals->transitions += with_states.coverage.transitions;
	totals->less += with_dfs.set.n < all;
}

static void test_states_agrees_with_dfs(void **state)
{
	struct bound_totals totals[MAX_BOUND + 1] = { 0 };
	uint64_t seed = 0;

	(void)state;
	skip_without_states();
	for (unsigned int i = 0; i < PROGRAMS; i++, seed++) {
		struct program program;
		unsigned int all;

		seed = exhaustible(&program, seed);
		explore(&program, VMSIM_STRATEGY_STATES, VMSIM_UNBOUNDED, &with_states);
		all = with_states.set.n;
		for (unsigned int bound = 0; bound <= MAX_BOUND; bound++)
			assert_agree(&program, bound, all, &totals[bound]);
	}
	for (unsigned int bound = 0; bound <= MAX_BOUND; bound++)
		print_message(
			"%d programs, %u preemptions: dfs %llu executions, states %llu transitions, %u with fewer outcomes\n",
			PROGRAMS, bound, (unsigned long long)totals[bound].dfs,
			(unsigned long long)totals[bound].transitions, totals[bound].less);
	assert_true(totals[0].less > PROGRAMS / 4);
	assert_true(totals[0].less > totals[1].less && totals[1].less > totals[2].less);
	assert_true(totals[MAX_BOUND].transitions < totals[MAX_BOUND].dfs);
}

static bool error_is_noticed(enum error error)
{
	bool same = true;
	uint64_t seed = 0;

	the_error = error;
	for (unsigned int i = 0; i < PROGRAMS && same; i++, seed++) {
		struct program program;

		seed = exhaustible(&program, seed);
		for (unsigned int bound = 0; bound <= MAX_BOUND && same; bound++)
			same = agree(&program, bound);
	}
	the_error = NO_ERROR;
	return !same;
}

static void test_errors_are_noticed(void **state)
{
	(void)state;
	skip_without_states();
	assert_true(error_is_noticed(WHAT_IS_LEFT_IS_NO_STATE));
	assert_true(error_is_noticed(WHO_RUNS_IS_NO_STATE));
	assert_true(error_is_noticed(WAITING_COSTS));
	assert_true(error_is_noticed(NOTHING_COSTS));
}

/*
 * A thread whose next step is nobody else's business, but whose turn has to be paid for: that its
 * step may come first is no reason to leave the others out.
 */
struct between {
	int word, started, done, constant;
};

static int goes_on_later(struct vmsim_world *world)
{
	struct between *w = world->ctx;

	WRITE_ONCE(w->started, 1);
	cpu_relax();
	(void)READ_ONCE(w->constant);
	(void)READ_ONCE(w->constant);
	WRITE_ONCE(w->done, 1);
	return 0;
}

static int reads_twice(struct vmsim_world *world)
{
	struct between *w = world->ctx;
	int started = READ_ONCE(w->started);
	int first = READ_ONCE(w->word);

	if (READ_ONCE(w->word) != first && started && !READ_ONCE(w->done))
		vmsim_fail("it changed");
	return 0;
}

static int writes(struct vmsim_world *world)
{
	struct between *w = world->ctx;

	WRITE_ONCE(w->word, 1);
	return 0;
}

static struct vmsim_coverage search(const struct vmsim_scenario *scenario,
				    enum vmsim_strategy strategy, unsigned int preemptions,
				    bool *failed)
{
	struct vmsim_explore_options options;
	struct vmsim_coverage coverage;
	struct vmsim_result result;
	char error[256];

	vmsim_explore_options_init(&options);
	options.strategy = strategy;
	options.executions = UINT64_MAX;
	options.step_limit = 500;
	options.preemptions = preemptions;
	if (vmsim_explore(scenario, &options, &result, error, sizeof(error)))
		fail_msg("%s", error);
	*failed = result.violated;
	coverage = result.coverage;
	assert_int_not_equal(*failed, coverage.exhausted);
	vmsim_result_free(&result);
	return coverage;
}

static bool fails_within(const struct vmsim_scenario *scenario, unsigned int preemptions)
{
	struct vmsim_coverage coverage;
	bool failed;

	coverage = search(scenario, VMSIM_STRATEGY_STATES, preemptions, &failed);
	assert_int_equal(coverage.below, failed ? 0 : preemptions + 1);
	return failed;
}

static const struct vmsim_thread_def between_threads[] = {
	{ .name = "Later", .cpu = 1, .fn = goes_on_later },
	{ .name = "Reader", .cpu = 2, .fn = reads_twice },
	{ .name = "Writer", .cpu = 3, .fn = writes },
};

static struct vmsim_scenario between(unsigned int nr_threads)
{
	return (struct vmsim_scenario) {
		.name = "between",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 4, .frames = 128 },
		.bare = true,
		.ctx_size = sizeof(struct between),
		.threads = between_threads,
		.nr_threads = nr_threads,
	};
}

static void test_private_steps_of_others_cost(void **state)
{
	const struct vmsim_scenario scenario = between(3);

	(void)state;
	skip_without_states();
	assert_false(fails_within(&scenario, 0));
	assert_true(fails_within(&scenario, 1));
}

static int writes_and_says_so(struct vmsim_world *world)
{
	struct between *w = world->ctx;

	WRITE_ONCE(w->started, 1);
	WRITE_ONCE(w->word, 1);
	WRITE_ONCE(w->done, 1);
	return 0;
}

/*
 * The writer has to be preempted when it has started, unless it did so before; then the reader;
 * then the writer, again.
 */
static void test_more_preemptions(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "Reader", .cpu = 1, .fn = reads_twice },
		{ .name = "Writer", .cpu = 2, .fn = writes_and_says_so },
	};
	static const struct between begin[] = { { .started = 1 }, { .started = 0 } };

	(void)state;
	skip_without_states();
	for (unsigned int i = 0; i < 2; i++) {
		struct vmsim_scenario scenario = between(2);
		struct vmsim_coverage coverage;
		bool failed;

		scenario.threads = threads;
		scenario.ctx_init = &begin[i];
		coverage = search(&scenario, VMSIM_STRATEGY_BOUNDS, VMSIM_UNBOUNDED, &failed);
		assert_true(failed);
		assert_int_equal(coverage.below, 2 + i);
	}
}

/* Bound after bound, until a failure, until the last bound, or until one forbids nothing. */
static void test_bounds_rise(void **state)
{
	static const struct vmsim_thread_def writers[] = {
		{ .name = "One", .cpu = 1, .fn = writes_and_says_so },
		{ .name = "Two", .cpu = 2, .fn = writes_and_says_so },
	};
	const struct vmsim_scenario fails = between(3);
	struct vmsim_scenario passes = between(2);
	struct vmsim_coverage coverage;
	bool failed;

	(void)state;
	skip_without_states();
	coverage = search(&fails, VMSIM_STRATEGY_BOUNDS, VMSIM_UNBOUNDED, &failed);
	assert_true(failed);
	assert_int_equal(coverage.below, 1);
	coverage = search(&fails, VMSIM_STRATEGY_BOUNDS, 0, &failed);
	assert_false(failed);
	assert_int_equal(coverage.below, 1);
	assert_int_equal(coverage.preemptions, 0);
	passes.threads = writers;
	coverage = search(&passes, VMSIM_STRATEGY_BOUNDS, 1, &failed);
	assert_false(failed);
	assert_int_equal(coverage.below, 2);
	assert_int_equal(coverage.preemptions, 1);
	coverage = search(&passes, VMSIM_STRATEGY_BOUNDS, VMSIM_UNBOUNDED, &failed);
	assert_false(failed);
	assert_in_range(coverage.below, 3, 20);
	assert_int_equal(coverage.preemptions, VMSIM_UNBOUNDED);
}

/* The fewest preemptions with which @program fails, by all schedules; MAX_BOUND + 1: more. */
static unsigned int depth_of(const struct program *program)
{
	struct vmsim_scenario scenario;

	program_scenario(program, &scenario);
	for (unsigned int bound = 0; bound <= MAX_BOUND; bound++) {
		struct vmsim_explore_options options = outcomes_options(VMSIM_STRATEGY_DFS);
		struct vmsim_result result;
		char error[256];
		bool failed;

		options.preemptions = bound;
		options.executions = UINT64_MAX;
		if (vmsim_explore(&scenario, &options, &result, error, sizeof(error)))
			fail_msg("%s", error);
		failed = result.violated;
		vmsim_result_free(&result);
		if (failed)
			return bound;
	}
	return MAX_BOUND + 1;
}

static void test_bounds_find_the_depth(void **state)
{
	unsigned int programs[MAX_BOUND + 2] = { 0 };
	uint64_t seed = 0;

	(void)state;
	skip_without_states();
	for (unsigned int i = 0; i < PROGRAMS; i++, seed++) {
		struct vmsim_coverage coverage;
		struct vmsim_scenario scenario;
		struct program program;
		unsigned int depth;
		bool failed;

		seed = exhaustible(&program, seed);
		depth = depth_of(&program);
		program_scenario(&program, &scenario);
		coverage = search(&scenario, VMSIM_STRATEGY_BOUNDS, MAX_BOUND, &failed);
		assert_int_equal(failed, depth <= MAX_BOUND);
		if (failed)
			assert_int_equal(coverage.below, depth);
		programs[depth]++;
	}
	for (unsigned int depth = 0; depth <= MAX_BOUND; depth++)
		print_message("%u programs of depth %u\n", programs[depth], depth);
	assert_true(programs[0] && programs[1] && programs[MAX_BOUND + 1]);
}

struct spin {
	int word, stop;
};

static int waits_for_word(struct vmsim_world *world)
{
	struct spin *spin = world->ctx;

	while (!READ_ONCE(spin->word))
		cpu_relax();
	WRITE_ONCE(spin->stop, 1);
	return 0;
}

static int sets_and_clears(struct vmsim_world *world)
{
	struct spin *spin = world->ctx;

	while (!READ_ONCE(spin->stop)) {
		WRITE_ONCE(spin->word, 1);
		WRITE_ONCE(spin->word, 0);
		cpu_relax();
	}
	return 0;
}

static struct vmsim_scenario spinning(const struct vmsim_thread_def *threads)
{
	return (struct vmsim_scenario) {
		.name = "spinning",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 3, .frames = 128 },
		.bare = true,
		.ctx_size = sizeof(struct spin),
		.threads = threads,
		.nr_threads = 2,
	};
}

/* Without a preemption the one never sees what the other does: that is no livelock. */
static void test_ends_beyond_the_bound(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "Waits", .cpu = 1, .fn = waits_for_word },
		{ .name = "Sets", .cpu = 2, .fn = sets_and_clears },
	};
	const struct vmsim_scenario scenario = spinning(threads);

	(void)state;
	skip_without_states();
	for (unsigned int bound = 0; bound <= MAX_BOUND; bound++)
		assert_false(fails_within(&scenario, bound));
}

/* Where there is no end at all, the schedule that shows it keeps to the bound. */
static void test_livelocks_within_the_bound(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "One", .cpu = 1, .fn = waits_for_word },
		{ .name = "Two", .cpu = 2, .fn = waits_for_word },
	};
	const struct vmsim_scenario scenario = spinning(threads);
	const struct vmsim_minimise_limits limits = { .replays = 1 };
	struct vmsim_explore_options options;
	struct vmsim_minimised minimised;
	struct vmsim_result result;
	char error[256];

	(void)state;
	skip_without_states();
	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_STATES;
	options.executions = UINT64_MAX;
	options.step_limit = 500;
	for (options.preemptions = 0; options.preemptions <= MAX_BOUND; options.preemptions++) {
		if (vmsim_explore(&scenario, &options, &result, error, sizeof(error)))
			fail_msg("%s", error);
		assert_true(result.violated);
		assert_string_equal(result.violation.oracle, "O20");
		if (vmsim_minimise(&scenario, &options, &result.schedule, &limits, &minimised,
				   error, sizeof(error)))
			fail_msg("%s", error);
		assert_true(minimised.preemptions_before <= options.preemptions);
		assert_string_equal(minimised.violation.oracle, "O20");
		vmsim_minimised_free(&minimised);
		vmsim_result_free(&result);
	}
}

/* Which allowances need a visit, after which others. */
static void test_allowances(void **state)
{
	static const struct {
		unsigned int left, last;
		bool new;
		unsigned int as_left, as_last;	/* if not: what is as good */
	} step[] = {
		{ 2, 4, true, 0, 0 },
		{ 2, 4, false, 2, 4 },
		{ 1, 4, false, 2, 4 },
		{ 1, NOBODY, false, 2, 4 },
		{ 2, 0, true, 0, 0 },
		{ 2, 5, true, 0, 0 },
		{ 2, 0, false, 2, 0 },
		{ 2, 4, false, 2, 4 },
		{ 1, 6, false, 2, 0 },
		{ 2, NOBODY, true, 0, 0 },
		{ 2, 6, false, 2, NOBODY },
		{ 2, 5, false, 2, 5 },
		{ 3, 6, true, 0, 0 },
		{ 3, 5, true, 0, 0 },
		{ 2, NOBODY, false, 3, 5 },
		{ MOST_LEFT, NOBODY, true, 0, 0 },
		{ MOST_LEFT, NOBODY - 1, false, MOST_LEFT, NOBODY },
	};
	struct visited *visited = visited_create(1 << 20, true);
	struct image_key key = { 1, 2 };

	(void)state;
	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		struct allowance allowance = { step[i].left, step[i].last };

		assert_int_equal(visited_add(visited, key, &allowance), step[i].new);
		assert_int_equal(allowance.left, step[i].new ? step[i].left : step[i].as_left);
		assert_int_equal(allowance.last, step[i].new ? step[i].last : step[i].as_last);
		assert_int_equal(visited_count(visited), 1);
	}
	visited_destroy(visited);
}

/* The table grows, and becomes a few bits for each state: what was seen stays seen. */
static void test_allowances_are_kept(void **state)
{
	enum { STATES = 60000 };
	static const size_t limits[] = { 1 << 26, 1 << 20 };

	(void)state;
	for (unsigned int l = 0; l < 2; l++) {
		struct visited *visited = visited_create(limits[l], true);
		unsigned int forgotten = 0;

		for (uint64_t i = 1; i <= STATES; i++) {
			struct allowance allowance = { i % 4, i % 3 };

			visited_add(visited, (struct image_key) { rng_next(&(uint64_t) { i }), i },
				    &allowance);
		}
		assert_int_equal(visited_exact(visited), l == 0);
		for (uint64_t i = 1; i <= STATES; i++) {
			struct image_key key = { rng_next(&(uint64_t) { i }), i };
			struct allowance same = { i % 4, i % 3 }, more = { i % 4 + 1, i % 3 };

			assert_false(visited_add(visited, key, &same));
			forgotten += visited_add(visited, key, &more);
		}
		assert_in_range(forgotten, l ? STATES * 9 / 10 : STATES, STATES);
		visited_destroy(visited);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_agrees_with_dfs),
		cmocka_unit_test(test_errors_are_noticed),
		cmocka_unit_test(test_private_steps_of_others_cost),
		cmocka_unit_test(test_more_preemptions),
		cmocka_unit_test(test_bounds_rise),
		cmocka_unit_test(test_bounds_find_the_depth),
		cmocka_unit_test(test_ends_beyond_the_bound),
		cmocka_unit_test(test_livelocks_within_the_bound),
		cmocka_unit_test(test_allowances),
		cmocka_unit_test(test_allowances_are_kept),
	};

	return vmsim_run_tests(tests);
}
