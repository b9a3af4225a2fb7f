/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_STATES_H
#define VMSIM_STATES_H

#include "explore/bound.h"
#include "explore/estimate.h"
#include "explore/local.h"
#include "explore/open_states.h"
#include "explore/search_file.h"
#include "explore/session.h"
#include "explore/visited.h"

/* A search of all states (strategy_states.c), and how it goes on in another process (states_file.c). */

/**
 * struct arrival - what is known of a state when it is reached
 * @mark: of its checkpoint
 * @allowance: what is left of the bound; always the same where there is none
 * @holds: what threads hold
 * @steps: that lead there; answers to questions are none
 */
struct arrival {
	size_t mark;
	struct allowance allowance;
	struct local_holds holds;
	uint64_t steps;
};

/**
 * struct node - a state on the way from the start to the present one
 * @picks: what has not been tried there
 * @taken: what happened then; @times: as many steps
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
	bool goes_on;
	size_t place, low;
	bool ends;
	struct growth growth;
};

/**
 * struct search - of all states
 * @bounded: preemptions are counted, and @bound is how many there may be
 * @rising: after one bound, the next one
 * @below: everything with fewer preemptions than this was seen
 * @over: there is nothing more to do
 * @cut: something was left out for want of steps or of memory
 * @forbade: the bound did forbid something
 * @violated: an execution was cut short by a violation
 * @whole: nothing is left out any more
 * @begun: @transitions when it began, for the last time
 * @wrong_after: so many transitions later, steps turned out not to be local; 0: none did
 * @first: the state in which it began
 * @most: states with earlier bounds, where they were more
 */
struct search {
	struct visited *visited;
	size_t visited_limit;
	bool bounded, rising;
	unsigned int bound, below;
	struct local *local;
	struct open_states open;
	struct node *node;
	size_t depth, node_capacity, deepest;
	struct candidate *pick;
	size_t picks, pick_capacity;
	u64 transitions;
	size_t log_limit;
	bool started, over, cut, forbade, violated, whole;
	u64 begun, wrong_after;
	u64 most;
	struct image_key first;
	struct estimate estimate;
};

/* As in struct strategy. */
void states_save(const struct vmsim_explorer *x, struct search_file *file);
int states_load(struct vmsim_explorer *x, struct search_file *file);

#endif
