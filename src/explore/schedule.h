/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_SCHEDULE_H
#define VMSIM_SCHEDULE_H

#include <vmsim/explore.h>
#include "order/order.h"
#include <string.h>

/* What schedules may hold, to those who write and to those who read them (docs/schedule.md). */

/* Letters of the picks that are no picks of a thread. */
#define SCHEDULE_KINDS "irpund"

#define SCHEDULE_MAX_PICKS 1000000
#define SCHEDULE_MAX_NAMES (VMSIM_MAX_THREADS + 1)

/* The thread that runs RCU callbacks comes after those of the scenario. */
#define SCHEDULE_RCU_THREAD "Rcu"

static inline bool name_starts(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool name_goes_on(char c)
{
	return name_starts(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

/* Names of scenarios and variants: what can be a file name, and nothing a terminal acts upon. */
static inline bool label_char(char c)
{
	return name_goes_on(c) || (c >= '0' && c <= '9') || c == '.' || c == '+';
}

static inline bool label_ok(const char *at, size_t length)
{
	if (length == 0 || length >= sizeof(((struct vmsim_schedule *)0)->scenario) || *at == '.')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!label_char(at[i]))
			return false;
	}
	return true;
}

/* The largest number in a pick that is no pick of a thread. */
static inline uint64_t largest_id(char kind)
{
	if (kind == 'n')
		return 1;
	return kind == 'd' ? VMSIM_MAX_CPUS * ORDER_SLOTS - 1 : VMSIM_MAX_CPUS - 1;
}

#endif
