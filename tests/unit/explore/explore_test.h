/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_EXPLORE_H
#define TEST_EXPLORE_H

#include "../vmsim_test.h"

/* What tests of the explorer begin with: the defaults, but for how and how often. */
static inline struct vmsim_explore_options explore_options(enum vmsim_strategy strategy,
							   uint64_t executions)
{
	struct vmsim_explore_options options;

	vmsim_explore_options_init(&options);
	options.strategy = strategy;
	options.executions = executions;
	return options;
}

/* Explores; the test fails where that is not possible. */
static inline struct vmsim_result explore_with(const struct vmsim_scenario *scenario,
					       const struct vmsim_explore_options *options)
{
	struct vmsim_result result;
	char error[256] = "";

	if (vmsim_explore(scenario, options, &result, error, sizeof(error)))
		fail_msg("%s", error);
	return result;
}

#endif
