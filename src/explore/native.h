/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_EXPLORE_NATIVE_H
#define VMSIM_EXPLORE_NATIVE_H

#include <vmsim/explore.h>

/*
 * Executions on a native machine, until one breaks a rule; as vmsim_explore(), without schedules.
 */
int vmsim_run_native(const struct vmsim_scenario *scenario,
		     const struct vmsim_explore_options *options, struct vmsim_result *result,
		     char *error, size_t error_size);

#endif
