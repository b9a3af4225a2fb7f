// SPDX-License-Identifier: GPL-2.0-only
#include "explore/follow.h"

/* Replay that tolerates what does not fit: for schedules that somebody has cut in. */

static void follow_begin(struct vmsim_explorer *x, uint64_t seed)
{
	struct follow *follow = x->strategy_state;

	(void)seed;
	follow->at = 0;
	follow->used = 0;
	follow->preemptions = 0;
}

static int find(const struct candidate *candidates, int n, char kind, uint16_t id)
{
	for (int i = 0; i < n; i++)
		if (candidates[i].kind == kind && candidates[i].id == id)
			return i;
	return -1;
}

static int find_kind(const struct candidate *candidates, int n, char kind)
{
	for (int i = 0; i < n; i++)
		if (candidates[i].kind == kind)
			return i;
	return -1;
}

/* What the plan says that is possible now, or -1 at its end. */
static int planned(struct follow *follow, const struct candidate *candidates, int n)
{
	while (follow->at < follow->n) {
		const struct vmsim_pick *block = &follow->plan[follow->at];
		int chosen = follow->used < block->count ?
			find(candidates, n, block->kind, block->id) : -1;

		if (chosen >= 0) {
			follow->used++;
			return chosen;
		}
		follow->at++;
		follow->used = 0;
	}
	return -1;
}

/* Who goes on when nobody says: without a preemption. */
static int unplanned(const struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	static const char order[] = { 't', 'i', 'u' };
	int chosen = x->running ? find(candidates, n, 't', (uint16_t)x->running->index) : -1;

	for (size_t i = 0; chosen < 0 && i < sizeof(order); i++)
		chosen = find_kind(candidates, n, order[i]);
	return chosen < 0 ? 0 : chosen;
}

static bool worth_going_on(const struct vmsim_explorer *x, const struct follow *follow)
{
	if (follow->preemptions != follow->max_preemptions)
		return follow->preemptions < follow->max_preemptions;
	return x->steps <= follow->max_steps;
}

static int follow_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	struct follow *follow = x->strategy_state;
	int chosen = planned(follow, candidates, n);

	if (chosen < 0)
		chosen = unplanned(x, candidates, n);
	follow->preemptions += is_preemption(candidates, n, &candidates[chosen],
					     running_thread(x));
	return worth_going_on(x, follow) ? chosen : -1;
}

static bool follow_choice(struct vmsim_explorer *x)
{
	struct follow *follow = x->strategy_state;

	if (follow->at < follow->n && follow->used == follow->plan[follow->at].count) {
		follow->at++;
		follow->used = 0;
	}
	if (follow->at == follow->n || follow->plan[follow->at].kind != 'n')
		return false;
	follow->used++;
	return follow->plan[follow->at].id;
}

const struct strategy strategy_follow = {
	.preempts = true,
	.begin = follow_begin,
	.pick = follow_pick,
	.choice = follow_choice,
};
