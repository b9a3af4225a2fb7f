/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_STATES_H
#define VMSIM_STATES_H

#include "explore/bound.h"
#include "explore/estimate.h"
#include "explore/local.h"
#include "explore/open_states.h"
#include "explore/search_file.h"
#include "explore/session.h"
#include "explore/sleep.h"
#include "explore/visited.h"

/* A search of all states (strategy_states.c), which goes on in other processes (states_file.c). */

/*
 * Shards: a state that is reached by a path which is still short is reached in a layer; what lies
 * below all layers is the search as it is without shards. The layers are the same for all shards,
 * which each go through all of them: steps are taken one by one there, and nothing is left out,
 * since what was learnt, in parts of the search that differ, decides what can be left out. A state
 * in which the layers are left belongs to the shard that its hash says; of others nothing is seen
 * from there. Without a bound there is a layer for each branch of a path, up to some number. Under
 * a bound the only layer is the one in which some of it is left.
 */

/**
 * struct arrival - what is known of a state when it is reached
 * @mark: of its checkpoint
 * @allowance: what is left of the bound; always the same where there is none
 * @layer: how many layers were left; search->layers: all of them
 * @holds: what threads hold
 * @steps: that lead there; answers to questions are none
 */
struct arrival {
	size_t mark;
	struct allowance allowance;
	unsigned int layer;
	struct local_holds holds;
	uint64_t steps;
};

/**
 * struct node - a state on the way from the start to the present one
 * @picks: what has not been tried there
 * @taken: what happened then; @times: as many steps
 * @doing: what that does
 * @sleepers: what need not happen
 * @branches: something else could have happened
 * @goes_on: the thread that has the CPU can go on
 * @place: among the open states
 * @low: the oldest open state that was reached from here
 * @ends: an end, or a state of which everything is known, was reached from here
 * @growth: how many new states were found from here
 */
struct node {
	struct arrival at;
	size_t first_pick, picks;
	struct candidate taken;
	unsigned int times;
	struct sleepers sleepers;
	struct doing doing;
	bool goes_on, branches;
	size_t place, low;
	bool ends;
	struct growth growth;
};

/**
 * struct search - of all states
 * @bounded: preemptions are counted, and @bound is how many there may be
 * @rising: after one bound, the next one
 * @layers: of which each shard sees all; 0: there are no shards
 * @below: everything with fewer preemptions than this was seen
 * @over: there is nothing more to do
 * @cut: something was left out for want of steps or of memory
 * @forbade: the bound did forbid something, or may have done so to another shard
 * @violated: an execution was cut short by a violation
 * @whole: no step counts as local any more
 * @lost: there is no way back but to the start
 * @begun: @transitions when it began, for the last time
 * @wrong_after: so many transitions later, steps turned out not to be local; 0: none did
 * @first: the state in which it began
 * @most: states with earlier bounds, where they were more
 */
struct search {
	struct visited *visited;
	size_t visited_limit;
	bool bounded, rising;
	unsigned int bound, below, layers;
	struct local *local;
	struct sleep sleep;
	struct open_states open;
	struct node *node;
	size_t depth, node_capacity, deepest;
	struct candidate *pick;
	size_t picks, pick_capacity;
	u64 transitions;
	size_t log_limit;
	bool started, over, cut, forbade, violated, whole, lost;
	u64 begun, wrong_after;
	u64 most;
	struct image_key first;
	struct estimate estimate;
};

/* What tells apart the present state, reached as @at says, from all others. */
struct image_key states_key(const struct vmsim_explorer *x, const struct arrival *at);

/* As in struct strategy. */
void states_save(const struct vmsim_explorer *x, struct search_file *file);
int states_load(struct vmsim_explorer *x, struct search_file *file);

#endif
