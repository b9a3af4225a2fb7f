// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include <errno.h>
#include <stdlib.h>

/*
 * All schedules with at most so many preemptions (is_preemption()), one after the other: the path
 * to a branch is executed again. Interrupts, answers to questions, and switches away from a thread
 * that waits, yields or has ended cost nothing.
 *
 * Shards: each path belongs to the shard that its first SHARD_BRANCHES branches hash to. What
 * belongs to others is left when that is known.
 */

#define SHARD_BRANCHES 6

struct dfs_node {
	uint64_t left;		/* candidates that are still to be explored */
	uint64_t all;
	uint8_t chosen;
	unsigned int preemptions;	/* before */
};

struct dfs {
	struct dfs_node *node;
	size_t depth, length, capacity;
	unsigned int preemptions;	/* of this execution */
	uint64_t shard_hash;
	unsigned int branches;
	uint64_t finished;
	bool started, exhausted;
};

static struct dfs_node *push(struct dfs *dfs)
{
	if (dfs->depth == dfs->capacity) {
		dfs->capacity = dfs->capacity ? 2 * dfs->capacity : 256;
		dfs->node = realloc(dfs->node, dfs->capacity * sizeof(*dfs->node));
		if (!dfs->node)
			abort();
	}
	dfs->length = dfs->depth + 1;
	return &dfs->node[dfs->depth];
}

static uint64_t allowed(const struct vmsim_explorer *x, const struct dfs *dfs,
			const struct candidate *candidates, int n)
{
	uint64_t out = 0;

	for (int i = 0; i < n; i++)
		if (dfs->preemptions < x->options->preemptions ||
		    !is_preemption(candidates, n, &candidates[i], running_thread(x)))
			out |= 1ULL << i;
	return out;
}

/* Who runs goes on, where possible. */
static uint8_t first_of(const struct vmsim_explorer *x, const struct candidate *candidates,
			uint64_t allowed)
{
	for (uint64_t left = allowed; left; left &= left - 1) {
		const struct candidate *candidate = &candidates[__builtin_ctzll(left)];

		if (candidate->kind == 't' && x->running && candidate->id == x->running->index)
			return (uint8_t)__builtin_ctzll(left);
	}
	return (uint8_t)__builtin_ctzll(allowed);
}

static void branch(struct dfs *dfs, const struct dfs_node *node)
{
	if (!(node->all & (node->all - 1)) || dfs->branches >= SHARD_BRANCHES)
		return;
	dfs->branches++;
	dfs->shard_hash = (dfs->shard_hash ^ node->chosen) * UINT64_C(0x100000001b3) + 1;
}

static bool is_known_foreign(const struct vmsim_explorer *x, const struct dfs *dfs)
{
	return dfs->branches == SHARD_BRANCHES && !shard_has(x->options, dfs->shard_hash);
}

static int dfs_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	struct dfs *dfs = x->strategy_state;
	struct dfs_node *node;

	if (dfs->depth == dfs->length) {
		if (is_known_foreign(x, dfs))
			return -1;
		node = push(dfs);
		node->all = allowed(x, dfs, candidates, n);
		node->preemptions = dfs->preemptions;
		node->chosen = first_of(x, candidates, node->all);
		node->left = node->all & ~(1ULL << node->chosen);
	}
	node = &dfs->node[dfs->depth++];
	if (node->chosen >= n) {
		snprintf(x->misfit, sizeof(x->misfit),
			 "dfs: the scenario does not do the same every time");
		return -1;
	}
	branch(dfs, node);
	dfs->preemptions += is_preemption(candidates, n, &candidates[node->chosen],
					  running_thread(x));
	return node->chosen;
}

static bool dfs_choice(struct vmsim_explorer *x)
{
	struct dfs *dfs = x->strategy_state;
	struct dfs_node *node;

	if (dfs->depth == dfs->length)
		*push(dfs) = (struct dfs_node) { .all = 3, .left = 2 };
	node = &dfs->node[dfs->depth++];
	branch(dfs, node);
	return node->chosen;
}

static void dfs_begin(struct vmsim_explorer *x, uint64_t seed)
{
	struct dfs *dfs = x->strategy_state;

	(void)seed;
	dfs->depth = 0;
	dfs->preemptions = 0;
	dfs->branches = 0;
	dfs->shard_hash = 0;
}

/* A path that ends before it has so many branches belongs to somebody, too. */
static void dfs_end(struct vmsim_explorer *x)
{
	struct dfs *dfs = x->strategy_state;

	dfs->length = dfs->depth;
	if (!shard_has(x->options, dfs->shard_hash))
		x->abandoned = true;
	dfs->finished += !x->abandoned;
}

static bool dfs_more(struct vmsim_explorer *x)
{
	struct dfs *dfs = x->strategy_state;

	if (!dfs->started) {
		dfs->started = true;
		return true;
	}
	for (; dfs->length; dfs->length--) {
		struct dfs_node *node = &dfs->node[dfs->length - 1];

		if (!node->left)
			continue;
		node->chosen = (uint8_t)__builtin_ctzll(node->left);
		node->left &= node->left - 1;
		return true;
	}
	dfs->exhausted = true;
	return false;
}

/* Of all there is, the part that has been seen: each branch counts as much as its siblings. */
static double part_seen(const struct dfs *dfs)
{
	double seen = 0, weight = 1;

	for (size_t i = 0; i < dfs->length; i++) {
		int all = __builtin_popcountll(dfs->node[i].all);

		weight /= all;
		seen += weight * (all - 1 - __builtin_popcountll(dfs->node[i].left));
	}
	return seen + weight;
}

static void dfs_cover(const struct vmsim_explorer *x, struct vmsim_coverage *coverage)
{
	const struct dfs *dfs = x->strategy_state;

	coverage->exhausted = dfs->exhausted;
	coverage->preemptions = x->options->preemptions;
	if (dfs->exhausted && x->options->preemptions != VMSIM_UNBOUNDED)
		coverage->below = x->options->preemptions + 1;
	coverage->estimate = (double)dfs->finished / (dfs->exhausted ? 1 : part_seen(dfs));
}

static int dfs_create(struct vmsim_explorer *x)
{
	if (x->scenario->nr_threads + 1 + 2 * x->machine->nr_cpus > 64) {
		snprintf(x->misfit, sizeof(x->misfit), "dfs: too many threads and CPUs");
		return -EOPNOTSUPP;
	}
	x->strategy_state = calloc(1, sizeof(struct dfs));
	return x->strategy_state ? 0 : -ENOMEM;
}

static void dfs_destroy(struct vmsim_explorer *x)
{
	struct dfs *dfs = x->strategy_state;

	if (!dfs)
		return;
	free(dfs->node);
	free(dfs);
	x->strategy_state = NULL;
}

const struct strategy strategy_dfs = {
	.create = dfs_create,
	.destroy = dfs_destroy,
	.more = dfs_more,
	.begin = dfs_begin,
	.pick = dfs_pick,
	.choice = dfs_choice,
	.end = dfs_end,
	.cover = dfs_cover,
	.shards = true,
};
