// SPDX-License-Identifier: GPL-2.0-only
#include "explore/checkpoint.h"
#include "explore/session.h"
#include "explore/visited.h"
#include <errno.h>
#include <stdlib.h>

/*
 * All states, each once: depth first, with a table of the states that were seen. States are told
 * apart by a hash of the world, of the live part of the stacks, and of what threads wait for.
 */

#define DEFAULT_MEMORY (2ULL << 30)
/* Between two looks at the clock. */
#define TRANSITIONS_AT_ONCE 4096

/* A state on the way from the start to the present one. @picks: what has not been tried there. */
struct node {
	size_t mark;
	size_t first_pick, picks;
	struct candidate taken;
};

struct search {
	struct visited *visited;
	struct node *node;
	size_t depth, node_capacity, deepest;
	struct candidate *pick;
	size_t picks, pick_capacity;
	u64 transitions;
	size_t log_limit;
	bool started, exhausted, cut;
};

static int states_create(struct vmsim_explorer *x)
{
	struct search *search = calloc(1, sizeof(*search));
	u64 limit = x->options->memory_limit ? x->options->memory_limit : DEFAULT_MEMORY;

	x->strategy_state = NULL;
	if (x->backend != VMSIM_BACKEND_FIBER) {
		snprintf(x->misfit, sizeof(x->misfit),
			 "strategy states needs fibers: stacks of pthreads cannot be put back");
		free(search);
		return -EOPNOTSUPP;
	}
	if (!search)
		return -ENOMEM;
	x->strategy_state = search;
	search->log_limit = limit / 2;
	search->visited = visited_create(limit / 2);
	return search->visited ? 0 : -ENOMEM;
}

static void states_destroy(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;

	if (!search)
		return;
	checkpoint_destroy(x);
	visited_destroy(search->visited);
	free(search->node);
	free(search->pick);
	free(search);
}

static void *grown(void *array, size_t *capacity, size_t size)
{
	*capacity = *capacity ? 2 * *capacity : 1024;
	array = realloc(array, *capacity * size);
	if (!array)
		abort();
	return array;
}

static void add_picks(struct vmsim_explorer *x, struct node *node)
{
	struct search *search = x->strategy_state;
	struct candidate candidate[MAX_CANDIDATES];
	int n = loop_candidates(x, candidate);

	node->first_pick = search->picks;
	for (int i = n - 1; i >= 0; i--) {
		if (search->picks == search->pick_capacity)
			search->pick = grown(search->pick, &search->pick_capacity,
					     sizeof(*search->pick));
		search->pick[search->picks++] = candidate[i];
	}
	node->picks = search->picks - node->first_pick;
}

static struct node *push(struct vmsim_explorer *x, size_t mark)
{
	struct search *search = x->strategy_state;
	struct node *node;

	if (search->depth == search->node_capacity)
		search->node = grown(search->node, &search->node_capacity, sizeof(*search->node));
	node = &search->node[search->depth++];
	*node = (struct node) { .mark = mark };
	add_picks(x, node);
	search->deepest = max(search->deepest, search->depth);
	return node;
}

static int start(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	int err;

	err = actors_start(x);
	if (!err)
		err = checkpoint_create(x);
	if (err)
		return err;
	search->started = true;
	visited_add(search->visited, checkpoint_key(x));
	push(x, checkpoint_take(x));
	return 0;
}

/* The schedule that leads to where the search is. */
static void record_path(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;

	x->recorded.n = 0;
	for (size_t i = 0; i < search->depth; i++)
		pick_record(&x->recorded, search->node[i].taken.kind, search->node[i].taken.id);
	x->steps = search->depth;
}

static void finish(struct vmsim_explorer *x)
{
	if (!setjmp(x->escape))
		world_finish(x);
	vmsim_self = &vmsim_no_task;
}

/* Steps from the state of @node; true if an execution ended. */
static bool step(struct vmsim_explorer *x, struct node *node)
{
	struct search *search = x->strategy_state;
	size_t from = node->mark, mark;
	struct node *next;

	node->taken = search->pick[--search->picks];
	node->picks--;
	search->transitions++;
	x->steps = search->depth;
	loop_step(x, node->taken);
	mark = checkpoint_take(x);
	if (!x->failed && loop_all_done(x))
		finish(x);
	else if (!x->failed && visited_add(search->visited, checkpoint_key(x))) {
		if (search->depth < x->options->step_limit &&
		    checkpoint_size(x) < search->log_limit) {
			next = push(x, mark);
			if (next->picks)
				return false;
			loop_stuck(x);
			search->depth--;
		} else {
			search->cut = true;
			x->abandoned = true;
		}
	} else if (!x->failed) {
		x->abandoned = true;
	}
	if (!x->abandoned)
		record_path(x);
	checkpoint_take(x);
	checkpoint_back(x, from);
	return !x->abandoned;
}

static int states_advance(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	u64 before = search->transitions;
	int err = 0;

	if (!search->started)
		err = start(x);
	while (!err && search->transitions < before + TRANSITIONS_AT_ONCE) {
		struct node *node = &search->node[search->depth - 1];

		x->abandoned = false;
		if (node->picks) {
			if (step(x, node))
				return 0;
			continue;
		}
		if (--search->depth == 0) {
			search->exhausted = true;
			break;
		}
		checkpoint_back(x, search->node[search->depth - 1].mark);
	}
	x->abandoned = true;
	x->steps = search->transitions - before;
	return err;
}

static bool states_more(struct vmsim_explorer *x)
{
	return !((struct search *)x->strategy_state)->exhausted;
}

static void states_cover(const struct vmsim_explorer *x, struct vmsim_coverage *coverage)
{
	const struct search *search = x->strategy_state;
	coverage->exhausted = search->exhausted && !search->cut && visited_exact(search->visited);
	coverage->preemptions = VMSIM_UNBOUNDED;
	coverage->states = visited_count(search->visited);
	coverage->transitions = search->transitions;
	coverage->deepest = search->deepest;
}

const struct strategy strategy_states = {
	.create = states_create,
	.destroy = states_destroy,
	.more = states_more,
	.cover = states_cover,
	.advance = states_advance,
};
