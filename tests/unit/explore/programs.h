/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_PROGRAMS_H
#define TEST_PROGRAMS_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <vmsim/vmsim.h>

/*
 * Small programs made from a seed: two or three threads, a few operations each, on entries, counts,
 * flags, locks, RCU and interrupts. What explorers say about the same program has to be the same.
 */

#define PROGRAM_THREADS 3
#define PROGRAM_OPS 12
#define PROGRAM_COUNTS 2

struct program {
	uint64_t seed;
	unsigned int nr_threads;
	struct program_op {
		uint8_t what, a, b;
	} op[PROGRAM_THREADS][PROGRAM_OPS];
	unsigned int nr_ops[PROGRAM_THREADS];
};

/* The shared world of a program. */
struct program_world {
	const struct program *program;
	atomic_t count[PROGRAM_COUNTS];
	int word[PROGRAM_COUNTS];
	unsigned long flags;
	pte_t pte[2];
	spinlock_t lock[2];
	struct rw_semaphore sem;
	struct program_callback {
		struct rcu_head head;
		struct program_world *world;
		int queued;
	} callback[PROGRAM_THREADS];
	int freed;			/* by callbacks */
	uint64_t seen[PROGRAM_THREADS];	/* what each thread has read, in order */
	uint64_t handled[PROGRAM_THREADS + 1];	/* what interrupts on each CPU have read */
};

/* A program made from @seed; the same seed gives the same program. */
void program_make(struct program *program, uint64_t seed);
/* One with so many blocks more in each thread. */
void program_make_larger(struct program *program, uint64_t seed, unsigned int blocks);
/* One in each thread, which changes a word where it fails. */
void program_add_allocations(struct program *program);
/* The scenario that runs it. @name and @out live as long as @program; one at a time. */
void program_scenario(const struct program *program, struct vmsim_scenario *out);
/* Where the check of an execution that did not fail leaves what the world looks like then. */
extern uint64_t program_final;
void program_print(const struct program *program);

#endif
