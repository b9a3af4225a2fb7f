// SPDX-License-Identifier: GPL-2.0-only
#include "explore/checkpoint.h"
#include "explore/grow.h"
#include "explore/rehearse.h"
#include "explore/saved_search.h"
#include "explore/states.h"
#include <errno.h>
#include <stdlib.h>

/*
 * All states, each once: depth first, with a table of the states that were seen. States are told
 * apart by a hash of the world, of the live part of the stacks, and of what threads wait for.
 *
 * A livelock is a set of states from which nothing leads to an end: a strongly connected component
 * that no step leaves. Components are found on the way, as Tarjan does it.
 *
 * Under a bound on preemptions, a state is the world with an allowance (bound.h). A local step is
 * enough only of the thread that has the CPU: it costs nothing, and whoever takes over afterwards
 * pays no more than before. Of another thread it would be paid for, now or when it is left.
 */

#define DEFAULT_MEMORY (2ULL << 30)
/* Between two looks at the clock. */
#define TRANSITIONS_AT_ONCE 4096

static int create(struct vmsim_explorer *x, bool rising)
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
		snprintf(
			x->misfit, sizeof(x->misfit),
			"strategy states: not under ThreadSanitizer, for which no stack goes back");
		free(search);
		return -EOPNOTSUPP;
	}
	if (!search)
		return -ENOMEM;
	search->rising = rising;
	search->bound = rising ? 0 : x->options->preemptions;
	search->bounded = search->bound != VMSIM_UNBOUNDED;
	if (search->bounded && search->bound > MOST_LEFT) {
		snprintf(x->misfit, sizeof(x->misfit), "strategy states: at most %u preemptions",
			 MOST_LEFT);
		free(search);
		return -EINVAL;
	}
	x->strategy_state = search;
	search->log_limit = limit / 2;
	search->visited_limit = limit / 2;
	search->local = local_create(x->nr_actors, x->machine->nr_cpus, search->bounded);
	return search->local ? 0 : -ENOMEM;
}

static int states_create(struct vmsim_explorer *x)
{
	return create(x, false);
}

static int bounds_create(struct vmsim_explorer *x)
{
	return create(x, true);
}

