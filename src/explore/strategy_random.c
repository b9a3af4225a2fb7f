// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"

/* Taking a vCPU away is worth trying, but rarely: one in this many times that it comes up. */
#define HV_ODDS 32

static void random_begin(struct vmsim_explorer *x, uint64_t seed)
{
	x->rng = seed;
}

static bool has_kind(const struct candidate *candidates, int n, char kind)
{
	for (int i = 0; i < n; i++)
		if (candidates[i].kind == kind)
			return true;
	return false;
}

/* Leaves most of the vCPU preemptions out of the draw. */
static int pick_among_usual(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	int usual[MAX_CANDIDATES], nr = 0;

	for (int i = 0; i < n; i++)
		if (candidates[i].kind != 'p' || rng_below(&x->rng, HV_ODDS) == 0)
			usual[nr++] = i;
	return nr ? usual[rng_below(&x->rng, (unsigned int)nr)] : 0;
}

/* Each candidate is as likely as the others; only vCPU preemptions are rare. */
static int random_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	if (unlikely(x->preempts && has_kind(candidates, n, 'p')))
		return pick_among_usual(x, candidates, n);
	return (int)rng_below(&x->rng, (unsigned int)n);
}

#define CHOICE_ODDS 16

static bool random_choice(struct vmsim_explorer *x)
{
	return rng_below(&x->rng, CHOICE_ODDS) == 0;
}

const struct strategy strategy_random = {
	.begin = random_begin,
	.pick = random_pick,
	.choice = random_choice,
	.shards = true,
};
