/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_EXPLORE_SCENARIO_H
#define VMSIM_EXPLORE_SCENARIO_H

#include <vmsim/scenario.h>

/* What a scenario asks for, on an exploring machine as on a native one. */

unsigned int scenario_process_count(const struct vmsim_scenario *scenario);
/* The caller becomes a thread of the process with this index; of none in a bare scenario. */
int scenario_attach(const struct vmsim_scenario *scenario, struct vmsim_world *world,
		    unsigned int cpu, unsigned int process);
/* Calls @fn, if there is one, as a thread of the first process on CPU 0. */
int scenario_call(const struct vmsim_scenario *scenario, struct vmsim_world *world,
		  int (*fn)(struct vmsim_world *world));
/* The variant of that name; NULL: it has none, or @name is NULL. */
const struct vmsim_variant *scenario_variant(const struct vmsim_scenario *scenario,
					     const char *name);
/* The scenario's data as @variant begins, its processes, its set-up. */
int scenario_set_up(const struct vmsim_scenario *scenario, const char *variant,
		    struct vmsim_world *world);
void scenario_end_processes(struct vmsim_world *world);

#endif
