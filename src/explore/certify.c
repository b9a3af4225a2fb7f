// SPDX-License-Identifier: GPL-2.0-only
#include "explore/certify.h"
#include "explore/minimise.h"
#include <errno.h>

static bool spent(const struct certifier *c)
{
	return c->executions >= c->max_executions ||
	       (c->deadline_ns && session_now_ns() >= c->deadline_ns);
}

/* As long as an execution takes: so many steps from state to state. */
#define TRANSITIONS_PER_EXECUTION 32

static struct vmsim_coverage coverage_of(const struct vmsim_explorer *x)
{
	struct vmsim_coverage coverage = { 0 };

	x->strategy->cover(x, &coverage);
	return coverage;
}

/* One execution, or what a search of states does at once. */
static int execute(struct certifier *c, struct vmsim_explorer *x)
{
	uint64_t before = coverage_of(x).transitions;
	int err = session_execute(x, 0);

	c->executions += 1 + (coverage_of(x).transitions - before) / TRANSITIONS_PER_EXECUTION;
	x->executions += !x->abandoned;
	return err;
}

/* Other failures end their executions, and are passed over. */
static int search(struct certifier *c, struct vmsim_explorer *x,
		  const struct vmsim_violation *target)
{
	while (!spent(c) && x->strategy->more(x)) {
		int err = execute(c, x);

		if (err)
			return err;
		if (x->failed && same_failure(&x->violation, target)) {
			picks_copy(&c->found, x->recorded.picks, x->recorded.n);
			return 1;
		}
	}
	return coverage_of(x).exhausted ? 0 : -E2BIG;
}

static int search_with(struct certifier *c, struct vmsim_explore_options *options,
		       enum vmsim_strategy strategy, const struct vmsim_violation *target)
{
	struct vmsim_explorer *x;
	char error[160];
	int err;

	options->strategy = strategy;
	err = session_create(c->scenario, options, NULL, NULL, &x, error, sizeof(error));
	if (err)
		return err;
	err = search(c, x, target);
	session_destroy(x);
	return err;
}

/* There are far fewer states than schedules; but not everywhere can states be gone back to. */
int certifier_search(struct certifier *c, unsigned int preemptions,
		     const struct vmsim_violation *target)
{
	struct vmsim_explore_options options = *c->options;
	int err;

	if (!preemptions)
		return 0;
	options.preemptions = preemptions - 1;
	options.executions = c->max_executions;
	err = search_with(c, &options, VMSIM_STRATEGY_STATES, target);
	return err == -EOPNOTSUPP ? search_with(c, &options, VMSIM_STRATEGY_DFS, target) : err;
}
