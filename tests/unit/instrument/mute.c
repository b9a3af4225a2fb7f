// SPDX-License-Identifier: GPL-2.0-only
#include "check/race.h"
#include <stdlib.h>

/* VMSIM_MUTE_EDGE=LOCK: the detector knows nothing of what orders threads so. See muting.py. */
u64 vmsim_muted_edges(void)
{
	const char *name = getenv("VMSIM_MUTE_EDGE");

#define X(id)									\
	if (name && !strcmp(name, #id))						\
		return BIT_ULL(RACE_EDGE_##id);
	RACE_EDGES(X)
#undef X
	return 0;
}
