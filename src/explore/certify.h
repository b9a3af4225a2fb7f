/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CERTIFY_H
#define VMSIM_CERTIFY_H

#include "explore/session.h"

/**
 * struct certifier - looks for failures with few preemptions
 * @executions: used so far, of @max_executions
 * @found: the schedule that was found last
 */
struct certifier {
	const struct vmsim_scenario *scenario;
	const struct vmsim_explore_options *options;
	uint64_t executions, max_executions, deadline_ns;
	struct pick_list found;
};

/*
 * Searches all schedules with fewer than @preemptions preemptions for a failure like @target.
 * 1: found one; 0: there is none; -errno: nobody knows, the search did not end within its limits.
 */
int certifier_search(struct certifier *c, unsigned int preemptions,
		     const struct vmsim_violation *target);

#endif