static void states_destroy(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;

	if (!search)
		return;
	checkpoint_destroy(x);
	visited_destroy(search->visited);
	local_destroy(search->local);
	sleep_free(&search->sleep);
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

static int thread_of(struct allowance allowance)
{
	return allowance.last == NOBODY ? -1 : (int)allowance.last;
}

/*
 * What is tried first: steps that may be local, and so make others needless; under a bound, what
 * leaves most of it, since what is seen with more left is not seen again with less.
 */
enum rank { FORBIDDEN, ASLEEP, COSTS, FREE, PERHAPS_LOCAL, FIRST };

static enum rank hope_for(struct vmsim_explorer *x, struct candidate pick)
{
	static const enum rank ranks[LOCAL_HOPES] = {
		[LOCAL_HARDLY] = FREE, [LOCAL_PERHAPS] = PERHAPS_LOCAL, [LOCAL_LIKELY] = FIRST,
	};
	struct search *search = x->strategy_state;

	if (pick.kind != 't')
		return FREE;
	return ranks[local_guess(search->local, checkpoint_thread_key(x, pick.id))];
}

static enum rank rank_of(struct vmsim_explorer *x, const struct node *node,
			 const struct candidate *candidates, int n, struct candidate pick)
{
	const struct search *search = x->strategy_state;

	if (sleep_has(&search->sleep, &node->sleepers, pick))
		return ASLEEP;
	if (!search->bounded)
		return n > 1 ? hope_for(x, pick) : FREE;
	if (is_preemption(candidates, n, &pick, thread_of(node->at.allowance)))
		return node->at.allowance.left ? COSTS : FORBIDDEN;
	return pick.kind == 't' && pick.id == node->at.allowance.last ? FIRST : FREE;
}

/* False if there is none, asleep or not. */
static bool add_picks(struct vmsim_explorer *x, struct node *node)
{
	struct search *search = x->strategy_state;
	struct candidate candidate[MAX_CANDIDATES];
	int n = loop_candidates(x, candidate);
	enum rank rank[MAX_CANDIDATES];

	node->goes_on = can_go_on(candidate, n, thread_of(node->at.allowance));
	node->first_pick = search->picks;
	for (int i = 0; i < n; i++) {
		rank[i] = rank_of(x, node, candidate, n, candidate[i]);
		search->forbade |= rank[i] == FORBIDDEN;
		node->ends |= rank[i] == ASLEEP;
	}
	for (enum rank next = COSTS; next <= FIRST; next++)
		for (int i = n - 1; i >= 0; i--)
			if (rank[i] == next)
				add_pick(search, candidate[i]);
	node->picks = search->picks - node->first_pick;
	node->branches = node->picks > 1;
	return node->picks || node->ends;
}

static bool in_layers(const struct search *search, const struct arrival *at)
{
	return at->layer < search->layers;
}

struct image_key states_key(const struct vmsim_explorer *x, const struct arrival *at)
{
	const struct search *search = x->strategy_state;
	struct image_key key = checkpoint_key(x);
	uint64_t layer = in_layers(search, at) ? at->layer + 1 : 0;

	key.lo ^= layer * UINT64_C(0xbf58476d1ce4e5b9);
	key.hi ^= layer * UINT64_C(0x94d049bb133111eb);
	return key;
}

static struct sleepers sleepers_now(struct search *search)
{
	const struct node *parent;

	if (!search->depth)
		return sleep_first(&search->sleep);
	parent = &search->node[search->depth - 1];
	return sleep_after(&search->sleep, &parent->sleepers, &parent->doing);
}

/* False if nothing can happen there. */
static bool push(struct vmsim_explorer *x, const struct arrival *at)
{
	struct search *search = x->strategy_state;
	struct image_key key = key_within(states_key(x, at), at->allowance);
	size_t place = open_states_push(&search->open, key);
	struct sleepers sleepers = sleepers_now(search);
	struct node *node;

	GROW(search->node, search->node_capacity, search->depth + 1);
	node = &search->node[search->depth++];
	*node = (struct node) { .at = *at, .place = place, .low = place, .sleepers = sleepers };
	growth_begin(&node->growth, visited_count(search->visited));
	search->deepest = max(search->deepest, (size_t)at->steps);
	return add_picks(x, node);
}

/* The last node; whether everything that follows what was taken there is @known. */
static void wake_or_sleep(struct search *search, bool known)
{
	struct node *node = &search->node[search->depth - 1];

	if (known)
		sleep_add(&search->sleep, &node->sleepers, &node->doing);
	else
		sleep_forget(&search->sleep, &node->doing);
}

static struct node pop(struct search *search)
{
	struct node node = search->node[--search->depth];

	sleep_leave(&search->sleep, &node.sleepers);
	return node;
}

/* What is left when @taken has happened in the state of @node. */
static struct allowance allowance_after(const struct vmsim_explorer *x, const struct node *node,
					struct candidate taken)
{
	const struct search *search = x->strategy_state;
	struct allowance after = node->at.allowance;

	if (!search->bounded)
		return after;
	if (taken.kind == 'p' ||
	    (taken.kind == 't' && taken.id != after.last && node->goes_on))
		after.left--;
	if (taken.kind == 't')
		after.last = taken.id;
	if (after.last != NOBODY && actor_done(x, after.last))
		after.last = NOBODY;
	return after;
}

static unsigned int layer_after(const struct search *search, const struct node *node,
				struct allowance after)
{
	if (!in_layers(search, &node->at))
		return node->at.layer;
	if (search->bounded)
		return after.left ? 0 : search->layers;
	return node->at.layer + node->branches;
}

/* Below the layers, and another shard's. */
static bool is_foreign(struct vmsim_explorer *x, const struct node *node,
		       const struct arrival *after)
{
	struct search *search = x->strategy_state;

	if (!in_layers(search, &node->at) || in_layers(search, after))
		return false;
	search->forbade |= search->bounded;
	return !shard_has(x->options, key_within(checkpoint_key(x), after->allowance).lo);
}

/* A shard shall have so many states to begin with, but paths are not followed for long. */
#define STATES_PER_SHARD 4
#define MOST_LAYERS 24

/* Each of @actors can go on: so many states are reached by paths of some length, in all orders. */
static unsigned int layers_for(uint64_t states, unsigned int actors)
{
	uint64_t reached = 1;
	unsigned int layers = 0;

	while (reached < states && layers < MOST_LAYERS) {
		layers++;
		reached = reached * (layers + actors - 1) / layers;
	}
	return layers;
}

static unsigned int layers_of(struct vmsim_explorer *x)
{
	const struct search *search = x->strategy_state;
	struct candidate candidate[MAX_CANDIDATES];
	int n;

	if (x->options->shards <= 1)
		return 0;
	if (search->bounded)
		return search->bound ? 1 : 0;
	n = loop_candidates(x, candidate);
	return layers_for((uint64_t)x->options->shards * STATES_PER_SHARD, (unsigned int)max(n, 2));
}

/* From the first state, with nothing seen. */
static int begin(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	struct arrival first = {
		.allowance = { search->bounded ? search->bound : 0, NOBODY },
	};

	visited_destroy(search->visited);
	search->visited = visited_create(search->visited_limit, search->bounded);
	if (!search->visited)
		return -ENOMEM;
	open_states_close(&search->open, 0);
	search->depth = search->picks = search->deepest = 0;
	search->cut = search->forbade = search->lost = false;
	search->begun = search->transitions;
	search->wrong_after = 0;
	search->layers = layers_of(x);
	visited_add(search->visited, states_key(x, &first), &first.allowance);
	push(x, &first);
	return 0;
}

/* More is seldom in a step: a thread that needs memory for it leaves something on its stack. */
#define FOOTPRINT 4096

static int start(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	int err = actors_start(x);

	GROW(x->footprint.at, x->footprint.capacity, FOOTPRINT);

	if (!err)
		err = checkpoint_create(x);
	if (err)
		return err;
	search->started = true;
	search->first = checkpoint_key(x);
	/* What is bounded is soon begun again. */
	if (!search->bounded && !x->options->resume)
		rehearse(x, search->local);
	checkpoint_scrub_all(x);
	return x->options->resume ? saved_search_read(x) : begin(x);
}

/* Answers to questions are no steps. */
static void record(struct vmsim_explorer *x, struct candidate taken, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++)
		pick_record(&x->recorded, taken.kind, taken.id);
	x->steps += taken.kind == 'n' ? 0 : times;
}

