/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_SCENARIO_REGISTRY_H
#define VMSIM_SCENARIO_REGISTRY_H

#include <vmsim/scenario.h>

/* All scenarios, NULL at the end. */
extern const struct vmsim_scenario *const vmsim_scenarios[];

/* The one of that name, or NULL. */
const struct vmsim_scenario *vmsim_scenario_named(const char *name);

#endif
