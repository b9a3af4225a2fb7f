// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"

/*
 * Does what a recorded schedule says. What it says must be possible: else it is not of this build.
 */

static void replay_begin(struct vmsim_explorer *x, uint64_t seed)
{
	(void)seed;
	x->replay = x->options->schedule;
	x->replay_at = 0;
	x->replay_used = 0;
}

static const struct vmsim_pick *current_pick(struct vmsim_explorer *x)
{
	while (x->replay_at < x->replay->nr_picks &&
	       x->replay_used >= x->replay->picks[x->replay_at].count) {
		x->replay_at++;
		x->replay_used = 0;
	}
	return x->replay_at < x->replay->nr_picks ? &x->replay->picks[x->replay_at] : NULL;
}

static int misfit(struct vmsim_explorer *x, const char *what)
{
	snprintf(x->misfit, sizeof(x->misfit),
		 "the schedule does not fit: pick %zu, decision %llu: %s", x->replay_at + 1,
		 (unsigned long long)x->steps, what);
	return -1;
}

static int replay_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	const struct vmsim_pick *pick = current_pick(x);

	if (!pick)
		return misfit(x, "it ends before the execution does");
	for (int i = 0; i < n; i++) {
		if (candidates[i].kind == pick->kind && candidates[i].id == pick->id) {
			x->replay_used++;
			debug_decision(x, &candidates[i]);
			return i;
		}
	}
	return misfit(x, "what it asks for cannot happen now");
}

/* A choice that no pick names is answered no. */
static bool replay_choice(struct vmsim_explorer *x)
{
	const struct vmsim_pick *pick = current_pick(x);

	if (!pick || pick->kind != 'n')
		return false;
	x->replay_used++;
	return pick->id;
}

const struct strategy strategy_replay = {
	.preempts = true,
	.begin = replay_begin,
	.pick = replay_pick,
	.choice = replay_choice,
};
