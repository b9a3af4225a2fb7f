// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "explore/session.h"
#include "../../outcome_set.h"
#include <linux/atomic.h>

/*
 * Users of a count: who takes one does not look, who drops one asks whether it was the last. dpor
 * swaps these only where somebody would see another answer. On random programs it must find all
 * answers that dfs finds.
 */

#define THREADS 3
#define OPS 3
#define PROGRAMS 50
#define SCHEDULES 34650	/* of three threads with four steps each */

struct counted {
	atomic_t count;
	int last[THREADS];	/* bit per operation: it was the last user's */
};

struct outcomes {
	struct outcome_set set;
	uint64_t executions;
};

static bool takes[THREADS][OPS];
static int start;
static uint64_t outcome;
static const struct counted *now;	/* in the machine that is explored */

static int run(struct counted *counted, unsigned int thread)
{
	for (unsigned int i = 0; i < OPS; i++) {
		if (takes[thread][i])
			atomic_inc(&counted->count);
		else if (atomic_dec_and_test(&counted->count))
			counted->last[thread] |= 1 << i;
	}
	return 0;
}

static int first(struct vmsim_world *world)
{
	return run(world->ctx, 0);
}

static int second(struct vmsim_world *world)
{
	return run(world->ctx, 1);
}

static int third(struct vmsim_world *world)
{
	return run(world->ctx, 2);
}

static int set_up(struct vmsim_world *world)
{
	now = world->ctx;
	atomic_set(&((struct counted *)world->ctx)->count, start);
	return 0;
}

static int check(struct vmsim_world *world)
{
	const struct counted *counted = world->ctx;

	outcome = 0;
	for (unsigned int i = 0; i < THREADS; i++)
		outcome = outcome << OPS | (unsigned int)counted->last[i];
	return 0;
}

/* Two are there in which what sleeps needs to be woken by a drop that leaves something. */
static uint64_t seed_of(unsigned int program)
{
	static const uint64_t found[] = { 150, 152 };

	return program < 2 ? found[program] : program;
}

static void make_program(uint64_t seed)
{
	uint64_t rng = seed;

	start = 1 + (int)rng_below(&rng, 3);
	for (unsigned int i = 0; i < THREADS * OPS; i++)
		takes[i / OPS][i % OPS] = rng_below(&rng, 2);
}

static void explore(enum vmsim_strategy id, const struct strategy *strategy, struct outcomes *out)
{
	static const struct vmsim_thread_def threads[THREADS] = {
		{ .name = "First", .cpu = 0, .fn = first },
		{ .name = "Second", .cpu = 1, .fn = second },
		{ .name = "Third", .cpu = 2, .fn = third },
	};
	const struct vmsim_scenario scenario = {
		.name = "counts", .bare = true,
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = THREADS, .frames = 128 },
		.ctx_size = sizeof(struct counted),
		.setup = set_up, .check = check,
		.threads = threads, .nr_threads = THREADS,
	};
	struct vmsim_explore_options options;
	struct vmsim_explorer *x;
	char error[256];

	memset(out, 0, sizeof(*out));
	vmsim_explore_options_init(&options);
	options.strategy = id;
	if (session_create(&scenario, &options, strategy, NULL, &x, error, sizeof(error)))
		fail_msg("%s", error);
	while (x->strategy->more(x)) {
		if (session_execute(x, 0))
			fail_msg("%s", x->misfit);
		assert_false(x->failed);
		if (x->abandoned)
			continue;
		out->executions++;
		outcome_add(&out->set, outcome);
	}
	session_destroy(x);
}

/* Outcomes that dfs finds and @strategy does not, or the other way round, of all programs. */
static unsigned int disagreements(const struct strategy *strategy, uint64_t *executions)
{
	static struct outcomes dfs[PROGRAMS];
	unsigned int wrong = 0;

	*executions = 0;
	for (unsigned int i = 0; i < PROGRAMS; i++) {
		struct outcomes dpor;

		make_program(seed_of(i));
		if (!dfs[i].set.n)
			explore(VMSIM_STRATEGY_DFS, NULL, &dfs[i]);
		explore(VMSIM_STRATEGY_DPOR, strategy, &dpor);
		assert_int_equal(dfs[i].executions, SCHEDULES);
		wrong += outcomes_missing(&dfs[i].set, &dpor.set) +
			 outcomes_missing(&dpor.set, &dfs[i].set);
		*executions += dpor.executions;
	}
	return wrong;
}

static void test_all_answers_are_found(void **state)
{
	uint64_t executions;

	(void)state;
	assert_int_equal(disagreements(NULL, &executions), 0);
	print_message("%d programs, %d executions each: dpor %llu in all\n", PROGRAMS, SCHEDULES,
		      (unsigned long long)executions);
	assert_true(executions < SCHEDULES * PROGRAMS / 10);
}

/* What is dropped seems to leave plenty, whoever comes first. */
static int pick_plenty(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	for (size_t i = 0; i < x->footprint.n; i++) {
		struct access *access = &x->footprint.at[i];

		if (access->object == (uintptr_t)&now->count && access->change < 0 &&
		    access->left > 0)
			access->left = 1000;
	}
	return strategy_dpor.pick(x, candidates, n);
}

static void test_a_wrong_count_is_noticed(void **state)
{
	struct strategy wrong = strategy_dpor;
	uint64_t executions;

	(void)state;
	wrong.pick = pick_plenty;
	assert_true(disagreements(&wrong, &executions) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_answers_are_found),
		cmocka_unit_test(test_a_wrong_count_is_noticed),
	};

	return vmsim_run_tests(tests);
}
