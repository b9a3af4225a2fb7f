// SPDX-License-Identifier: GPL-2.0-only
#include "registry.h"
#include <stddef.h>

extern const struct vmsim_scenario scenario_lost_dirty;
extern const struct vmsim_scenario scenario_lost_dirty_poc;
extern const struct vmsim_scenario scenario_lost_dirty_poc2;

const struct vmsim_scenario *const vmsim_scenarios[] = {
	&scenario_lost_dirty,
	&scenario_lost_dirty_poc,
	&scenario_lost_dirty_poc2,
	NULL,
};