/* The schedule that leads to where the search is. */
static void record_path(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;

	x->recorded.n = 0;
	x->steps = 0;
	for (size_t i = 0; i < search->depth; i++)
		record(x, search->node[i].taken, search->node[i].times);
}

static void finish(struct vmsim_explorer *x)
{
	if (!setjmp(x->escape))
		world_finish(x);
	vmsim_self = &vmsim_no_task;
}

/* A state was reached; false if nothing is to be done from there. */
static bool enter(struct vmsim_explorer *x, const struct arrival *at)
{
	struct search *search = x->strategy_state;

	if (at->steps >= x->options->step_limit || checkpoint_size(x) >= search->log_limit) {
		search->cut = true;
		return false;
	}
	return push(x, at);
}

enum outcome { OUTCOME_SEEN, OUTCOME_NEW, OUTCOME_END, OUTCOME_FOREIGN, OUTCOME_LOST };

/* A local step to a new state makes all others from @node needless. */
static void drop_picks(struct search *search, struct node *node)
{
	search->picks = node->first_pick;
	node->picks = 0;
}

/* Under a bound, of nobody but the thread that has the CPU. */
static bool is_enough(struct vmsim_explorer *x, const struct node *node, bool local)
{
	const struct search *search = x->strategy_state;

	if (!local || search->whole || in_layers(search, &node->at))
		return false;
	return !search->bounded || node->taken.id == node->at.allowance.last;
}

