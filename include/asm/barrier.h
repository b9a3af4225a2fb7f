/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_BARRIER_H
#define _VMSIM_ASM_BARRIER_H

#include <atomic_ops.h>
#include <vmsim/hook.h>

/*
 * Barriers order the store buffer where there is one, and raise BARRIER with their kind. Atomic
 * operations are fully ordered on the machine that runs the simulator, so that the barriers around
 * them cost nothing there.
 */
#define vmsim_barrier(kind)							\
do {										\
	if (vmsim_watched(BARRIER))						\
		vmsim_barrier_watched(VMSIM_BARRIER_##kind);			\
} while (0)

#define smp_mb() do { AO_nop_full(); vmsim_barrier(FULL); } while (0)
#define smp_rmb() do { AO_nop_read(); vmsim_barrier(READ); } while (0)
#define smp_wmb() do { AO_nop_write(); vmsim_barrier(WRITE); } while (0)
#define smp_mb__before_atomic() vmsim_barrier(ATOMIC)
#define smp_mb__after_atomic() vmsim_barrier(ATOMIC)
#define smp_mb__after_spinlock() vmsim_barrier(ATOMIC)
#define mb() smp_mb()
#define rmb() smp_rmb()
#define wmb() smp_wmb()
#define smp_store_release(p, v) vmsim_store_marked(p, v, __ATOMIC_RELEASE)
#define smp_load_acquire(p) vmsim_load_marked(p, __ATOMIC_ACQUIRE)
#define smp_store_mb(var, value) ((void)xchg(&(var), (value)))

#endif
