// SPDX-License-Identifier: GPL-2.0-only
#include "explore/minimise.h"

/*
 * Ways to make a schedule smaller. Each proposes plans; those that still fail, and cost less, stay.
 * A block is a run of the same pick.
 */

/* Beyond this many blocks, moving each of them everywhere takes too long. */
#define MOVE_BLOCKS 24

static struct vmsim_pick *best_at(const struct minimiser *m, size_t i)
{
	return &m->best.picks[i];
}

/* The best without @n blocks from @from on. */
static bool try_without(struct minimiser *m, size_t from, size_t n)
{
	picks_copy(&m->plan, m->best.picks, from);
	picks_append(&m->plan, best_at(m, from + n), m->best.n - from - n);
	return minimiser_try(m);
}

/* Larger pieces first. What was behind a removed block has moved up, and is looked at next. */
static bool drop_blocks(struct minimiser *m)
{
	bool better = false;

	for (size_t piece = (m->best.n + 1) / 2; piece; piece /= 2) {
		size_t at = 0;

		while (at + piece <= m->best.n && !minimiser_spent(m)) {
			if (try_without(m, at, piece))
				better = true;
			else
				at += piece;
		}
	}
	return better;
}

/* The best with block @from at place @to. */
static bool try_move(struct minimiser *m, size_t from, size_t to)
{
	struct vmsim_pick block = *best_at(m, from);
	size_t low = from < to ? from : to, high = from < to ? to : from;

	picks_copy(&m->plan, m->best.picks, low);
	if (from > to)
		picks_append(&m->plan, &block, 1);
	picks_append(&m->plan, best_at(m, low + (from < to)), high - low);
	if (from < to)
		picks_append(&m->plan, &block, 1);
	picks_append(&m->plan, best_at(m, high + 1), m->best.n - high - 1);
	return minimiser_try(m);
}

/* Neighbours change places: what was split by the one in between grows together. */
static bool swap_neighbours(struct minimiser *m)
{
	bool better = false;

	for (size_t i = 0; i + 1 < m->best.n && !minimiser_spent(m); i++)
		while (i + 1 < m->best.n && try_move(m, i, i + 1))
			better = true;
	return better;
}

static bool move_blocks(struct minimiser *m)
{
	bool better = false;

	if (m->best.n > MOVE_BLOCKS)
		return false;
	for (size_t from = 0; from < m->best.n; from++) {
		for (size_t to = 0; to < m->best.n && from < m->best.n && !minimiser_spent(m); to++)
			if (from != to && try_move(m, from, to))
				better = true;
	}
	return better;
}

static bool try_count(struct minimiser *m, size_t block, uint32_t count)
{
	picks_copy(&m->plan, m->best.picks, m->best.n);
	m->plan.picks[block].count = count;
	return minimiser_try(m);
}

/* A thread that goes on until it has to stop is not preempted. */
static bool lengthen_blocks(struct minimiser *m)
{
	bool better = false;

	for (size_t i = 0; i < m->best.n && !minimiser_spent(m); i++)
		if (best_at(m, i)->kind == 't' && try_count(m, i, UINT32_MAX))
			better = true;
	return better;
}

static bool shorten_block(struct minimiser *m, size_t block)
{
	bool better = false;

	for (uint32_t cut = best_at(m, block)->count / 2; cut; cut /= 2) {
		while (block < m->best.n && best_at(m, block)->count > cut && !minimiser_spent(m) &&
		       try_count(m, block, best_at(m, block)->count - cut))
			better = true;
	}
	return better;
}

/* What a thread need not have done yet when it is preempted. */
static bool shorten_blocks(struct minimiser *m)
{
	bool better = false;

	for (size_t i = 0; i < m->best.n; i++)
		if (best_at(m, i)->kind == 't' && shorten_block(m, i))
			better = true;
	return better;
}

void minimiser_cut(struct minimiser *m)
{
	bool better;

	do {
		better = drop_blocks(m);
		better |= swap_neighbours(m);
		better |= lengthen_blocks(m);
		if (!better)
			better = shorten_blocks(m);
		if (!better)
			better = move_blocks(m);
	} while (better && !minimiser_spent(m));
}
