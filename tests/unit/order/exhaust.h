/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TEST_EXHAUST_H
#define VMSIM_TEST_EXHAUST_H

#include "explore/session.h"
#include <stdlib.h>

/*
 * All schedules, one after the other, but for those that come to a state in which another one has
 * been: the plainest strategy there is, for tests of what the machine does between two decisions.
 * The test says what a state is: exhaust_key() must tell apart what may go on differently.
 */

#define EXHAUST_DEPTH 256

struct exhaust {
	uint16_t chosen[EXHAUST_DEPTH], of[EXHAUST_DEPTH];
	unsigned int depth, at;
	bool began, finished;
	uint64_t *seen;		/* a hash table of keys; 0 is a free place */
	size_t nr_seen, places;
};

uint64_t exhaust_key(const struct vmsim_explorer *x);

static inline uint64_t exhaust_hash(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *at = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 29;
}

static inline uint64_t *exhaust_place(const struct exhaust *all, uint64_t key)
{
	size_t i = key * UINT64_C(0x9e3779b97f4a7c15) & (all->places - 1);

	while (all->seen[i] && all->seen[i] != key)
		i = (i + 1) & (all->places - 1);
	return &all->seen[i];
}

static inline void exhaust_grow(struct exhaust *all)
{
	struct exhaust old = *all;

	all->places = old.places ? 2 * old.places : 1024;
	all->seen = calloc(all->places, sizeof(*all->seen));
	if (!all->seen)
		abort();
	for (size_t i = 0; i < old.places; i++)
		if (old.seen[i])
			*exhaust_place(all, old.seen[i]) = old.seen[i];
	free(old.seen);
}

/* True where the state is new. */
static inline bool exhaust_note(struct exhaust *all, uint64_t key)
{
	uint64_t *place;

	if (2 * all->nr_seen >= all->places)
		exhaust_grow(all);
	place = exhaust_place(all, key);
	if (*place)
		return false;
	*place = key ? key : 1;
	all->nr_seen++;
	return true;
}

static inline int exhaust_create(struct vmsim_explorer *x)
{
	x->strategy_state = calloc(1, sizeof(struct exhaust));
	return x->strategy_state ? 0 : -12;
}

static inline void exhaust_destroy(struct vmsim_explorer *x)
{
	struct exhaust *all = x->strategy_state;

	if (all)
		free(all->seen);
	free(all);
}

/* The next schedule differs as late as it can. */
static inline bool exhaust_more(struct vmsim_explorer *x)
{
	struct exhaust *all = x->strategy_state;

	if (!all->began)
		return all->began = true;
	while (all->depth && all->chosen[all->depth - 1] + 1 == all->of[all->depth - 1])
		all->depth--;
	if (all->depth)
		all->chosen[all->depth - 1]++;
	all->finished = !all->depth;
	return all->depth;
}

static inline void exhaust_begin(struct vmsim_explorer *x, uint64_t seed)
{
	(void)seed;
	((struct exhaust *)x->strategy_state)->at = 0;
}

static inline int exhaust_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	struct exhaust *all = x->strategy_state;

	(void)candidates;
	if (all->at == EXHAUST_DEPTH)
		abort();
	if (all->at == all->depth) {
		if (!exhaust_note(all, exhaust_key(x)))
			return -1;
		all->chosen[all->depth] = 0;
		all->of[all->depth++] = (uint16_t)n;
	}
	if (all->of[all->at] != n)
		abort();
	return all->chosen[all->at++];
}

static inline bool exhaust_choice(struct vmsim_explorer *x)
{
	(void)x;
	return false;
}

static const struct strategy exhaust_strategy = {
	.create = exhaust_create,
	.destroy = exhaust_destroy,
	.more = exhaust_more,
	.begin = exhaust_begin,
	.pick = exhaust_pick,
	.choice = exhaust_choice,
};

#endif
