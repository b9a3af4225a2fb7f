// SPDX-License-Identifier: GPL-2.0-only
#include "explore/footprint.h"
#include <stdlib.h>

/* Events of these kinds write, or read, the object that their first argument names. */
#define WRITES									\
	(VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(TABLE_SET) | VMSIM_EV_BIT(REF) |	\
	 VMSIM_EV_BIT(ATOMIC) | VMSIM_EV_BIT(WRITE))
#define READS (VMSIM_EV_BIT(PTE_READ) | VMSIM_EV_BIT(READ))

uint64_t footprint_kinds(void)
{
	return WRITES | READS;
}

static void footprint_add(struct footprint *footprint, const struct vmsim_event *event,
			  uint64_t object, enum access_mode mode)
{
	if (footprint->n == footprint->capacity) {
		footprint->capacity = footprint->capacity ? 2 * footprint->capacity : 64;
		footprint->at = realloc(footprint->at, footprint->capacity * sizeof(*footprint->at));
		if (!footprint->at)
			abort();
	}
	footprint->at[footprint->n++] = (struct access) {
		.object = object,
		.mode = mode,
		.kind = event->kind,
		.ip = event->ip,
	};
}

void footprint_event(struct footprint *footprint, const struct vmsim_event *event)
{
	uint64_t bit = UINT64_C(1) << event->kind;

	if (bit & (WRITES | READS))
		footprint_add(footprint, event, event->arg[0],
			      bit & WRITES ? ACCESS_WRITE : ACCESS_READ);
}
