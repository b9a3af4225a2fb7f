// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include "explore/coroutine.h"
#include "outcomes.h"
#include <errno.h>
#include <linux/gfp.h>
#include <stdio.h>
#include <string.h>

/* Allocations that fail because the exploration wants to see that. */

static char error[256];

/*
 * Two threads count under a lock, for which each needs memory. The buggy one forgets the lock where
 * there is none.
 */
struct ledger {
	spinlock_t lock;
	int entries, refused;
	gfp_t gfp;
};

static bool enter_entry(struct ledger *ledger)
{
	void *entry = kmalloc(64, ledger->gfp);

	if (!entry)
		return false;
	ledger->entries++;
	kfree(entry);
	return true;
}

static int careful(struct vmsim_world *world)
{
	struct ledger *ledger = world->ctx;

	spin_lock(&ledger->lock);
	if (!enter_entry(ledger))
		ledger->refused++;
	spin_unlock(&ledger->lock);
	return 0;
}

static int careless(struct vmsim_world *world)
{
	struct ledger *ledger = world->ctx;

	spin_lock(&ledger->lock);
	if (!enter_entry(ledger)) {
		ledger->refused++;
		return -ENOMEM;
	}
	spin_unlock(&ledger->lock);
	return 0;
}

/* Tells that there was no memory, or something else. */
static int tell(struct ledger *ledger, int what)
{
	bool entered;

	spin_lock(&ledger->lock);
	entered = enter_entry(ledger);
	ledger->refused += !entered;
	spin_unlock(&ledger->lock);
	return entered ? 0 : what;
}

static int tell_of_memory(struct vmsim_world *world)
{
	return tell(world->ctx, -ENOMEM);
}

static int tell_of_something(struct vmsim_world *world)
{
	return tell(world->ctx, -EINVAL);
}

static int tell_without_reason(struct vmsim_world *world)
{
	tell(world->ctx, 0);
	return -ENOMEM;
}

static int set_up(struct vmsim_world *world)
{
	struct ledger *ledger = world->ctx;

	spin_lock_init(&ledger->lock);
	/* Of a set-up, nothing is asked. */
	return enter_entry(ledger) ? 0 : -EINVAL;
}

static int both_were_here(struct vmsim_world *world)
{
	const struct ledger *ledger = world->ctx;

	if (ledger->entries + ledger->refused != 3)
		vmsim_fail("%d entries, %d refused", ledger->entries, ledger->refused);
	return 0;
}

static const struct ledger may_wait = { .gfp = GFP_KERNEL }, may_not_wait = { .gfp = GFP_NOWAIT },
	may_not_fail = { .gfp = GFP_KERNEL | __GFP_NOFAIL };

static struct vmsim_scenario scenario_of(int (*fn)(struct vmsim_world *world),
					 const struct ledger *ledger)
{
	static struct vmsim_thread_def threads[] = {
		{ .name = "First", .cpu = 0 }, { .name = "Second", .cpu = 1 },
	};

	threads[0].fn = threads[1].fn = fn;
	return (struct vmsim_scenario) {
		.name = "ledger",
		.bare = true,
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 128 },
		.ctx_size = sizeof(struct ledger),
		.ctx_init = ledger,
		.setup = set_up,
		.threads = threads,
		.nr_threads = 2,
		.check = both_were_here,
	};
}

static struct vmsim_result explore(const struct vmsim_scenario *scenario,
				   enum vmsim_strategy strategy, unsigned int ask)
{
	struct vmsim_explore_options options = explore_options(strategy, 2000);

	options.ask = ask;
	return explore_with(scenario, &options);
}

static const enum vmsim_strategy strategies[] = {
	VMSIM_STRATEGY_RANDOM, VMSIM_STRATEGY_PCT, VMSIM_STRATEGY_DFS, VMSIM_STRATEGY_DPOR,
	VMSIM_STRATEGY_STATES, VMSIM_STRATEGY_PORTFOLIO,
};
#define NR_STRATEGIES (sizeof(strategies) / sizeof(strategies[0]))

