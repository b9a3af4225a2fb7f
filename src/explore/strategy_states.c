// SPDX-License-Identifier: GPL-2.0-only
#include "explore/checkpoint.h"
#include "explore/grow.h"
#include "explore/local.h"
#include "explore/open_states.h"
#include "explore/rehearse.h"
#include "explore/session.h"
#include "explore/visited.h"
#include <errno.h>
#include <stdlib.h>

/*
 * All states, each once: depth first, with a table of the states that were seen. States are told
 * apart by a hash of the world, of the live part of the stacks, and of what threads wait for.
 *
 * A livelock is a set of states from which nothing leads to an end: a strongly connected component
 * that no step leaves. Components are found on the way, as Tarjan does it.
 */

#define DEFAULT_MEMORY (2ULL << 30)
/* Between two looks at the clock. */
#define TRANSITIONS_AT_ONCE 4096

/**
 * struct node - a state on the way from the start to the present one
 * @picks: what has not been tried there
 * @place: among the open states
 * @low: the oldest open state that was reached from here
 * @ends: an end, or a state of which everything is known, was reached from here
 * @holds: what threads hold there
 */
struct node {
	size_t mark;
	size_t first_pick, picks;
	struct candidate taken;
	size_t place, low;
	bool ends;
	struct local_holds holds;
};

struct search {
	struct visited *visited;
	size_t visited_limit;
	struct local *local;
	struct open_states open;
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
	if (!coroutine_can_go_back()) {
		snprintf(x->misfit, sizeof(x->misfit),
			 "strategy states: not under ThreadSanitizer, for which no stack goes back");
		free(search);
		return -EOPNOTSUPP;
	}
	if (!search)
		return -ENOMEM;
	x->strategy_state = search;
	search->log_limit = limit / 2;
	search->visited_limit = limit / 2;
	search->local = local_create();
	return search->local ? 0 : -ENOMEM;
}

static void states_destroy(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;

	if (!search)
		return;
	checkpoint_destroy(x);
	visited_destroy(search->visited);
	local_destroy(search->local);
	open_states_free(&search->open);
	free(search->node);
	free(search->pick);
	free(search);
}

static void add_pick(struct search *search, struct candidate pick)
{
	GROW(search->pick, search->pick_capacity, search->picks + 1);
	search->pick[search->picks++] = pick;
}

static enum local_hope hope_for(struct vmsim_explorer *x, struct candidate pick)
{
	struct search *search = x->strategy_state;

	if (pick.kind != 't')
		return LOCAL_HARDLY;
	return local_guess(search->local, checkpoint_thread_key(x, pick.id));
}

/* Steps that may be local come last, and are tried first. */
static void add_picks(struct vmsim_explorer *x, struct node *node)
{
	struct search *search = x->strategy_state;
	struct candidate candidate[MAX_CANDIDATES];
	int n = loop_candidates(x, candidate);
	enum local_hope hope[MAX_CANDIDATES];

	node->first_pick = search->picks;
	for (int i = 0; i < n; i++)
		hope[i] = n > 1 ? hope_for(x, candidate[i]) : LOCAL_HARDLY;
	for (enum local_hope now = LOCAL_HARDLY; now < LOCAL_HOPES; now++)
		for (int i = n - 1; i >= 0; i--)
			if (hope[i] == now)
				add_pick(search, candidate[i]);
	node->picks = search->picks - node->first_pick;
}

static struct node *push(struct vmsim_explorer *x, size_t mark, const struct local_holds *holds)
{
	struct search *search = x->strategy_state;
	size_t place = open_states_push(&search->open, checkpoint_key(x));
	struct node *node;

	GROW(search->node, search->node_capacity, search->depth + 1);
	node = &search->node[search->depth++];
	*node = (struct node) { .mark = mark, .place = place, .low = place, .holds = *holds };
	add_picks(x, node);
	search->deepest = max(search->deepest, search->depth);
	return node;
}

/* From the first state, with nothing seen. */
static int begin(struct vmsim_explorer *x)
{
	static const struct local_holds nothing;
	struct search *search = x->strategy_state;

	visited_destroy(search->visited);
	search->visited = visited_create(search->visited_limit);
	if (!search->visited)
		return -ENOMEM;
	open_states_close(&search->open, 0);
	search->depth = search->picks = search->deepest = 0;
	search->cut = false;
	visited_add(search->visited, checkpoint_key(x));
	push(x, 0, &nothing);
	return 0;
}

static int start(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	int err = actors_start(x);

	if (!err)
		err = checkpoint_create(x);
	if (err)
		return err;
	search->started = true;
	rehearse(x, search->local);
	return begin(x);
}

/* Answers to questions are no steps. */
static void record(struct vmsim_explorer *x, struct candidate taken)
{
	pick_record(&x->recorded, taken.kind, taken.id);
	x->steps += taken.kind != 'n';
}

/* The schedule that leads to where the search is. */
static void record_path(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;

	x->recorded.n = 0;
	x->steps = 0;
	for (size_t i = 0; i < search->depth; i++)
		record(x, search->node[i].taken);
}

static void finish(struct vmsim_explorer *x)
{
	if (!setjmp(x->escape))
		world_finish(x);
	vmsim_self = &vmsim_no_task;
}

