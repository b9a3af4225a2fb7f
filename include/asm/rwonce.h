/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_RWONCE_H
#define _VMSIM_ASM_RWONCE_H

#include <vmsim/event.h>
#include <stdbool.h>

/*
 * Marked accesses. They are relaxed atomics and not volatile, so that ThreadSanitizer knows that
 * they are intended, and that the compiler cannot tear, fuse or invent them.
 *
 * READ_ONCE() and WRITE_ONCE() are for what code of other CPUs sees: they raise READ and WRITE,
 * and go through the store buffer where there is one. What the simulator keeps for itself is
 * accessed by __READ_ONCE() and __WRITE_ONCE(), which do neither.
 */
#define __READ_ONCE(x)								\
({										\
	typeof(((void)0, (x))) __ro_seen;					\
	__atomic_load((typeof(__ro_seen) *)&(x), &__ro_seen, __ATOMIC_RELAXED);	\
	__ro_seen;								\
})
#define __WRITE_ONCE(x, val)							\
do {										\
	typeof(x) __wo_new = (val);						\
	__atomic_store(&(x), &__wo_new, __ATOMIC_RELAXED);			\
} while (0)

struct task_struct;

/*
 * The one pointer on which everything per-thread hangs. A native thread sets it when it attaches;
 * the explorer replaces it at every switch. Never NULL. The first member of what it points to is a
 * pointer to the set of events that are watched, one bit per kind.
 */
extern __attribute__((tls_model("initial-exec"))) __thread struct task_struct *
vmsim_self __attribute__((visibility("default")));

/* True where somebody watches events of this kind: guards work that only serves the event. */
#ifdef VMSIM_NO_CHECKS
#define vmsim_watched(id) false
#else
#define vmsim_watched(id) \
	__builtin_expect( \
		!!(__READ_ONCE(**(const uint64_t *const *)vmsim_self) & VMSIM_EV_BIT(id)), 0)
#endif

/* The watched forms of one access: @size is 1, 2, 4 or 8 (src/order/access.c). */
__attribute__((visibility("default")))
void vmsim_read_watched(const volatile void *at, void *value, unsigned int size);
__attribute__((visibility("default")))
unsigned long vmsim_read_bit_watched(const volatile unsigned long *at, unsigned int nr);
__attribute__((visibility("default")))
void vmsim_write_watched(volatile void *at, const void *value, unsigned int size, bool release);

/* Where stores to come are told of before (docs/full.md). */
#ifdef VMSIM_FULL
__attribute__((visibility("default")))
void vmsim_instrument_store(const volatile void *at, unsigned int size, int order);
#define vmsim_tell_store(at, size, order) vmsim_instrument_store(at, size, order)
#else
#define vmsim_tell_store(at, size, order) ((void)0)
#endif

/* A value that is not needed any more would stay on the stack, and be a part of the state. */
#define vmsim_forget_local(local)						\
do {										\
	__builtin_memset(&(local), 0, sizeof(local));				\
	__asm__ volatile("" : : "m"(local));					\
} while (0)

#define vmsim_load_marked(at, order)						\
({										\
	typeof(at) __lm_at = (at);						\
	typeof(((void)0, *__lm_at)) __lm_value;					\
	__atomic_load((typeof(__lm_value) *)__lm_at, &__lm_value, order);	\
	if (vmsim_watched(READ)) {						\
		typeof(__lm_value) __lm_seen = __lm_value;			\
		vmsim_read_watched(__lm_at, &__lm_seen, sizeof(__lm_seen));	\
		__lm_value = __lm_seen;						\
		vmsim_forget_local(__lm_seen);					\
	}									\
	__lm_value;								\
})
#define vmsim_store_marked(at, val, order)					\
do {										\
	typeof(at) __sm_at = (at);						\
	typeof(*__sm_at) __sm_value = (val);					\
	if (vmsim_watched(WRITE)) {						\
		typeof(*__sm_at) __sm_new = __sm_value;				\
		vmsim_tell_store(__sm_at, sizeof(__sm_new), order);		\
		vmsim_write_watched(__sm_at, &__sm_new, sizeof(__sm_new),	\
				    (order) != __ATOMIC_RELAXED);		\
		vmsim_forget_local(__sm_new);					\
	} else {								\
		__atomic_store(__sm_at, &__sm_value, order);			\
	}									\
} while (0)

#define READ_ONCE(x) vmsim_load_marked(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, val) vmsim_store_marked(&(x), val, __ATOMIC_RELAXED)

#endif
