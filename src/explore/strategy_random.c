// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"

/* Taking a vCPU away is worth trying, but rarely: one in this many times that it comes up. */
#define HV_ODDS 32
/* A store that waits longer shows more. */
#define DRAIN_ODDS 8

static void random_begin(struct vmsim_explorer *x, uint64_t seed)
{
	x->rng = seed;
	x->drawn = rng_next(&x->rng);
}

/* Each number is worked out while its predecessor's thread runs: nobody waits for it. */
static inline unsigned int draw_below(struct vmsim_explorer *x, unsigned int n)
{
	unsigned int drawn = random_below(x->drawn, n);

	x->drawn = rng_next(&x->rng);
	return drawn;
}

static bool has_kind(const struct candidate *candidates, int n, char kind)
{
	for (int i = 0; i < n; i++)
		if (candidates[i].kind == kind)
			return true;
	return false;
}

static unsigned int odds_of(const struct candidate *candidate)
{
	switch (candidate->kind) {
	case 'p':
		return HV_ODDS;
	case 'd':
		return DRAIN_ODDS;
	default:
		return 1;
	}
}

/* Leaves most of the vCPU preemptions, and of the drains, out of the draw. */
static int pick_among_usual(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	int usual[MAX_CANDIDATES], nr = 0;

	for (int i = 0; i < n; i++)
		if (draw_below(x, odds_of(&candidates[i])) == 0)
			usual[nr++] = i;
	return nr ? usual[draw_below(x, (unsigned int)nr)] : 0;
}

/* Each candidate is as likely as the others; only vCPU preemptions and drains are rarer. */
static int random_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	if (unlikely((x->preempts && has_kind(candidates, n, 'p')) || x->machine->order))
		return pick_among_usual(x, candidates, n);
	return (int)draw_below(x, (unsigned int)n);
}

#define CHOICE_ODDS 16

static bool random_choice(struct vmsim_explorer *x)
{
	return draw_below(x, CHOICE_ODDS) == 0;
}

const struct strategy strategy_random = {
	.roams = true,
	.begin = random_begin,
	.pick = random_pick,
	.choice = random_choice,
	.shards = true,
};
