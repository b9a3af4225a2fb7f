// SPDX-License-Identifier: GPL-2.0-only
#include "explore/step.h"

uint64_t step_hypervisor_object(const struct vmsim_explorer *x, unsigned int actor)
{
	const struct vmsim_machine *m = x->machine;

	return (uintptr_t)&m->cpu[actor - x->nr_actors - m->nr_cpus].hv_state;
}

void step_begin(const struct vmsim_explorer *x, unsigned int actor, struct step_before *before)
{
	before->waited = NULL;
	before->batch = x->machine->rcu.batch;
	if (!step_by_thread(x, actor))
		return;
	if (x->threads.waiting >> actor & 1)
		before->waited = x->threads.wait[actor].arg;
	before->rcu_state = x->actor[actor].cpu->rcu_state;
	before->bound = !actor_can_leave_cpu(&x->actor[actor]);
}

/* Whether the CPU is in a read section shows in no event. */
static void add_reader(struct vmsim_explorer *x, const struct vmsim_actor *actor,
		       const struct step_before *before)
{
	uint64_t reader = object_name(OBJECT_READER, actor->cpu->id);
	bool was = before->rcu_state & 1, is = actor->cpu->rcu_state & 1;

	if (!was && is)
		footprint_add(&x->footprint, reader, ACCESS_ACQUIRE);
	if (was && !is)
		footprint_add(&x->footprint, reader, ACCESS_RELEASE);
}

/* Threads take turns on a CPU that they share, except where one of them cannot leave. */
static void add_turn(struct vmsim_explorer *x, const struct vmsim_actor *actor,
		     const struct step_before *before)
{
	uint64_t turn = object_name(OBJECT_CPU, actor->cpu->id);
	bool bound = !actor_can_leave_cpu(actor);

	if (!(x->crowded >> actor->index & 1))
		return;
	if (bound && !before->bound)
		footprint_add(&x->footprint, turn, ACCESS_ACQUIRE);
	if (!bound && before->bound)
		footprint_add(&x->footprint, turn, ACCESS_RELEASE);
	if (!bound && !before->bound) {
		footprint_add(&x->footprint, turn, ACCESS_ACQUIRE_SHARED);
		footprint_add(&x->footprint, turn, ACCESS_RELEASE_SHARED);
	}
}

/* A grace period begins: it looks at the read sections of all CPUs. */
static void add_grace(struct vmsim_explorer *x)
{
	for (unsigned int cpu = 0; cpu < x->machine->nr_cpus; cpu++)
		footprint_add(&x->footprint, object_name(OBJECT_READER, cpu), ACCESS_READ);
}

static bool begins_grace(const struct vmsim_explorer *x, unsigned int actor)
{
	return x->threads.waiting >> actor & 1 &&
	       vmsim_rcu_is_grace(x->threads.wait[actor].ready);
}

/* For callbacks, one begins as soon as none is under way. */
static bool began_grace(struct vmsim_explorer *x, const struct step_before *before)
{
	vmsim_rcu_ready(x->machine);
	return x->machine->rcu.batch && x->machine->rcu.batch != before->batch;
}

void step_complete(struct vmsim_explorer *x, unsigned int actor, const struct step_before *before)
{
	if (step_by_thread(x, actor)) {
		add_reader(x, &x->actor[actor], before);
		add_turn(x, &x->actor[actor], before);
		if (begins_grace(x, actor))
			add_grace(x);
	}
	if (step_by_hypervisor(x, actor))
		footprint_add(&x->footprint, step_hypervisor_object(x, actor), ACCESS_WRITE);
	if (began_grace(x, before))
		add_grace(x);
}