/*
 * What was taken in the state of @node, where others had @yielded. Under a bound, the same steps in
 * another order may not be allowed.
 */
static struct doing note_doing(struct vmsim_explorer *x, const struct node *node, bool told,
			       bool yielded)
{
	struct search *search = x->strategy_state;
	bool matters = node->picks || node->sleepers.n;
	const struct access *access;
	size_t n;

	if (!matters || !told || yielded || x->threads.yielded || x->asking || x->failed ||
	    search->bounded || in_layers(search, &node->at) || x->machine->order)
		return sleep_doing(&search->sleep, x, (struct candidate) { 0 }, NULL, 0);
	access = local_run_accesses(search->local, &n);
	return sleep_doing(&search->sleep, x, node->taken, access, n);
}

/* @after: the state that it leads to; if that was seen, with an allowance that was as good. */
static enum outcome take_step(struct vmsim_explorer *x, struct node *node, struct arrival *after)
{
	struct search *search = x->strategy_state;
	struct candidate taken = search->pick[--search->picks];
	uint64_t key = taken.kind == 't' ? checkpoint_thread_key(x, taken.id) : 0;
	bool yielded = x->threads.yielded, enough, new;
	struct local_run run;

	growth_branch(&node->growth, visited_count(search->visited));
	after->holds = node->at.holds;
	node->taken = taken;
	node->picks--;
	x->steps = node->at.steps + (taken.kind != 'n');
	run = local_loop_step(search->local, x, taken,
			      !search->whole && !in_layers(search, &node->at), &after->holds);
	node->times = run.times;
	search->transitions += run.times;
	if (run.lost) {
		/* Nothing that was seen since then counts. */
		x->failed = false;
		return OUTCOME_LOST;
	}
	node->doing = note_doing(x, node, run.told, yielded);
	after->mark = run.mark;
	after->steps = x->steps;
	if (x->failed)
		return OUTCOME_END;
	if (taken.kind == 't')
		local_learn(search->local, key, run.local);
	enough = is_enough(x, node, run.local);
	after->allowance = allowance_after(x, node, taken);
	after->layer = layer_after(search, node, after->allowance);
	if (is_foreign(x, node, after))
		return OUTCOME_FOREIGN;
	new = visited_add(search->visited, states_key(x, after), &after->allowance);
	if (!new)
		return OUTCOME_SEEN;
	if (enough)
		drop_picks(search, node);
	if (loop_all_done(x)) {
		finish(x);
		return OUTCOME_END;
	}
	if (enter(x, after))
		return OUTCOME_NEW;
	if (search->cut)
		return OUTCOME_SEEN;
	open_states_close(&search->open, pop(search).place);
	loop_stuck(x);
	return OUTCOME_END;
}

/* The present state was seen before, on this way or on another one. True: all of it is known. */
static bool meet(struct vmsim_explorer *x, const struct arrival *at)
{
	struct search *search = x->strategy_state;
	struct node *node = &search->node[search->depth - 1];
	struct image_key key = key_within(states_key(x, at), at->allowance);
	size_t place = open_states_find(&search->open, key);

	if (place == NOT_OPEN)
		node->ends = true;
	else
		node->low = min(node->low, place);
	return place == NOT_OPEN;
}

