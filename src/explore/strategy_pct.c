// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include "order/order.h"

/*
 * PCT (Burckhardt et al., ASPLOS 2010): random priorities, the highest enabled one runs; at depth-1
 * random steps the running one drops below all others. Interrupts have priorities of their own,
 * one for each CPU, and so have the stores that wait in its buffer. The number of steps is that of
 * the longest of the first executions.
 *
 * Three of four changes are placed among the steps that leave something behind for others to find
 * (an entry, a flag, a count that became zero, a store), which are few: the rest of the steps keep
 * the guarantee of PCT, with a quarter of its probability for each change.
 */

/* No more: what a later execution does depends on its seed alone, in whichever shard it runs. */
#define LEARNS 64

#define FIRST_GUESS 200
#define FIRST_GUESS_MARKS 30

static int slots(const struct vmsim_explorer *x)
{
	return (int)(x->nr_actors + x->machine->nr_cpus * (x->machine->order ? 2 : 1));
}

static inline int slot_of(const struct vmsim_explorer *x, const struct candidate *candidate)
{
	if (likely(candidate->kind == 't'))
		return candidate->id;
	if (candidate->kind == 'd')
		return (int)(x->nr_actors + x->machine->nr_cpus + candidate->id / ORDER_SLOTS);
	return (int)x->nr_actors + candidate->id;
}

static struct pct_change some_change(struct vmsim_explorer *x)
{
	uint64_t steps = x->longest ? x->longest : FIRST_GUESS;
	uint64_t marks = x->longest_marks ? x->longest_marks : FIRST_GUESS_MARKS;
	bool by_mark = rng_next(&x->rng) % 4 != 0;

	return (struct pct_change) {
		.by_mark = by_mark,
		.at = 1 + rng_next(&x->rng) % (by_mark ? marks : steps),
	};
}

static bool changes_now(const struct vmsim_explorer *x, const struct pct_change *change)
{
	if (change->by_mark)
		return x->at_mark && x->marks == change->at;
	return x->steps == change->at;
}

static void pct_begin(struct vmsim_explorer *x, uint64_t seed)
{
	unsigned int changes = x->options->pct_depth - 1;

	x->rng = seed;
	for (int i = 0; i < slots(x); i++)
		x->pct_priority[i] = (int)changes + i;
	for (int i = slots(x) - 1; i > 0; i--) {
		int j = (int)rng_below(&x->rng, (unsigned int)(i + 1));
		int priority = x->pct_priority[i];

		x->pct_priority[i] = x->pct_priority[j];
		x->pct_priority[j] = priority;
	}
	for (unsigned int i = 0; i < changes; i++)
		x->pct_change[i] = some_change(x);
	/* Found out at the first pick. */
	x->pct_next = (struct standing) { 0 };
	x->relisted = true;
	x->standing = (struct standing) { 0 };
}

static int highest(const struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	int best = 0, best_priority = -1;

	for (int i = 0; i < n; i++) {
		int priority = x->pct_priority[slot_of(x, &candidates[i])];

		if (candidates[i].kind == 'p' || priority <= best_priority)
			continue;
		best = i;
		best_priority = priority;
	}
	return best;
}

/* Stores that may reach memory in any order have one priority, and are drawn. */
static int drawn(struct vmsim_explorer *x, const struct candidate *candidates, int n, int best)
{
	int slot = slot_of(x, &candidates[best]);
	unsigned int same = 0;

	for (int i = 0; i < n; i++)
		if (candidates[i].kind == 'd' && slot_of(x, &candidates[i]) == slot &&
		    rng_below(&x->rng, ++same) == 0)
			best = i;
	return best;
}

/*
 * When the next changes come. There may be several picks at one mark, and the change is for each.
 */
static struct standing next_changes(const struct vmsim_explorer *x)
{
	const struct pct_change *change = x->pct_change, *end = change + x->options->pct_depth - 1;
	struct standing next = { UINT64_MAX, UINT64_MAX };

	for (; change < end; change++) {
		if (change->by_mark && change->at >= x->marks)
			next.marks = min(next.marks, change->at);
		if (!change->by_mark && change->at > x->steps)
			next.steps = min(next.steps, change->at);
	}
	return next;
}

/* What would have happened now drops below all others. */
static void make_changes(struct vmsim_explorer *x, const struct candidate *now)
{
	for (unsigned int i = 0; i < x->options->pct_depth - 1; i++) {
		if (!changes_now(x, &x->pct_change[i]))
			continue;
		x->pct_priority[slot_of(x, now)] = (int)i;
		x->relisted = true;
	}
	x->pct_next = next_changes(x);
}

static int pct_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	int best;

	if (unlikely(x->relisted))
		x->pct_best = highest(x, candidates, n);
	x->relisted = false;
	best = x->pct_best;
	if (unlikely(x->steps >= x->pct_next.steps || x->marks >= x->pct_next.marks))
		make_changes(x, &candidates[best]);
	if (unlikely(x->relisted))
		best = highest(x, candidates, n);
	if (unlikely(candidates[best].kind != 't'))
		x->standing = (struct standing) { 0 };
	else
		x->standing = x->pct_next;
	return likely(candidates[best].kind != 'd') ? best : drawn(x, candidates, n, best);
}

static void pct_end(struct vmsim_explorer *x)
{
	if (x->learnt++ >= LEARNS)
		return;
	x->longest = max(x->longest, x->steps);
	x->longest_marks = max(x->longest_marks, x->marks);
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
	.shards = true,
	.learns = LEARNS,
};
