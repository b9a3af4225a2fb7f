/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_DECIDING_H
#define VMSIM_DECIDING_H

#include <vmsim/explore.h>

/*
 * Finds the two steps of a failing schedule whose order decides: the last switch that, taken the
 * other way round, makes the failure go away, and of its two sides the steps that matter. 0, or
 * -errno; where there are no such steps, @deciding is all zero.
 */
int deciding_find(const struct vmsim_scenario *scenario,
		  const struct vmsim_explore_options *options,
		  const struct vmsim_schedule *schedule, struct vmsim_deciding *deciding);

#endif
