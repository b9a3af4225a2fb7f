/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_HOOK_H
#define VMSIM_HOOK_H

#include <vmsim/event.h>
#include <linux/compiler.h>
#include <linux/sched.h>

/*
 * How primitives raise events. Part of the kernel-named headers, because many primitives are
 * inline functions; not an interface for users.
 */

__vmsim_export void vmsim_event_slow(enum vmsim_event_kind kind, uint64_t a, uint64_t b, uint64_t c);
__vmsim_export void vmsim_attend(void);

#ifdef VMSIM_NO_CHECKS
#define vmsim_event(id, a, b, c) ((void)0)
#else
#define vmsim_event(id, a, b, c)							\
do {											\
	if (unlikely(READ_ONCE(*vmsim_self->armed) & VMSIM_EV_BIT(id)))			\
		vmsim_event_slow(VMSIM_EV_##id, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c)); \
} while (0)
#endif

/* True where somebody watches events of this kind: guards work that only serves the event. */
#ifdef VMSIM_NO_CHECKS
#define vmsim_watched(id) false
#else
#define vmsim_watched(id) unlikely(READ_ONCE(*vmsim_self->armed) & VMSIM_EV_BIT(id))
#endif

/* A safepoint: pending inter-processor interrupts of this CPU are taken here. */
static inline void vmsim_poll(void)
{
	if (unlikely(READ_ONCE(*vmsim_self->attention)))
		vmsim_attend();
}

#endif
