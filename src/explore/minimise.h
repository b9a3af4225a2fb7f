/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_MINIMISE_H
#define VMSIM_MINIMISE_H

#include "explore/follow.h"

/* What makes a schedule small, most important first. */
struct schedule_cost {
	unsigned int preemptions;
	uint64_t steps;
	size_t blocks;
};

/**
 * struct minimiser - the smallest failing schedule so far, and how to try others
 * @x: session of strategy_follow, the same for all tries
 * @target: the violation that counts; its oracle and rule
 * @best: exactly what was executed
 * @plan: room for what is tried next
 */
struct minimiser {
	struct vmsim_explorer *x;
	struct follow follow;
	struct vmsim_violation target;
	struct pick_list best;
	struct schedule_cost cost;
	struct vmsim_violation violation;
	struct pick_list plan;
	uint64_t replays, max_replays, deadline_ns;
};

bool same_failure(const struct vmsim_violation *a, const struct vmsim_violation *b);
bool minimiser_spent(const struct minimiser *m);
/* Executes m->plan; what fails in the same way and costs less becomes the best. Whether it did. */
bool minimiser_try(struct minimiser *m);
/* The smallest that cutting finds (src/explore/minimise_cut.c). */
void minimiser_cut(struct minimiser *m);

#endif
