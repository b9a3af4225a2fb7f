/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_FOLLOW_H
#define VMSIM_FOLLOW_H

#include "explore/session.h"

/**
 * struct follow - what strategy_follow does, and how it went
 * @plan: picks, as far as they are possible; where they are not, the rest of their block is skipped
 * @n: how many blocks
 * @max_preemptions, @max_steps: an execution with more preemptions, or with as many and more steps,
 *	is abandoned
 * @preemptions: of the execution
 *
 * Behind the plan's end the running thread goes on, and then the others in their order. What was
 * really picked is x->recorded, and replays exactly.
 *
 * Whoever makes the session sets x->strategy_state.
 */
struct follow {
	const struct vmsim_pick *plan;
	size_t n;
	unsigned int max_preemptions;
	uint64_t max_steps;

	unsigned int preemptions;
	size_t at;		/* block of the plan */
	uint32_t used;		/* of that block */
};

extern const struct strategy strategy_follow;

#endif
