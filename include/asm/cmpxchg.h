/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_CMPXCHG_H
#define _VMSIM_ASM_CMPXCHG_H

#include <atomic_ops.h>
#include <linux/types.h>
#include <vmsim/hook.h>

/*
 * xchg() and cmpxchg() work on objects of 4 and of 8 bytes, as everything does that mm code
 * exchanges. Other sizes do not compile.
 */
#define cmpxchg(ptr, from, to)								\
({											\
	_Static_assert(sizeof(*(ptr)) == 4 || sizeof(*(ptr)) == 8, "cmpxchg() of 4 or 8 bytes"); \
	typeof(*(ptr)) __cx_old = (from);						\
	typeof(*(ptr)) __cx_new = (to);							\
	typeof(ptr) __cx_at = (ptr);							\
	bool __cx_done = vmsim_ordered() ?						\
		vmsim_order_cmpxchg(__cx_at, &__cx_old, &__cx_new, sizeof(__cx_new)) :	\
		__atomic_compare_exchange(__cx_at, &__cx_old, &__cx_new, 0,		\
					  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);		\
	vmsim_event_exchanged(__cx_done, __cx_at, __cx_old);				\
	__cx_old;									\
})
#define try_cmpxchg(ptr, oldp, to)							\
({											\
	typeof(ptr) __tcx_at = (ptr);							\
	typeof(*(ptr)) *__tcx_old = (oldp);						\
	typeof(*(ptr)) __tcx_new = (to);						\
	bool __tcx_done = vmsim_ordered() ?						\
		vmsim_order_cmpxchg(__tcx_at, __tcx_old, &__tcx_new, sizeof(__tcx_new)) : \
		__atomic_compare_exchange(__tcx_at, __tcx_old, &__tcx_new, 0,		\
					  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);		\
	vmsim_event_exchanged(__tcx_done, __tcx_at, *__tcx_old);			\
	__tcx_done;									\
})
#define xchg(ptr, to)									\
({											\
	_Static_assert(sizeof(*(ptr)) == 4 || sizeof(*(ptr)) == 8, "xchg() of 4 or 8 bytes"); \
	typeof(*(ptr)) __x_new = (to);							\
	typeof(*(ptr)) __x_old;								\
	typeof(ptr) __x_at = (ptr);							\
	if (vmsim_ordered())								\
		vmsim_order_xchg(__x_at, &__x_new, &__x_old, sizeof(__x_new));		\
	else										\
		__atomic_exchange(__x_at, &__x_new, &__x_old, __ATOMIC_SEQ_CST);	\
	vmsim_event(ATOMIC, (uintptr_t)__x_at, 0, 0);					\
	__x_old;									\
})

#endif
