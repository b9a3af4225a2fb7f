// SPDX-License-Identifier: GPL-2.0-only
#include "../../scenarios/registry.h"
#include <string.h>

/* A registry of one scenario, which says something in one flavour only. */

extern const struct vmsim_scenario scenario_torn_pte;

const struct vmsim_scenario *vmsim_scenario_named(const char *name)
{
	return strcmp(name, scenario_torn_pte.name) ? NULL : &scenario_torn_pte;
}
