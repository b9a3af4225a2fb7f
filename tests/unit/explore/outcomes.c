// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "outcomes.h"
#include <string.h>

/* A program with more schedules than this is left out, and the next one is taken. */
#define DFS_LIMIT 2000

struct vmsim_explore_options outcomes_options(enum vmsim_strategy strategy)
{
	struct vmsim_explore_options options;

	vmsim_explore_options_init(&options);
	options.strategy = strategy;
	options.step_limit = 300;
	return options;
}

void outcomes_explore(const struct program *program, const struct vmsim_explore_options *options,
		      const struct strategy *strategy, uint64_t limit, struct outcomes *out)
{
	struct vmsim_scenario scenario;
	struct vmsim_explorer *x;
	char error[256];

	out->executions = 0;
	out->coverage = (struct vmsim_coverage) { 0 };
	program_scenario(program, &scenario);
	if (session_create(&scenario, options, strategy, NULL, &x, error, sizeof(error)))
		fail_msg("%s", error);
	for (uint64_t i = 0; i < limit && x->strategy->more(x); i++) {
		if (session_execute(x, 0))
			fail_msg("program %llu: %s", (unsigned long long)program->seed, x->misfit);
		if (x->abandoned)
			continue;
		out->executions++;
		outcome_add(&out->set, x->failed ? outcome_of_text(x->violation.text)
						 : program_final);
		assert_false(out->set.full);
	}
	x->strategy->cover(x, &out->coverage);
	session_destroy(x);
}

bool outcomes_same(const struct outcomes *a, const struct outcomes *b)
{
	return a->set.n == b->set.n && !outcomes_missing(&a->set, &b->set);
}

uint64_t outcomes_exhaustible(struct program *program, uint64_t seed, struct outcomes *with_dfs)
{
	struct vmsim_explore_options options = outcomes_options(VMSIM_STRATEGY_DFS);

	for (;; seed++) {
		program_make(program, seed);
		with_dfs->set.n = 0;
		outcomes_explore(program, &options, NULL, DFS_LIMIT, with_dfs);
		if (with_dfs->coverage.exhausted)
			return seed;
	}
}

bool outcomes_can_have_states(void)
{
	struct vmsim_explore_options options = outcomes_options(VMSIM_STRATEGY_STATES);

	return options.backend == VMSIM_BACKEND_FIBER && coroutine_can_go_back();
}
