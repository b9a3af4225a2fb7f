// SPDX-License-Identifier: GPL-2.0-only
#include "explore/checkpoint.h"
#include "explore/grow.h"
#include "explore/states.h"
#include <errno.h>

/*
 * A search in a file: what it has seen and learnt, and the way to where it is. The states on that
 * way are no part of the file: they are reached again, step by step, and must have the hashes that
 * they had.
 */

/* What is plain data, and no array. */
struct numbers {
	struct image_key first;
	unsigned int bound, below, layers;
	uint64_t depth, deepest, picks, open, transitions, begun, wrong_after, most;
	bool over, cut, forbade, violated, whole;
};

static struct numbers numbers_of(const struct search *search, struct image_key first)
{
	return (struct numbers) {
		.first = first,
		.bound = search->bound,
		.below = search->below,
		.layers = search->layers,
		.depth = search->depth,
		.deepest = search->deepest,
		.picks = search->picks,
		.open = search->open.n,
		.transitions = search->transitions,
		.begun = search->begun,
		.wrong_after = search->wrong_after,
		.most = search->most,
		.over = search->over,
		.cut = search->cut,
		.forbade = search->forbade,
		.violated = search->violated,
		.whole = search->whole,
	};
}

static void set_numbers(struct search *search, const struct numbers *numbers)
{
	search->bound = numbers->bound;
	search->below = numbers->below;
	search->layers = numbers->layers;
	search->depth = numbers->depth;
	search->deepest = numbers->deepest;
	search->picks = numbers->picks;
	search->transitions = numbers->transitions;
	search->begun = numbers->begun;
	search->wrong_after = numbers->wrong_after;
	search->most = numbers->most;
	search->over = numbers->over;
	search->cut = numbers->cut;
	search->forbade = numbers->forbade;
	search->violated = numbers->violated;
	search->whole = numbers->whole;
}

void states_save(const struct vmsim_explorer *x, struct search_file *file)
{
	const struct search *search = x->strategy_state;
	struct numbers numbers = numbers_of(search, search->first);

	search_put(file, &numbers, sizeof(numbers));
	search_put(file, &search->estimate, sizeof(search->estimate));
	search_put(file, search->node, search->depth * sizeof(*search->node));
	search_put(file, search->pick, search->picks * sizeof(*search->pick));
	for (size_t i = 0; i < search->open.n; i++)
		search_put(file, &search->open.state[i].key, sizeof(search->open.state[i].key));
	sleep_save(&search->sleep, file);
	local_save(search->local, file);
	visited_save(search->visited, file);
}

static bool load_open(struct search *search, struct search_file *file, uint64_t n)
{
	struct image_key key;

	for (uint64_t i = 0; i < n; i++) {
		if (!search_get(file, &key, sizeof(key)))
			return false;
		open_states_push(&search->open, key);
	}
	return true;
}

static bool load_way(struct search *search, struct search_file *file)
{
	GROW(search->node, search->node_capacity, search->depth);
	GROW(search->pick, search->pick_capacity, search->picks);
	return search_get(file, search->node, search->depth * sizeof(*search->node)) &&
	       search_get(file, search->pick, search->picks * sizeof(*search->pick));
}

static bool same_key(struct image_key a, struct image_key b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

/* The states on the way come again. */
static bool go_there(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;

	for (size_t i = 0; i < search->depth; i++) {
		struct node *node = &search->node[i];
		const struct node *before = node - 1;

		node->at.mark = i ? local_repeat(x, before->taken, before->times) : 0;
		if (x->failed ||
		    !same_key(key_within(states_key(x, &node->at), node->at.allowance),
			      search->open.state[node->place].key))
			return false;
	}
	return true;
}

int states_load(struct vmsim_explorer *x, struct search_file *file)
{
	struct search *search = x->strategy_state;
	struct numbers numbers;

	if (!search_get(file, &numbers, sizeof(numbers)) ||
	    !same_key(numbers.first, checkpoint_key(x)))
		return -EINVAL;
	set_numbers(search, &numbers);
	search->visited = visited_create(search->visited_limit, search->bounded);
	if (!search->visited)
		return -ENOMEM;
	if (!search_get(file, &search->estimate, sizeof(search->estimate)) ||
	    !load_way(search, file) || !load_open(search, file, numbers.open) ||
	    !sleep_load(&search->sleep, file) || !local_load(search->local, file) ||
	    !visited_load(search->visited, file))
		return -EINVAL;
	return go_there(x) ? 0 : -EINVAL;
}