/* Steps from the state of @node; true if an execution ended. */
static bool step(struct vmsim_explorer *x, struct node *node)
{
	struct search *search = x->strategy_state;
	size_t from = node->at.mark;
	struct arrival after;
	enum outcome outcome = take_step(x, node, &after);
	bool known = outcome == OUTCOME_END && !x->failed;

	search->lost = outcome == OUTCOME_LOST;
	if (outcome == OUTCOME_NEW || search->lost)
		return false;
	if (outcome == OUTCOME_SEEN) {
		known = meet(x, &after);
	} else if (outcome == OUTCOME_FOREIGN) {
		node->ends = true;
	} else {
		search->node[search->depth - 1].ends = true;
		search->violated |= x->failed;
		record_path(x);
		/* What the end of an execution changed. */
		checkpoint_take(x);
	}
	wake_or_sleep(search, known);
	checkpoint_back(x, from);
	return outcome == OUTCOME_END;
}

/* Leaves a state in which all was tried. True if from there nothing leads to an end. */
static bool leave(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	struct node left = pop(search);
	struct node *parent = search->depth ? &search->node[search->depth - 1] : NULL;
	bool component = left.low == left.place;

	estimate_learn(&search->estimate, &left.growth, visited_count(search->visited));
	if (component)
		open_states_close(&search->open, left.place);
	if (parent) {
		parent->low = min(parent->low, left.low);
		parent->ends |= left.ends || component;
		wake_or_sleep(search, component);
	}
	return component && !left.ends;
}

/* The one of whose turn it is that happens next; none: an end is reached. */
static bool take_turn(struct vmsim_explorer *x, int *running, bool preempts)
{
	struct candidate all[MAX_CANDIDATES], allowed[MAX_CANDIDATES];
	int n = loop_candidates(x, all);
	unsigned int may = 0;
	struct candidate taken;

	if (!n || loop_all_done(x))
		return false;
	for (int i = 0; i < n; i++)
		if (preempts || !is_preemption(all, n, &all[i], *running))
			allowed[may++] = all[i];
	taken = allowed[x->steps % may];
	if (taken.kind == 't')
		*running = taken.id;
	loop_step(x, taken);
	checkpoint_take(x);
	record(x, taken, 1);
	return true;
}

/* Goes on from a state that was left, each in turn. False if that ends. */
static bool goes_on_forever(struct vmsim_explorer *x, const struct node *from, bool preempts)
{
	int running = thread_of(from->at.allowance);

	while (x->steps < x->options->step_limit && !x->failed)
		if (!take_turn(x, &running, preempts))
			return false;
	return !x->failed;
}

/*
 * Whether an execution that goes on from @left, from which the search found no end, is a livelock.
 * Under a bound there may be an end for which it takes more preemptions.
 */
static bool never_ends(struct vmsim_explorer *x, const struct node *left)
{
	struct search *search = x->strategy_state;
	bool forever = true;

	if (search->bounded) {
		record_path(x);
		forever = goes_on_forever(x, left, true);
		x->failed = false;
		checkpoint_back(x, left->at.mark);
	}
	record_path(x);
	if (!forever || !goes_on_forever(x, left, !search->bounded))
		return x->failed;
	loop_endless(x);
	return true;
}

/* One state up; true if where it comes from is a livelock. */
static bool go_up(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	struct node left = search->node[search->depth - 1];
	bool endless = leave(x);
	bool violated = endless && never_ends(x, &left);

	if (endless)
		checkpoint_take(x);
	checkpoint_back(x, search->depth ? search->node[search->depth - 1].at.mark : 0);
	return violated;
}

/*
 * Steps seemed to be local that are not. Not at once: who learns what others do a little later will
 * not have to begin again for it.
 */
static bool was_wrong(struct search *search)
{
	u64 after = search->transitions - search->begun;

	if (local_was_wrong(search->local) && !search->wrong_after)
		search->wrong_after = max(after, (u64)1);
	return search->wrong_after &&
	       (!search->depth || after > search->wrong_after + search->wrong_after / 2);
}

/*
 * Once after a violation: it ends its execution, and what the other threads would have done there,
 * they may not have done anywhere.
 */
