// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "explore/session.h"
#include "programs.h"
#include <string.h>

/*
 * dfs tries everything, and so is right without knowing anything. What dpor leaves out must not be
 * missed: the same final states, the same failures.
 */

#define PROGRAMS 200
/* A program with more schedules than this is left out, and the next one is taken. */
#define DFS_LIMIT 2000

#define MAX_OUTCOMES 4096

struct outcomes {
	uint64_t at[MAX_OUTCOMES];	/* sorted */
	unsigned int n;
	uint64_t executions;
	bool exhausted;
};

static void outcomes_add(struct outcomes *o, uint64_t outcome)
{
	unsigned int i = o->n;

	while (i && o->at[i - 1] > outcome)
		i--;
	if (i && o->at[i - 1] == outcome)
		return;
	assert_true(o->n < MAX_OUTCOMES);
	memmove(&o->at[i + 1], &o->at[i], (o->n - i) * sizeof(o->at[0]));
	o->at[i] = outcome;
	o->n++;
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 14695981039346656037u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

/* Everything that can come out of a program: its final states, and the rules that it breaks. */
static void explore(const struct program *program, enum vmsim_strategy id,
		    const struct strategy *strategy, uint64_t limit, struct outcomes *out)
{
	struct vmsim_explore_options options;
	struct vmsim_coverage coverage = { 0 };
	struct vmsim_scenario scenario;
	struct vmsim_explorer *x;
	char error[256];

	out->n = 0;
	out->executions = 0;
	program_scenario(program, &scenario);
	vmsim_explore_options_init(&options);
	options.strategy = id;
	options.step_limit = 300;
	if (session_create(&scenario, &options, strategy, NULL, &x, error, sizeof(error)))
		fail_msg("%s", error);
	while (out->executions < limit && x->strategy->more(x)) {
		if (session_execute(x, 0))
			fail_msg("program %llu: %s", (unsigned long long)program->seed, x->misfit);
		out->executions++;
		if (x->failed)
			outcomes_add(out, hash_text(x->violation.text));
		else if (!x->abandoned)
			outcomes_add(out, program_final);
	}
	x->strategy->cover(x, &coverage);
	out->exhausted = coverage.exhausted;
	session_destroy(x);
}

static bool same(const struct outcomes *a, const struct outcomes *b)
{
	return a->n == b->n && !memcmp(a->at, b->at, a->n * sizeof(a->at[0]));
}

static struct outcomes with_dfs, with_dpor;

/* The first program from @seed on that dfs can exhaust; returns its seed. */
static uint64_t exhaustible(struct program *program, uint64_t seed)
{
	for (;; seed++) {
		program_make(program, seed);
		explore(program, VMSIM_STRATEGY_DFS, NULL, DFS_LIMIT, &with_dfs);
		if (with_dfs.exhausted)
			return seed;
	}
}

static void test_dpor_agrees_with_dfs(void **state)
{
	uint64_t seed = 0, dfs = 0, dpor = 0;
	unsigned int branching = 0;

	(void)state;
	for (unsigned int i = 0; i < PROGRAMS; i++, seed++) {
		struct program program;

		seed = exhaustible(&program, seed);
		explore(&program, VMSIM_STRATEGY_DPOR, NULL, UINT64_MAX, &with_dpor);
		assert_true(with_dpor.exhausted);
		if (!same(&with_dfs, &with_dpor)) {
			program_print(&program);
			fail_msg("program %llu: dfs %u outcomes, dpor %u", (unsigned long long)seed,
				 with_dfs.n, with_dpor.n);
		}
		dfs += with_dfs.executions;
		dpor += with_dpor.executions;
		branching += with_dfs.n > 1;
	}
	print_message("%d programs up to seed %llu, %u with several outcomes: dfs %llu executions, dpor %llu\n",
		      PROGRAMS, (unsigned long long)seed, branching, (unsigned long long)dfs,
		      (unsigned long long)dpor);
	assert_true(branching > PROGRAMS / 3);
	assert_true(dpor < dfs / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dpor_agrees_with_dfs),
	};

	return vmsim_run_tests(tests);
}
