/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CANDIDATES_H
#define VMSIM_CANDIDATES_H

#include "explore/session.h"

/* What can happen next, as each decision asks for it. */

/* Lists it anew, in x->candidate, unless it has just that; how many things it is. */
int candidates_look(struct vmsim_explorer *x);

/*
 * What x->candidate has is what can happen now. Where nobody waits for a condition, shares a CPU or
 * has something to let in, that depends on nothing but who lives and who waits.
 */
static inline bool candidates_last(const struct vmsim_explorer *x)
{
	const struct thread_states *threads = &x->threads;
	const struct listed *listed = &x->listed;
	const struct vmsim_machine *m = x->machine;

	return listed->lasts && threads->live == listed->live &&
	       threads->waiting == listed->waiting && !threads->yielded &&
	       !(m->mail | m->away | m->rcu.pending);
}

/* How many things can happen next; x->candidate has them. */
static inline int candidates_now(struct vmsim_explorer *x)
{
	return likely(candidates_last(x)) ? x->listed.n : candidates_look(x);
}

#endif
