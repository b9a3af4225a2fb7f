// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "check/check.h"
#include <stdlib.h>
#include <strings.h>

/*
 * Linked with a test program, this takes one kind of event or one oracle away, as the environment
 * says: VMSIM_MUTE_EVENT=PTL_UNLOCK, VMSIM_MUTE_ORACLE=O3. See muting.py.
 */

u64 vmsim_muted_kinds(void)
{
	const char *name = getenv("VMSIM_MUTE_EVENT");

#define X(id, text, a, b, c)							\
	if (name && !strcmp(name, #id))						\
		return VMSIM_EV_BIT(id);
	VMSIM_EVENTS(X)
#undef X
	return 0;
}

u64 vmsim_muted_oracles(void)
{
	const char *name = getenv("VMSIM_MUTE_ORACLE");
	int oracle = name ? vmsim_oracle_parse(name) : -1;

	return oracle < 0 ? 0 : UINT64_C(1) << oracle;
}
