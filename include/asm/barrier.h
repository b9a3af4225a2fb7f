/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_BARRIER_H
#define _VMSIM_ASM_BARRIER_H

#include <atomic_ops.h>

#define mb() AO_nop_full()
#define rmb() AO_nop_read()
#define wmb() AO_nop_write()
#define smp_mb() AO_nop_full()
#define smp_rmb() AO_nop_read()
#define smp_wmb() AO_nop_write()
/* Atomic operations here are fully ordered already. */
#define smp_mb__before_atomic() ((void)0)
#define smp_mb__after_atomic() ((void)0)
#define smp_mb__after_spinlock() ((void)0)
#define smp_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define smp_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_mb(var, value) ((void)xchg(&(var), (value)))

#endif
