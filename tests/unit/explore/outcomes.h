/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_OUTCOMES_H
#define TEST_OUTCOMES_H

#include "explore/session.h"
#include "programs.h"
#include "../../outcome_set.h"

/* Of so many programs that a test looks at: under a sanitizer, which is slow, fewer. */
#define SOME_OF(programs) (SANITIZED ? (programs) / 3 : (programs))

/* Everything that can come out of a program: its final states, and the rules that it breaks. */

struct outcomes {
	struct outcome_set set;
	uint64_t executions;
	struct vmsim_coverage coverage;
};

/*
 * Explores @program until nothing is left, or for @limit executions. @strategy NULL: that of the
 * options. The outcomes are added to those that @out has.
 */
void outcomes_explore(const struct program *program, const struct vmsim_explore_options *options,
		      const struct strategy *strategy, uint64_t limit, struct outcomes *out);
bool outcomes_same(const struct outcomes *a, const struct outcomes *b);
/* With the step limit that programs need. */
struct vmsim_explore_options outcomes_options(enum vmsim_strategy strategy);
/* The first program from @seed on with few schedules, and what dfs says of it; returns its seed. */
uint64_t outcomes_exhaustible(struct program *program, uint64_t seed, struct outcomes *with_dfs);
/* Whether this build has fibers of which nothing else keeps track, and that can be put back. */
bool outcomes_can_have_states(void);

#endif
