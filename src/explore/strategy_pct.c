// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"

/*
 * PCT (Burckhardt et al., ASPLOS 2010): random priorities, the highest enabled one runs; at depth-1
 * random steps the running one drops below all others. Interrupts have priorities of their own,
 * one for each CPU. The number of steps is taken from the longest execution so far.
 */

#define FIRST_GUESS 200

static int slots(const struct vmsim_explorer *x)
{
	return (int)(MAX_ACTORS + x->machine->nr_cpus);
}

static int slot_of(const struct candidate *candidate)
{
	return candidate->kind == 't' ? candidate->id : MAX_ACTORS + candidate->id;
}

static void pct_begin(struct vmsim_explorer *x, uint64_t seed)
{
	unsigned int changes = x->options->pct_depth - 1;
	uint64_t length = x->longest ? x->longest : FIRST_GUESS;

	x->rng = seed;
	for (int i = 0; i < slots(x); i++)
		x->pct_priority[i] = (int)changes + i;
	for (int i = slots(x) - 1; i > 0; i--) {
		int j = (int)(rng_next(&x->rng) % (unsigned int)(i + 1));
		int priority = x->pct_priority[i];

		x->pct_priority[i] = x->pct_priority[j];
		x->pct_priority[j] = priority;
	}
	for (unsigned int i = 0; i < changes; i++)
		x->pct_change[i] = 1 + rng_next(&x->rng) % length;
}

static int highest(const struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	int best = -1;

	for (int i = 0; i < n; i++) {
		if (candidates[i].kind == 'p')
			continue;
		if (best < 0 || x->pct_priority[slot_of(&candidates[i])] >
				x->pct_priority[slot_of(&candidates[best])])
			best = i;
	}
	return best < 0 ? 0 : best;
}

static int pct_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	int best = highest(x, candidates, n);

	for (unsigned int i = 0; i + 1 < x->options->pct_depth; i++)
		if (x->pct_change[i] == x->steps)
			x->pct_priority[slot_of(&candidates[best])] = (int)i;
	return highest(x, candidates, n);
}

static void pct_end(struct vmsim_explorer *x)
{
	if (x->steps > x->longest)
		x->longest = x->steps;
}

static bool pct_choice(struct vmsim_explorer *x)
{
	return rng_next(&x->rng) % 16 == 0;
}

const struct strategy strategy_pct = {
	.begin = pct_begin,
	.pick = pct_pick,
	.choice = pct_choice,
	.end = pct_end,
};
