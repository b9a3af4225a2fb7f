/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_INSTRUMENT_H
#define VMSIM_INSTRUMENT_H

#include "machine/internal.h"
#include "check/check.h"

/*
 * What happens to an access that instrumented code announces (docs/full.md). Nearly all of them are
 * to memory that is no machine's, of native machines or at granularity sync: they go no further
 * than the tests in this header.
 */

static inline bool instrument_is_machines(const volatile void *addr)
{
	return (uintptr_t)addr - VMSIM_EXPLORE_BASE < VMSIM_EXPLORE_SPAN;
}

static inline bool instrument_is_on(void)
{
	return __atomic_load_n(vmsim_self->armed, __ATOMIC_RELAXED) & VMSIM_EV_BIT(PLAIN_READ);
}

/* A thread of the explorer or its interrupt, no watcher, and memory that simulated code shares. */
bool instrument_watches(const volatile void *addr);

/* An access that comes right after this. */
void instrument_plain(enum vmsim_event_kind kind, const volatile void *addr, size_t size,
		      const void *ip);
void instrument_volatile(enum vmsim_event_kind kind, const volatile void *addr, size_t size,
			 const void *ip);

/* Before, and after an atomic access. False: it is nobody's business. */
bool instrument_atomic_begin(const volatile void *addr);
void instrument_atomic_end(enum vmsim_atomic_op op, const volatile void *addr, size_t size,
			   int order, const void *ip);
void instrument_fence(int order);

#endif
