// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"

/* Taking a vCPU away is worth trying, but rarely: one in this many times that it comes up. */
#define HV_ODDS 32

static void random_begin(struct vmsim_explorer *x, uint64_t seed)
{
	x->rng = seed;
}

/*
 * Each candidate is as likely as the others; only hypervisor preemptions are rare, and are tried
 * only under the back-end to which they matter.
 */
static int random_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	int usual[MAX_CANDIDATES], nr = 0;

	for (int i = 0; i < n; i++) {
		bool away = candidates[i].kind == 'p';

		if (away && (x->options->tlb != VMSIM_TLB_PV_DEFER || rng_next(&x->rng) % HV_ODDS))
			continue;
		usual[nr++] = i;
	}
	return nr ? usual[rng_next(&x->rng) % (unsigned int)nr] : 0;
}

#define CHOICE_ODDS 16

static bool random_choice(struct vmsim_explorer *x)
{
	return rng_next(&x->rng) % CHOICE_ODDS == 0;
}

const struct strategy strategy_random = {
	.begin = random_begin,
	.pick = random_pick,
	.choice = random_choice,
};
