/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_STEP_H
#define VMSIM_STEP_H

#include "explore/session.h"
#include "order/order.h"

/*
 * Who takes a step, and what of its footprint shows in no event: read sections, turns on a shared
 * CPU, the hypervisor's doings.
 *
 * Actors are the threads, then one for each CPU (the interrupts that it takes), one for each CPU's
 * hypervisor, and one for each CPU's store buffer.
 */
static inline unsigned int step_actor(const struct vmsim_explorer *x, const struct candidate *pick)
{
	unsigned int cpus = x->machine->nr_cpus;

	switch (pick->kind) {
	case 't':
		return pick->id;
	case 'i':
		return x->nr_actors + pick->id;
	case 'd':
		return x->nr_actors + 2 * cpus + pick->id / ORDER_SLOTS;
	case 'n':
		return x->asking->index;
	default:
		return x->nr_actors + cpus + pick->id;
	}
}

static inline bool step_by_thread(const struct vmsim_explorer *x, unsigned int actor)
{
	return actor < x->nr_actors;
}

static inline bool step_by_hypervisor(const struct vmsim_explorer *x, unsigned int actor)
{
	return actor - x->nr_actors - x->machine->nr_cpus < x->machine->nr_cpus;
}

/* Whether the CPU is away, as a thing that the actor of its hypervisor writes. */
uint64_t step_hypervisor_object(const struct vmsim_explorer *x, unsigned int actor);

/**
 * struct step_before - what has to be known of the time before a step
 * @rcu_state: of the thread's CPU
 * @bound: the thread could not leave its CPU
 * @waited: what it had waited for; NULL: nothing
 * @batch: the callbacks whose grace period was under way
 */
struct step_before {
	uint64_t rcu_state;
	bool bound;
	const void *waited;
	const void *batch;
};

/* Before the step of @actor. */
void step_begin(const struct vmsim_explorer *x, unsigned int actor, struct step_before *before);
/* After it: makes x->footprint complete. */
void step_complete(struct vmsim_explorer *x, unsigned int actor, const struct step_before *before);

#endif