static bool is_possible(enum vmsim_strategy strategy)
{
	return coroutine_can_go_back() ||
	       (strategy != VMSIM_STRATEGY_STATES && strategy != VMSIM_STRATEGY_PORTFOLIO);
}

static bool finds(int (*fn)(struct vmsim_world *world), const struct ledger *ledger,
		  enum vmsim_strategy strategy, unsigned int ask)
{
	struct vmsim_scenario scenario = scenario_of(fn, ledger);
	struct vmsim_result result = explore(&scenario, strategy, ask);
	bool violated = result.violated;

	vmsim_result_free(&result);
	return violated;
}

static void test_each_strategy_finds_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_STRATEGIES; i++) {
		if (!is_possible(strategies[i]))
			continue;
		assert_true(finds(careless, &may_wait, strategies[i], VMSIM_ASK_BIT(ALLOC)));
		assert_false(finds(careful, &may_wait, strategies[i], VMSIM_ASK_BIT(ALLOC)));
	}
}

/* Each question is about allocations of its own kind; without one, nothing fails. */
static void test_what_is_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_STRATEGIES; i++) {
		if (!is_possible(strategies[i]))
			continue;
		assert_false(finds(careless, &may_wait, strategies[i], 0));
		assert_false(finds(careless, &may_wait, strategies[i], VMSIM_ASK_BIT(BATCH)));
		assert_false(finds(careless, &may_not_wait, strategies[i], VMSIM_ASK_BIT(ALLOC)));
		assert_true(finds(careless, &may_not_wait, strategies[i], VMSIM_ASK_BIT(BATCH)));
		assert_false(finds(careless, &may_not_fail, strategies[i], VMSIM_ASK_ALL));
	}
}

/* Tries until there is memory. */
static int insist(struct vmsim_world *world)
{
	struct ledger *ledger = world->ctx;
	bool entered = false;

	while (!entered) {
		spin_lock(&ledger->lock);
		entered = enter_entry(ledger);
		ledger->refused += !entered;
		spin_unlock(&ledger->lock);
	}
	return 0;
}

static int refused_twice(struct vmsim_world *world)
{
	const struct ledger *ledger = world->ctx;

	if (ledger->entries != 3)
		vmsim_fail("%d entries", ledger->entries);
	if (ledger->refused >= 2)
		vmsim_fail("refused %d times", ledger->refused);
	return 0;
}

/* After two yeses there is memory: who tries until there is some comes to an end. */
static void test_two_yeses(void **state)
{
	struct vmsim_scenario scenario = scenario_of(insist, &may_wait);
	struct vmsim_result result;

	(void)state;
	scenario.check = refused_twice;
	for (size_t i = 0; i < NR_STRATEGIES; i++) {
		if (!is_possible(strategies[i]))
			continue;
		result = explore(&scenario, strategies[i], VMSIM_ASK_BIT(ALLOC));
		assert_true(result.violated);
		assert_string_equal(result.violation.text, "refused 2 times");
		vmsim_result_free(&result);
	}
}

/* A thread may end because there is no memory, but only where there is none. */
static void test_giving_up(void **state)
{
	const unsigned int ask = VMSIM_ASK_BIT(ALLOC);

	(void)state;
	assert_false(finds(tell_of_memory, &may_wait, VMSIM_STRATEGY_DFS, ask));
	assert_true(finds(tell_of_something, &may_wait, VMSIM_STRATEGY_DFS, ask));
	assert_true(finds(tell_without_reason, &may_wait, VMSIM_STRATEGY_DFS, ask));
}

