/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CANDIDATES_H
#define VMSIM_CANDIDATES_H

#include "explore/session.h"
#include "order/order.h"

/*
 * What can happen next, as each decision asks for it. Threads and CPUs are sets of bits; where they
 * are what they were, x->candidate has what it had.
 */

/* Those of @waiting who see that their condition holds. */
unsigned int candidates_come_true(const struct vmsim_explorer *x, unsigned int waiting);
/* Those of @actors that are kept off their CPUs. */
unsigned int candidates_without_cpu(const struct vmsim_explorer *x, unsigned int actors);
/* CPUs that can take an interrupt. */
u64 candidates_interruptible(const struct vmsim_machine *m);
/* Lists them, in x->candidate; how many. */
int candidates_list(struct vmsim_explorer *x, unsigned int threads, u64 interrupts);
/* The same where there are more kinds of things that can happen. */
int candidates_list_all(struct vmsim_explorer *x);

static inline bool stores_outstanding(const struct vmsim_explorer *x)
{
	return unlikely(x->machine->order) && x->machine->order->outstanding;
}

/* Those that others may keep off their CPUs. A thread for callbacks that rests keeps nobody off. */
static inline unsigned int competing(const struct vmsim_explorer *x)
{
	if (unlikely(x->machine->away))
		return ~0u;
	return x->at_rest & x->rcu_bit ? x->crowded_threads | (x->crowded & x->rcu_bit) :
					 x->crowded;
}

/* Those whose condition is worth a look. Most of the time, there are no callbacks. */
static inline unsigned int hopeful(const struct vmsim_explorer *x)
{
	unsigned int waiting = x->threads.waiting;

	return x->machine->rcu.pending ? waiting : waiting & ~x->rcu_bit;
}

/*
 * Threads that can go on. Those that let others go first do so unless there are no others; a store
 * that has not reached memory is one.
 */
static inline unsigned int runnable(const struct vmsim_explorer *x)
{
	const struct thread_states *threads = &x->threads;
	unsigned int actors = threads->live & ~threads->waiting;
	unsigned int waiting = hopeful(x);

	if (waiting)
		actors |= candidates_come_true(x, waiting);
	if (actors & competing(x))
		actors &= ~candidates_without_cpu(x, actors & competing(x));
	if (unlikely(threads->yielded) &&
	    (actors & ~threads->yielded || stores_outstanding(x)))
		actors &= ~threads->yielded;
	return actors;
}

/* How many things can happen next; x->candidate has them. */
static inline int candidates_now(struct vmsim_explorer *x)
{
	const struct vmsim_machine *m = x->machine;
	unsigned int threads;
	u64 interrupts;

	if (unlikely(x->preempts | m->away | (uintptr_t)m->order))
		return candidates_list_all(x);
	threads = runnable(x);
	interrupts = m->mail ? candidates_interruptible(m) : 0;
	if (threads == x->listed.threads && interrupts == x->listed.interrupts)
		return x->listed.n;
	return candidates_list(x, threads, interrupts);
}

#endif