static bool was_cut_short(struct search *search)
{
	bool cut_short = search->violated && !search->whole;

	search->whole |= cut_short;
	return cut_short;
}

static int again(struct vmsim_explorer *x)
{
	checkpoint_back(x, 0);
	return begin(x);
}

/* With what was learnt, and with more: random executions see what the search would see late. */
static int again_wiser(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;

	checkpoint_back(x, 0);
	if (!search->bounded)
		rehearse_again(x, search->local, search->transitions - search->begun);
	return begin(x);
}

static bool is_complete(const struct search *search)
{
	return !search->depth && !search->cut && visited_exact(search->visited);
}

/* A search has come to its end: the next one, or none. */
static int go_on_rising(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	unsigned int last = min(x->options->preemptions, MOST_LEFT);

	if (search->bounded && is_complete(search))
		search->below = search->bound + 1;
	search->over = !search->rising || !is_complete(search) || !search->forbade ||
		search->bound == last;
	if (search->over)
		return 0;
	search->most = max(search->most, visited_count(search->visited));
	search->bound++;
	return again(x);
}

static int states_advance(struct vmsim_explorer *x)
{
	struct search *search = x->strategy_state;
	u64 before = search->transitions;
	int err = 0;

	if (!search->started)
		err = start(x);
	while (!err && !search->over && search->transitions < before + TRANSITIONS_AT_ONCE) {
		struct node *node = search->depth ? &search->node[search->depth - 1] : NULL;
		bool ended = false;

		if (was_wrong(search))
			err = again_wiser(x);
		else if (search->lost || was_cut_short(search))
			err = again(x);
		else if (!node)
			err = go_on_rising(x);
		else if (node->picks)
			ended = step(x, node);
		else
			ended = go_up(x);
		if (ended)
			return 0;
	}
	x->abandoned = true;
	x->steps = search->transitions - before;
	return err;
}

static bool states_more(struct vmsim_explorer *x)
{
	return !((struct search *)x->strategy_state)->over;
}

/* States that were not seen, as far as can be told; 0: no idea. */
static double states_left(const struct search *search)
{
	u64 seen = visited_count(search->visited);
	double all;

	if (search->cut || !search->depth || seen < ESTIMATE_LEAST)
		return 0;
	all = (double)(seen - search->node[search->depth - 1].growth.branch);
	for (size_t i = search->depth; i; i--) {
		const struct node *node = &search->node[i - 1];

		all = estimate_from(&search->estimate, &node->growth, node->picks, all);
	}
	return max(all - (double)seen, 0.0);
}

static void states_cover(const struct vmsim_explorer *x, struct vmsim_coverage *coverage)
{
	const struct search *search = x->strategy_state;
	bool unbounded = search->over && !search->forbade;

	if (!search->started)
		return;
	/* A bound that forbade nothing is none. */
	coverage->preemptions = unbounded ? VMSIM_UNBOUNDED : x->options->preemptions;
	coverage->exhausted = search->over && is_complete(search) &&
		(unbounded || search->bound == x->options->preemptions);
	coverage->below = search->below;
	coverage->states = max(search->most, visited_count(search->visited));
	coverage->transitions = search->transitions;
	coverage->deepest = search->deepest;
	coverage->states_left = states_left(search);
	coverage->left_within = search->bounded ? search->bound : VMSIM_UNBOUNDED;
}

const struct strategy strategy_states = {
	.footprints = true,
	.create = states_create,
	.destroy = states_destroy,
	.more = states_more,
	.cover = states_cover,
	.advance = states_advance,
	.shards = true,
	.save = states_save,
	.load = states_load,
};

/* With no preemption, then with one, and so on: what is found fails with no fewer. */
const struct strategy strategy_bounds = {
	.footprints = true,
	.create = bounds_create,
	.destroy = states_destroy,
	.more = states_more,
	.cover = states_cover,
	.advance = states_advance,
	.shards = true,
	.save = states_save,
	.load = states_load,
};
