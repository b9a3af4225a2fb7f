/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_ORDER_H
#define VMSIM_ORDER_H

#include <linux/compiler.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How primitives reach the store buffers of memory models that have some (docs/memory-models.md).
 * Part of the kernel-named headers, because many primitives are inline functions; not an interface
 * for users.
 */

/* What a store or a read-modify-write does to its word. */
enum vmsim_rmw {
	VMSIM_RMW_SET,
	VMSIM_RMW_ADD,
	VMSIM_RMW_OR,
	VMSIM_RMW_AND,
	VMSIM_RMW_CMPXCHG,
	VMSIM_RMW_UNLOCK,	/* a lock's word: nobody sees it change before it does */
};

/* How a read-modify-write is ordered against other accesses of its CPU. */
enum vmsim_rmw_order {
	VMSIM_RMW_FULL,
	VMSIM_RMW_ACQUIRE,
	VMSIM_RMW_UNORDERED,	/* it returns nothing, and may take effect later */
};

/* The calling thread runs under a memory model with store buffers. */
__vmsim_export bool vmsim_order_on(void);
#define vmsim_ordered() (vmsim_watched(DRAIN) && vmsim_order_on())

/*
 * Context of all that follow: vmsim_ordered(). @size is 1, 2, 4 or 8, in one aligned word of 8.
 *
 * A read-modify-write of @at; returns the value before. VMSIM_RMW_CMPXCHG changes it to @operand
 * only if it is @expected.
 */
__vmsim_export uint64_t vmsim_order_rmw(volatile void *at, unsigned int size, enum vmsim_rmw op,
					uint64_t operand, uint64_t expected,
					enum vmsim_rmw_order order);
/* The same for objects of any type: exchanges, and compares and exchanges. */
__vmsim_export void vmsim_order_xchg(volatile void *at, const void *to, void *old,
				     unsigned int size);
__vmsim_export bool vmsim_order_cmpxchg(volatile void *at, void *old, const void *to,
					unsigned int size);
/* A store; with @release after all that came before. */
__vmsim_export void vmsim_order_store(volatile void *at, uint64_t value, unsigned int size,
				      bool release);
/* What the calling CPU sees where memory has @value. */
__vmsim_export uint64_t vmsim_order_seen(const volatile void *at, uint64_t value,
					 unsigned int size);

/* A barrier that somebody watches. */
__vmsim_export void vmsim_barrier_watched(enum vmsim_barrier kind);

#endif
