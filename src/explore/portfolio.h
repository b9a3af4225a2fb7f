/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_EXPLORE_PORTFOLIO_H
#define VMSIM_EXPLORE_PORTFOLIO_H

#include <vmsim/explore.h>

/* Several strategies in turns, until one finds a failure or has exhausted the scenario. */
int vmsim_run_portfolio(const struct vmsim_scenario *scenario,
			const struct vmsim_explore_options *options, struct vmsim_result *result,
			char *error, size_t error_size);

#endif
