// SPDX-License-Identifier: GPL-2.0-only
#include "explore/checkpoint.h"
#include "explore/rehearse.h"

/* It is over when so many executions taught nothing, and after as many as are asked for. */
#define QUIET_EXECUTIONS 150
/* At most; spins take more steps than they teach. */
#define STEPS 400000
#define STEPS_OF_ONE 1000
/* Where a search was in vain, so much of its work is spent on not having to begin again. */
#define PART_OF_LOST 4
#define STEPS_AGAIN 2000000

/* Of several candidates; who ran last goes on but for one time in @patience. */
static struct candidate pick_one(const struct candidate *candidate, int n, unsigned int last,
				 unsigned int patience, uint64_t *rng)
{
	bool stay = rng_below(rng, patience);

	for (int i = 0; i < n && stay; i++)
		if (candidate[i].kind == 't' && candidate[i].id == last)
			return candidate[i];
	return candidate[rng_below(rng, (unsigned int)n)];
}

/* Returns how many steps it took. */
static unsigned int execute(struct vmsim_explorer *x, struct local *local, unsigned int patience,
			    uint64_t *rng)
{
	struct candidate candidate[MAX_CANDIDATES], pick;
	struct local_holds holds = { 0 };
	unsigned int last = x->nr_actors, steps = 0;

	for (; steps < STEPS_OF_ONE && !x->failed && !loop_all_done(x); steps++) {
		int n = loop_candidates(x, candidate);

		if (!n)
			break;
		pick = pick_one(candidate, n, last, patience, rng);
		if (pick.kind == 't')
			last = pick.id;
		local_loop_step(local, x, pick, false, &holds);
	}
	return steps;
}

static const unsigned int patiences[] = { 2, 4, 16, 64 };

/* The @i-th one. */
static unsigned int execute_one(struct vmsim_explorer *x, struct local *local, unsigned int i,
				uint64_t *rng)
{
	unsigned int steps = execute(x, local, patiences[i % ARRAY_SIZE(patiences)], rng);

	x->failed = false;
	checkpoint_back(x, 0);
	return steps;
}

void rehearse(struct vmsim_explorer *x, struct local *local)
{
	unsigned int most = (unsigned int)min(x->options->executions, (uint64_t)STEPS);
	unsigned int steps = 0, quiet = 0;
	uint64_t rng = 0;

	for (unsigned int i = 0; i < most && quiet < QUIET_EXECUTIONS && steps < STEPS; i++) {
		size_t known = local_known(local);

		steps += execute_one(x, local, i, &rng);
		quiet = local_known(local) == known ? quiet + 1 : 0;
	}
	local_was_wrong(local);
}

void rehearse_again(struct vmsim_explorer *x, struct local *local, uint64_t lost)
{
	uint64_t rng = lost, left = min(lost / PART_OF_LOST, (uint64_t)STEPS_AGAIN);

	for (unsigned int i = 0; left; i++)
		left -= min((uint64_t)execute_one(x, local, i, &rng), left);
	local_was_wrong(local);
}