static void test_bad_questions(void **state)
{
	struct vmsim_scenario scenario = scenario_of(careful, &may_wait);
	struct vmsim_explore_options options;
	struct vmsim_result result;

	(void)state;
	vmsim_explore_options_init(&options);
	options.ask = VMSIM_ASK_BIT(RESCHED);
	assert_int_equal(vmsim_explore(&scenario, &options, &result, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, "no such question");
	options.ask = VMSIM_ASK_BIT(ALLOC);
	options.strategy = VMSIM_STRATEGY_NATIVE;
	assert_int_equal(vmsim_explore(&scenario, &options, &result, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, "real threads are asked nothing");
	assert_int_equal(vmsim_question_parse("alloc"), VMSIM_ASK_ALLOC);
	assert_int_equal(vmsim_question_parse("batch"), VMSIM_ASK_BATCH);
	assert_int_equal(vmsim_question_parse("resched"), -EINVAL);
	assert_null(vmsim_question_name(VMSIM_ASK_RESCHED));
	assert_null(vmsim_question_name(VMSIM_QUESTION_COUNT));
}

static struct vmsim_schedule through_text(const struct vmsim_scenario *scenario,
					  const struct vmsim_schedule *schedule)
{
	struct vmsim_schedule again;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(vmsim_schedule_write(scenario, schedule, out), 0);
	fclose(out);
	assert_non_null(strstr(text, "\nask alloc\n"));
	assert_non_null(strstr(text, " n1"));
	assert_int_equal(vmsim_schedule_parse(text, size, &again, error, sizeof(error)), 0);
	assert_int_equal(vmsim_schedule_bind(scenario, &again, error, sizeof(error)), 0);
	free(text);
	return again;
}

static int replay(const struct vmsim_scenario *scenario, const struct vmsim_schedule *schedule,
		  enum vmsim_backend backend, unsigned int ask, struct vmsim_result *result)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_REPLAY, 1);

	options.schedule = schedule;
	options.backend = backend;
	options.ask = ask;
	return vmsim_explore(scenario, &options, result, error, sizeof(error));
}

/* The schedule says what was asked, and what was answered. */
static void test_replay(void **state)
{
	struct vmsim_scenario scenario = scenario_of(careless, &may_wait);

	(void)state;
	for (size_t i = 0; i < NR_STRATEGIES; i++) {
		struct vmsim_result found, again;
		struct vmsim_schedule schedule;

		if (!is_possible(strategies[i]))
			continue;
		found = explore(&scenario, strategies[i], VMSIM_ASK_BIT(ALLOC));
		assert_true(found.violated);
		schedule = through_text(&scenario, &found.schedule);
		assert_int_equal(schedule.ask, VMSIM_ASK_BIT(ALLOC));
		for (int backend = VMSIM_BACKEND_FIBER; backend <= VMSIM_BACKEND_PTHREAD;
		     backend++) {
			assert_int_equal(
				replay(&scenario, &schedule, backend, schedule.ask, &again), 0);
			assert_true(again.violated);
			assert_string_equal(again.violation.text, found.violation.text);
			assert_int_equal(again.decisions, found.decisions);
			vmsim_result_free(&again);
		}
		/* Not asked, it does not fail. */
		assert_int_equal(replay(&scenario, &schedule, VMSIM_BACKEND_FIBER, 0, &again),
				 -EINVAL);
		vmsim_result_free(&again);
		vmsim_schedule_free(&schedule);
		vmsim_result_free(&found);
	}
}

static void test_minimise(void **state)
{
	struct vmsim_scenario scenario = scenario_of(careless, &may_wait);
	struct vmsim_result found = explore(&scenario, VMSIM_STRATEGY_RANDOM, VMSIM_ASK_BIT(ALLOC));
	struct vmsim_explore_options options;
	struct vmsim_minimise_limits limits;
	struct vmsim_minimised minimised;

	(void)state;
	vmsim_explore_options_init(&options);
	options.ask = VMSIM_ASK_BIT(ALLOC);
	vmsim_minimise_limits_init(&limits);
	assert_int_equal(vmsim_minimise(&scenario, &options, &found.schedule, &limits, &minimised,
					error, sizeof(error)), 0);
	assert_int_equal(minimised.preemptions, 0);
	assert_true(minimised.certified);
	assert_int_equal(minimised.schedule.ask, VMSIM_ASK_BIT(ALLOC));
	vmsim_minimised_free(&minimised);
	vmsim_result_free(&found);
}

