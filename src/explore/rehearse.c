// SPDX-License-Identifier: GPL-2.0-only
#include "explore/checkpoint.h"
#include "explore/rehearse.h"

/* At most; spins take more steps than they teach. */
#define EXECUTIONS 200
#define STEPS 20000
#define STEPS_OF_ONE 1000

/* Of several candidates; who ran last goes on three times out of four. */
static struct candidate pick_one(const struct candidate *candidate, int n, unsigned int last,
				 uint64_t *rng)
{
	bool stay = rng_below(rng, 4);

	for (int i = 0; i < n && stay; i++)
		if (candidate[i].kind == 't' && candidate[i].id == last)
			return candidate[i];
	return candidate[rng_below(rng, (unsigned int)n)];
}

/* Returns how many steps it took. */
static unsigned int execute(struct vmsim_explorer *x, struct local *local, uint64_t *rng)
{
	struct candidate candidate[MAX_CANDIDATES], pick;
	struct local_holds holds = { 0 };
	unsigned int last = x->nr_actors, steps = 0;

	for (; steps < STEPS_OF_ONE && !x->failed && !loop_all_done(x); steps++) {
		int n = loop_candidates(x, candidate);

		if (!n)
			break;
		pick = pick_one(candidate, n, last, rng);
		if (pick.kind == 't')
			last = pick.id;
		local_loop_step(local, x, pick, false, &holds);
	}
	return steps;
}

void rehearse(struct vmsim_explorer *x, struct local *local)
{
	unsigned int steps = 0;
	uint64_t rng = 0;

	for (unsigned int i = 0; i < EXECUTIONS && steps < STEPS; i++) {
		steps += execute(x, local, &rng);
		x->failed = false;
		checkpoint_back(x, 0);
	}
	local_was_wrong(local);
}
