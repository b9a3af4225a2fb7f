/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CHECK_CHECK_H
#define VMSIM_CHECK_CHECK_H

#include <linux/types.h>

struct vmsim_machine;

/*
 * What the rest of the library may ask of the oracles: the explorer makes a checker before the
 * set-up of a scenario, and calls the second function when all its threads have ended. The
 * checker lies in the machine, so that a reset of the machine resets it.
 */

/* Arms @oracles (a mask of VMSIM_ORACLE_BIT()). 0, -EBUSY: armed already, -ENOMEM, -ENOSPC. */
int vmsim_checker_create(struct vmsim_machine *machine, u64 oracles);

/* What instrumented code does with an atomic variable, and its barriers: src/instrument. */
enum vmsim_atomic_op {
	VMSIM_ATOMIC_LOAD,
	VMSIM_ATOMIC_STORE,
	VMSIM_ATOMIC_CHANGE,	/* read and written in one */
};

/* It has been done; @order is one of __ATOMIC_RELAXED to __ATOMIC_SEQ_CST. */
void vmsim_checker_atomic(struct vmsim_machine *machine, enum vmsim_atomic_op op, const void *addr,
			  size_t size, int order, const void *ip);
void vmsim_checker_fence(struct vmsim_machine *machine, int order);

/* Recounts; no thread is inside the library. Returns the number of violations it reported. */
int vmsim_checker_quiescent(struct vmsim_machine *machine);

/*
 * Forgets what no verdict can depend on, so that it tells no states apart: absolute numbers where
 * their order is all that matters.
 */
void vmsim_checker_forget(struct vmsim_machine *machine);

/* Oracles that are left out wherever they are armed; none, unless a test defines it. */
u64 vmsim_muted_oracles(void);

#endif
