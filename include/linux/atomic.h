/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_ATOMIC_H
#define _VMSIM_LINUX_ATOMIC_H

#include <linux/types.h>
#include <linux/compiler.h>
#include <asm/barrier.h>
#include <asm/cmpxchg.h>
#include <vmsim/hook.h>

#define ATOMIC_INIT(i) { (i) }

/*
 * Every operation that changes the value raises ATOMIC; one that only looked, such as a comparison
 * that failed, raises READ. Those that return a value are fully ordered; those that do not are so
 * on the machine that runs the simulator, but not in every memory model. The _relaxed, _acquire
 * and _release forms are the full ones: never weaker than asked for. The _unseen forms are for
 * primitives that raise an event of their own for the same change: between a change and the event
 * that tells of it, nobody may come in.
 */
#define VMSIM_ATOMIC_OPS(name, type, ctype, utype, ao)					\
static inline ctype name##_read(const type *v)						\
{											\
	return vmsim_load_marked(&v->counter, __ATOMIC_RELAXED);			\
}											\
static inline void name##_set(type *v, ctype i)						\
{											\
	vmsim_store_marked(&v->counter, i, __ATOMIC_RELAXED);				\
}											\
static inline ctype name##_fetch_add_unseen(ctype i, type *v)				\
{											\
	if (vmsim_ordered())								\
		return (ctype)vmsim_order_rmw(&v->counter, sizeof(v->counter),		\
					      VMSIM_RMW_ADD, (u64)i, 0, VMSIM_RMW_FULL); \
	return (ctype)ao##_fetch_and_add_full((volatile utype *)&v->counter, (utype)i);	\
}											\
/* For those that return nothing: the value before is for the event that tells of it. */	\
static inline ctype name##_add_unseen(ctype i, type *v)					\
{											\
	if (vmsim_ordered())								\
		return (ctype)vmsim_order_rmw(&v->counter, sizeof(v->counter),		\
					      VMSIM_RMW_ADD, (u64)i, 0,			\
					      VMSIM_RMW_UNORDERED);			\
	return name##_fetch_add_unseen(i, v);						\
}											\
static inline ctype name##_cmpxchg_unseen(type *v, ctype from, ctype to)		\
{											\
	if (vmsim_ordered())								\
		return (ctype)vmsim_order_rmw(&v->counter, sizeof(v->counter),		\
					      VMSIM_RMW_CMPXCHG, (u64)to, (u64)from,	\
					      VMSIM_RMW_FULL);				\
	return (ctype)ao##_fetch_compare_and_swap_full((volatile utype *)&v->counter,	\
						       (utype)from, (utype)to);		\
}											\
static inline ctype name##_fetch_add(ctype i, type *v)					\
{											\
	ctype old = name##_fetch_add_unseen(i, v);					\
	vmsim_event(ATOMIC, (uintptr_t)v, VMSIM_ATOMIC_CHANGES, old);			\
	return old;									\
}											\
static inline ctype name##_cmpxchg(type *v, ctype from, ctype to)			\
{											\
	ctype old = name##_cmpxchg_unseen(v, from, to);					\
	vmsim_event_exchanged(old == from, v, old);					\
	return old;									\
}											\
static inline bool name##_try_cmpxchg(type *v, ctype *from, ctype to)			\
{											\
	ctype seen = name##_cmpxchg(v, *from, to);					\
	bool done = seen == *from;							\
	*from = seen;									\
	return done;									\
}											\
static inline ctype name##_add_return(ctype i, type *v) { return name##_fetch_add(i, v) + i; }	\
static inline ctype name##_sub_return(ctype i, type *v) { return name##_fetch_add(-i, v) - i; }	\
static inline ctype name##_inc_return(type *v) { return name##_add_return(1, v); }	\
static inline ctype name##_dec_return(type *v) { return name##_sub_return(1, v); }	\
static inline void name##_add(ctype i, type *v)						\
{											\
	ctype old = name##_add_unseen(i, v);						\
	vmsim_event(ATOMIC, (uintptr_t)v, VMSIM_ATOMIC_ADDING(i), old + i);		\
	(void)old;									\
}											\
static inline void name##_sub(ctype i, type *v) { name##_add(-i, v); }			\
static inline void name##_inc(type *v) { name##_add(1, v); }				\
static inline void name##_dec(type *v) { name##_add(-1, v); }				\
static inline bool name##_add_and_test(ctype i, type *v, enum vmsim_atomic_kind op)	\
{											\
	ctype old = name##_fetch_add_unseen(i, v);					\
	bool zero = old + i == 0;							\
	vmsim_event_returns(zero, ATOMIC, (uintptr_t)v, op, old);			\
	(void)op;									\
	return zero;									\
}											\
static inline bool name##_sub_and_test(ctype i, type *v)				\
{											\
	return name##_add_and_test(-i, v, VMSIM_ATOMIC_CHANGES);			\
}											\
static inline bool name##_dec_and_test(type *v)						\
{											\
	return name##_add_and_test(-1, v, VMSIM_ATOMIC_DROPS);				\
}											\
static inline bool name##_inc_and_test(type *v)						\
{											\
	return name##_add_and_test(1, v, VMSIM_ATOMIC_CHANGES);				\
}											\
static inline bool name##_add_negative(ctype i, type *v) { return name##_add_return(i, v) < 0; } \
/*											\
 * The value before, @u if nothing was added. One step: nothing happens between a look and a change \
 * that fails. No part of its caller, in whose registers the values would stay.		\
 */											\
static noinline __maybe_unused ctype name##_fetch_add_unless_unseen(type *v, ctype i, ctype u) \
{											\
	ctype seen = __READ_ONCE(v->counter);						\
	if (vmsim_ordered())								\
		seen = (ctype)vmsim_order_seen(&v->counter, (u64)seen, sizeof(seen));	\
	while (seen != u) {								\
		ctype found = name##_cmpxchg_unseen(v, seen, seen + i);			\
		if (found == seen)							\
			break;								\
		seen = found;								\
	}										\
	return seen;									\
}											\
static inline bool name##_add_unless(type *v, ctype i, ctype u)				\
{											\
	ctype old = name##_fetch_add_unless_unseen(v, i, u);				\
	bool done = old != u;								\
	if (done)									\
		vmsim_event(ATOMIC, (uintptr_t)v, VMSIM_ATOMIC_CHANGES, old);		\
	else										\
		vmsim_event(READ, (uintptr_t)v, (uintptr_t)old, sizeof(old));		\
	return done;									\
}											\
static inline bool name##_inc_not_zero(type *v) { return name##_add_unless(v, 1, 0); }

VMSIM_ATOMIC_OPS(atomic, atomic_t, int, unsigned int, AO_int)
VMSIM_ATOMIC_OPS(atomic_long, atomic_long_t, long, size_t, AO)
VMSIM_ATOMIC_OPS(atomic64, atomic64_t, s64, size_t, AO)

#define atomic_add_return_relaxed atomic_add_return
#define atomic_sub_return_relaxed atomic_sub_return
#define atomic_add_return_release atomic_add_return
#define atomic_sub_return_release atomic_sub_return
#define atomic_read_acquire(v) vmsim_load_marked(&(v)->counter, __ATOMIC_ACQUIRE)
#define atomic_set_release(v, i) vmsim_store_marked(&(v)->counter, i, __ATOMIC_RELEASE)
#define atomic_xchg(v, new) xchg(&(v)->counter, new)

#endif
