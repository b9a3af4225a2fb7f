/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TEST_LITMUS_H
#define VMSIM_TEST_LITMUS_H

#include <vmsim/vmsim.h>

/*
 * Litmus tests as text. A thread is a list of instructions, separated by ';':
 *
 *   x=1        WRITE_ONCE         r0=x       READ_ONCE
 *   x:=1       smp_store_release  r0:=x      smp_load_acquire
 *   mb, rmb, wmb, ba, aa, as      smp_mb and its kin; smp_mb__{before,after}_atomic,
 *                                 smp_mb__after_spinlock
 *   r0=xchg x 1                   xchg
 *   inc x                         atomic_inc: returns nothing
 *   lock l, unlock l              spin_lock, spin_unlock
 *
 * Variables are x, y, z, w, registers r0 to r3, locks l and m. The outcome that is asked about is a
 * list of what holds in the end, separated by blanks: "0:r0=1 x=2".
 */

#define LITMUS_THREADS 4
#define LITMUS_REGISTERS 4
#define LITMUS_VARIABLES 4

/**
 * struct litmus - a litmus test with its published verdicts
 * @name: as in the literature
 * @thread: the programs; NULL ends the list
 * @outcome: the outcome in question
 * @sc, @tso, @pso: it is allowed
 * @lkmm: "Sometimes", "Never": what the kernel says of a test of its own; NULL: it has none
 * @source: where the verdicts come from
 */
struct litmus {
	const char *name;
	const char *thread[LITMUS_THREADS];
	const char *outcome;
	bool sc, tso, pso;
	const char *lkmm;
	const char *source;
};

extern const struct litmus litmus_table[];
extern const unsigned int litmus_count;

/* What all executions of a test came to. */
struct litmus_seen {
	uint64_t executions;
	uint64_t hits;		/* executions with the outcome in question */
	bool exhausted;
	char error[256];
};

/* Runs all schedules of a test. 0 or -errno. */
int litmus_run(const struct litmus *litmus, enum vmsim_memory_model model,
	       struct litmus_seen *seen);

#endif