/* A state was reached; false if nothing is to be done from there. */
static bool enter(struct vmsim_explorer *x, size_t mark, const struct local_holds *holds)
{
	struct search *search = x->strategy_state;

	if (search->depth >= x->options->step_limit || checkpoint_size(x) >= search->log_limit) {
		search->cut = true;
		return false;
	}
	return push(x, mark, holds)->picks;
}

enum outcome { OUTCOME_SEEN, OUTCOME_NEW, OUTCOME_END };

/* A local step to a new state makes all others from @node needless. */
static void drop_picks(struct search *search, struct node *node)
{
	search->picks = node->first_pick;
	node->picks = 0;
}

static enum outcome take_step(struct vmsim_explorer *x, struct node *node)
{
	struct search *search = x->strategy_state;
	struct candidate taken = search->pick[--search->picks];
	uint64_t key = taken.kind == 't' ? checkpoint_thread_key(x, taken.id) : 0;
	struct local_holds holds = node->holds;
	bool local, new;
	size_t mark;

	node->taken = taken;
	node->picks--;
	search->transitions++;
	x->steps = search->depth;
	local = local_loop_step(search->local, x, taken, &holds, &mark);
	if (x->failed)
		return OUTCOME_END;
	if (taken.kind == 't')
		local_learn(search->local, key, local);
	new = visited_add(search->visited, checkpoint_key(x));
	if (!new)
		return OUTCOME_SEEN;
	if (local)
		drop_picks(search, node);
	if (loop_all_done(x)) {
		finish(x);
		return OUTCOME_END;
	}
	if (enter(x, mark, &holds))
		return OUTCOME_NEW;
	if (search->cut)
		return OUTCOME_SEEN;
	open_states_close(&search->open, search->node[--search->depth].place);
	loop_stuck(x);
	return OUTCOME_END;
}

/* The present state was seen before, on this way or on another one. */
static void meet(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	struct node *node = &search->node[search->depth - 1];
	size_t place = open_states_find(&search->open, checkpoint_key(x));

	if (place == NOT_OPEN)
		node->ends = true;
	else
		node->low = min(node->low, place);
}

/* Steps from the state of @node; true if an execution ended. */
static bool step(struct vmsim_explorer *x, struct node *node)
{
	struct search *search = x->strategy_state;
	size_t from = node->mark;
	enum outcome outcome = take_step(x, node);

	if (outcome == OUTCOME_NEW)
		return false;
	if (outcome == OUTCOME_SEEN) {
		meet(x);
	} else {
		search->node[search->depth - 1].ends = true;
		record_path(x);
		/* What the end of an execution changed. */
		checkpoint_take(x);
	}
	checkpoint_back(x, from);
	return outcome == OUTCOME_END;
}

/* Leaves a state in which all was tried. True if from there nothing leads to an end. */
static bool leave(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	struct node left = search->node[--search->depth];
	struct node *parent = search->depth ? &search->node[search->depth - 1] : NULL;
	bool component = left.low == left.place;

	if (component)
		open_states_close(&search->open, left.place);
	if (parent) {
		parent->low = min(parent->low, left.low);
		parent->ends |= left.ends || component;
	}
	return component && !left.ends;
}

/* Goes on from a state that was left, each in turn. False if that ends without a violation. */
static bool never_ends(struct vmsim_explorer *x)
{
	struct candidate candidate[MAX_CANDIDATES];

	record_path(x);
	while (x->steps < x->options->step_limit) {
		int n = loop_candidates(x, candidate);
		struct candidate taken;

		if (!n || loop_all_done(x))
			return false;
		taken = candidate[x->steps % (unsigned int)n];
		loop_step(x, taken);
		checkpoint_take(x);
		record(x, taken);
		if (x->failed)
			return true;
	}
	loop_endless(x);
	return true;
}

/* One state up; true if where it comes from is a livelock. */
static bool go_up(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	bool endless = leave(x);
	bool violated = endless && never_ends(x);

	search->exhausted = !search->depth;
	if (endless)
		checkpoint_take(x);
	checkpoint_back(x, search->depth ? search->node[search->depth - 1].mark : 0);
	return violated;
}

static int again(struct vmsim_explorer *x)
{
	checkpoint_back(x, 0);
	return begin(x);
}

static int states_advance(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	u64 before = search->transitions;
	int err = 0;

	if (!search->started)
		err = start(x);
	while (!err && !search->exhausted && search->transitions < before + TRANSITIONS_AT_ONCE) {
		struct node *node = &search->node[search->depth - 1];

		if (local_was_wrong(search->local)) {
			err = again(x);
			continue;
		}
		if (node->picks) {
			if (step(x, node))
				return 0;
			continue;
		}
		if (go_up(x))
			return 0;
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
	if (!search->started)
		return;
	coverage->exhausted = search->exhausted && !search->cut && visited_exact(search->visited);
	coverage->preemptions = VMSIM_UNBOUNDED;
	coverage->states = visited_count(search->visited);
	coverage->transitions = search->transitions;
	coverage->deepest = search->deepest;
}

const struct strategy strategy_states = {
	.footprints = true,
	.create = states_create,
	.destroy = states_destroy,
	.more = states_more,
	.cover = states_cover,
	.advance = states_advance,
};