/* A program with more schedules than this is left out, and the next one is taken. */
#define PROGRAMS SOME_OF(60)
#define DFS_LIMIT 3000

static struct outcomes with_dfs, without, with_other;

static void everything_by(const struct program *program, const struct strategy *strategy,
			  enum vmsim_strategy id, unsigned int ask, uint64_t limit,
			  struct outcomes *out)
{
	struct vmsim_explore_options options = explore_options(id, limit);

	options.step_limit = 300;
	options.ask = ask;
	out->set.n = 0;
	outcomes_explore(program, &options, strategy, limit, out);
}

static void everything(const struct program *program, enum vmsim_strategy strategy,
		       unsigned int ask, uint64_t limit, struct outcomes *out)
{
	everything_by(program, NULL, strategy, ask, limit, out);
}

/* The first program from @seed on that dfs can exhaust; returns the seed after it. */
static uint64_t make_program(struct program *program, uint64_t seed)
{
	do {
		program_make(program, seed++);
		program_add_allocations(program);
		everything(program, VMSIM_STRATEGY_DFS, VMSIM_ASK_ALL, DFS_LIMIT, &with_dfs);
	} while (!with_dfs.coverage.exhausted);
	return seed;
}

static void agrees(const struct program *program, enum vmsim_strategy strategy)
{
	if (!is_possible(strategy))
		return;
	everything(program, strategy, VMSIM_ASK_ALL, UINT64_MAX, &with_other);
	assert_true(with_other.coverage.exhausted);
	if (outcomes_same(&with_dfs, &with_other))
		return;
	program_print(program);
	fail_msg("program %llu: dfs %u outcomes, %s %u", (unsigned long long)program->seed,
		 with_dfs.set.n, vmsim_strategy_name(strategy), with_other.set.n);
}

/* dfs tries all answers. dpor and states see what it sees. */
static void test_strategies_agree(void **state)
{
	unsigned int more = 0;
	uint64_t seed = 0;

	(void)state;
	for (unsigned int i = 0; i < PROGRAMS; i++) {
		struct program program;

		seed = make_program(&program, seed);
		agrees(&program, VMSIM_STRATEGY_DPOR);
		agrees(&program, VMSIM_STRATEGY_STATES);
		everything(&program, VMSIM_STRATEGY_DFS, 0, UINT64_MAX, &without);
		assert_true(without.coverage.exhausted);
		more += with_dfs.set.n > without.set.n;
	}
	print_message("%d programs up to seed %llu: in %u of them answers show\n", PROGRAMS,
		      (unsigned long long)seed, more);
	assert_true(more > PROGRAMS / 2);
}

static bool always_no(struct vmsim_explorer *x)
{
	(void)x;
	return false;
}

/* What must be noticed: dpor that does not try the other answer. */
static void test_missing_answers_are_noticed(void **state)
{
	struct strategy silent = strategy_dpor;
	unsigned int noticed = 0;
	uint64_t seed = 0;

	(void)state;
	silent.choice = always_no;
	for (unsigned int i = 0; i < 5; i++) {
		struct program program;

		seed = make_program(&program, seed);
		everything_by(&program, &silent, VMSIM_STRATEGY_DPOR, VMSIM_ASK_ALL, UINT64_MAX,
			      &with_other);
		noticed += !outcomes_same(&with_dfs, &with_other);
	}
	assert_true(noticed >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_strategy_finds_it),
		cmocka_unit_test(test_what_is_asked),
		cmocka_unit_test(test_two_yeses),
		cmocka_unit_test(test_giving_up),
		cmocka_unit_test(test_bad_questions),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_minimise),
		cmocka_unit_test(test_strategies_agree),
		cmocka_unit_test(test_missing_answers_are_noticed),
	};

	return vmsim_run_tests(tests);
}
