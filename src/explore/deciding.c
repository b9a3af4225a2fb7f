// SPDX-License-Identifier: GPL-2.0-only
#include "explore/deciding.h"
#include "explore/minimise.h"
#include <errno.h>
#include <stdlib.h>

#define MAX_REPLAYS 5000

enum outcome {
	OUTCOME_SAME,		/* the same rule breaks */
	OUTCOME_OTHER,		/* another one does */
	OUTCOME_PASS,
};

struct decider {
	struct vmsim_explorer *x;
	struct follow follow;
	struct vmsim_violation target;
	struct pick_list base, plan;
	unsigned int replays;
};

static enum outcome execute(struct decider *d)
{
	d->follow.plan = d->plan.picks;
	d->follow.n = d->plan.n;
	d->x->strategy_state = &d->follow;
	if (d->replays++ >= MAX_REPLAYS || session_execute(d->x, 0))
		return OUTCOME_SAME;
	if (!d->x->failed)
		return OUTCOME_PASS;
	return same_failure(&d->x->violation, &d->target) ? OUTCOME_SAME : OUTCOME_OTHER;
}

static void plan_part(struct decider *d, const struct vmsim_pick *block, uint32_t count)
{
	struct vmsim_pick part = *block;

	part.count = count;
	if (count)
		picks_append(&d->plan, &part, 1);
}

/* The base, with the first @before steps of block @at + 1 before the last @after of block @at. */
static enum outcome reversed(struct decider *d, size_t at, uint32_t after, uint32_t before)
{
	const struct vmsim_pick *block = d->base.picks;

	picks_copy(&d->plan, block, at);
	plan_part(d, &block[at], block[at].count - after);
	plan_part(d, &block[at + 1], before);
	plan_part(d, &block[at], after);
	plan_part(d, &block[at + 1], block[at + 1].count - before);
	picks_append(&d->plan, &block[at + 2], d->base.n - at - 2);
	return execute(d);
}

/* The number of the first decision of a block; choices are none. */
static uint64_t first_step(const struct pick_list *list, size_t block)
{
	uint64_t step = 1;

	for (size_t i = 0; i < block; i++)
		step += list->picks[i].kind == 'n' ? 0 : list->picks[i].count;
	return step;
}

/*
 * Of the two blocks at a switch that decides, the last and the first step that are needed for it.
 */
static void narrow(struct decider *d, size_t at, enum outcome wanted,
		   struct vmsim_deciding *deciding)
{
	const struct vmsim_pick *block = &d->base.picks[at];
	uint32_t after = 1, before = 1;

	while (after < block[0].count && reversed(d, at, after, block[1].count) != wanted)
		after++;
	while (before < block[1].count && reversed(d, at, after, before) != wanted)
		before++;
	deciding->first = first_step(&d->base, at) + block[0].count - after;
	deciding->second = first_step(&d->base, at + 1) + before - 1;
	deciding->passes = wanted == OUTCOME_PASS;
}

static bool is_switch(const struct vmsim_pick *block)
{
	return block[0].kind != 'n' && block[1].kind != 'n';
}

/* The last switch whose reversal has this outcome. */
static bool find(struct decider *d, enum outcome wanted, struct vmsim_deciding *deciding)
{
	for (size_t at = d->base.n - 1; at-- > 0;) {
		const struct vmsim_pick *block = &d->base.picks[at];

		if (!is_switch(block) || reversed(d, at, block[0].count, block[1].count) != wanted)
			continue;
		narrow(d, at, wanted, deciding);
		return d->replays < MAX_REPLAYS;
	}
	return false;
}

static int decide(struct decider *d, const struct vmsim_schedule *schedule,
		  struct vmsim_deciding *deciding)
{
	picks_copy(&d->plan, schedule->picks, schedule->nr_picks);
	execute(d);
	if (!d->x->failed)
		return -EINVAL;
	d->target = d->x->violation;
	picks_copy(&d->base, d->x->recorded.picks, d->x->recorded.n);
	if (!find(d, OUTCOME_PASS, deciding) && !find(d, OUTCOME_OTHER, deciding))
		*deciding = (struct vmsim_deciding) { 0 };
	return 0;
}

int deciding_find(const struct vmsim_scenario *scenario,
		  const struct vmsim_explore_options *options,
		  const struct vmsim_schedule *schedule, struct vmsim_deciding *deciding)
{
	struct vmsim_explore_options session = *options;
	struct decider d = { .follow.max_preemptions = UINT_MAX, .follow.max_steps = UINT64_MAX };
	char error[160];
	int err;

	*deciding = (struct vmsim_deciding) { 0 };
	options_replay(&session, schedule);
	err = session_create(scenario, &session, &strategy_follow, NULL, &d.x, error,
			     sizeof(error));
	if (err)
		return err;
	err = decide(&d, schedule, deciding);
	session_destroy(d.x);
	free(d.base.picks);
	free(d.plan.picks);
	return err;
}
