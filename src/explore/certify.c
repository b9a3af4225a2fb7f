// SPDX-License-Identifier: GPL-2.0-only
#include "explore/certify.h"
#include "explore/minimise.h"
#include <errno.h>

static bool spent(const struct certifier *c)
{
	return c->executions >= c->max_executions ||
	       (c->deadline_ns && session_now_ns() >= c->deadline_ns);
}

static bool exhausted(const struct vmsim_explorer *x)
{
	struct vmsim_coverage coverage = { 0 };

	x->strategy->cover(x, &coverage);
	return coverage.exhausted;
}

/* Other failures end their executions, and are passed over. */
static int search(struct certifier *c, struct vmsim_explorer *x,
		  const struct vmsim_violation *target)
{
	while (!spent(c) && x->strategy->more(x)) {
		int err = session_execute(x, 0);

		c->executions++;
		x->executions += !x->abandoned;
		if (err)
			return err;
		if (x->failed && same_failure(&x->violation, target)) {
			picks_copy(&c->found, x->recorded.picks, x->recorded.n);
			return 1;
		}
	}
	return exhausted(x) ? 0 : -E2BIG;
}

int certifier_search(struct certifier *c, unsigned int preemptions,
		     const struct vmsim_violation *target)
{
	struct vmsim_explore_options options = *c->options;
	struct vmsim_explorer *x;
	char error[160];
	int err;

	if (!preemptions)
		return 0;
	options.strategy = VMSIM_STRATEGY_DFS;
	options.preemptions = preemptions - 1;
	options.executions = c->max_executions;
	err = session_create(c->scenario, &options, NULL, NULL, &x, error, sizeof(error));
	if (err)
		return err;
	err = search(c, x, target);
	session_destroy(x);
	return err;
}
