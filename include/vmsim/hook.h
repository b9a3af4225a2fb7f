/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_HOOK_H
#define VMSIM_HOOK_H

#include <vmsim/event.h>
#include <vmsim/order.h>
#include <linux/compiler.h>
#include <linux/sched.h>

/*
 * How primitives raise events. Part of the kernel-named headers, because many primitives are
 * inline functions; not an interface for users.
 */

__vmsim_export void vmsim_event_slow(enum vmsim_event_kind kind, uint64_t a, uint64_t b,
				     uint64_t c);
__vmsim_export void vmsim_attend(void);
__vmsim_export void vmsim_settle_slow(void);

#ifdef VMSIM_NO_CHECKS
#define vmsim_event(id, a, b, c) ((void)0)
#elif defined(VMSIM_FULL)
/* In instrumented code: to look up what an event tells is no access of the code that raises it. */
#define vmsim_event(id, a, b, c)							\
do {											\
	if (vmsim_watched(id)) {							\
		uint64_t __ev_a, __ev_b, __ev_c;					\
											\
		vmsim_self->in_watcher++;						\
		__ev_a = (uint64_t)(a);							\
		__ev_b = (uint64_t)(b);							\
		__ev_c = (uint64_t)(c);							\
		vmsim_self->in_watcher--;						\
		vmsim_event_slow(VMSIM_EV_##id, __ev_a, __ev_b, __ev_c);		\
	}										\
} while (0)
#else
#define vmsim_event(id, a, b, c)							\
do {											\
	if (vmsim_watched(id))							\
		vmsim_event_slow(VMSIM_EV_##id, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c)); \
} while (0)
#endif

/* After a compare-and-exchange: it changed the object, or only found a value. */
#define vmsim_event_exchanged(done, at, found)						\
do {											\
	if (done)									\
		vmsim_event(ATOMIC, (uintptr_t)(at), 0, 0);				\
	else										\
		vmsim_event(READ, (uintptr_t)(at), (uintptr_t)(found), sizeof(*(at)));	\
} while (0)

/*
 * Tells of a change of which the primitive returns no more than @result. That is worked out before,
 * so that the value that was found is no part of the state of an execution.
 */
#define vmsim_event_returns(result, id, a, b, c)					\
do {											\
	if (vmsim_watched(id)) {							\
		__asm__ volatile("" : "+r"(result));					\
		vmsim_event(id, a, b, c);						\
	}										\
} while (0)

/*
 * Plain accesses are told before they are made, so no decision can come after one. Whatever comes
 * next and is no plain access, and may keep others out or wait for them, lets them in before.
 */
static inline void vmsim_settle(void)
{
	if (unlikely(vmsim_self->unsettled))
		vmsim_settle_slow();
}

/* A safepoint: pending inter-processor interrupts of this CPU are taken here. */
static inline void vmsim_poll(void)
{
	if (unlikely(__READ_ONCE(*vmsim_self->attention)))
		vmsim_attend();
}

#endif
