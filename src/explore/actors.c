// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include "mm/mm_internal.h"
#include <errno.h>
#include <stdio.h>

/*
 * The threads of a session. They are made and attached once, before the snapshot of the world is
 * taken. So is the context of each, which is back at its beginning when its thread has ended; only
 * one that an execution left elsewhere is made anew.
 */

static struct vmsim_cpu *cpu_for(struct vmsim_explorer *x, unsigned int cpu)
{
	if (x->options->tlb == VMSIM_TLB_UP)
		cpu = 0;
	return &x->machine->cpu[cpu];
}

static struct vmsim_cpu *cpu_for_callbacks(struct vmsim_machine *m)
{
	return &m->cpu[m->nr_cpus > m->nr_online ? m->nr_online : 0];
}

static int attach(struct vmsim_machine *m, struct task_struct *task, int pid)
{
	int err;

	vmsim_self = task;
	err = vmsim_process_attach(m, pid, task);
	vmsim_self = &vmsim_no_task;
	return err;
}

static int make_actor(struct vmsim_explorer *x, const struct vmsim_actor *like, int pid)
{
	struct vmsim_actor *actor = &x->actor[x->nr_actors];
	struct task_struct *task = vmsim_task_create(x->machine, like->cpu);
	int err;

	if (!task)
		return -ENOMEM;
	*actor = *like;
	actor->explorer = x;
	actor->index = x->nr_actors++;
	actor->task = task;
	err = pid ? attach(x->machine, task, pid) : 0;
	snprintf(task->comm, sizeof(task->comm), "%s", actor->name);
	task->actor = actor;
	return err;
}

/* Those of the first @n actors that share a CPU with another one of them. */
static unsigned int crowd(const struct vmsim_explorer *x, unsigned int n)
{
	unsigned int crowded = 0;

	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = 0; j < n; j++)
			if (i != j && x->actor[i].cpu == x->actor[j].cpu)
				crowded |= 1u << i;
	return crowded;
}

int actors_create(struct vmsim_explorer *x)
{
	const struct vmsim_scenario *scenario = x->scenario;
	const struct vmsim_actor rcu = { .name = "Rcu", .cpu = cpu_for_callbacks(x->machine) };
	int err = 0;

	for (unsigned int i = 0; i < scenario->nr_threads && !err; i++) {
		const struct vmsim_thread_def *def = &scenario->threads[i];
		const struct vmsim_actor actor = {
			.name = def->name, .cpu = cpu_for(x, def->cpu), .fn = def->fn,
		};

		err = make_actor(x, &actor, scenario->bare ? 0 : (int)def->process + 1);
	}
	if (!err)
		err = make_actor(x, &rcu, 0);
	x->rcu = &x->actor[scenario->nr_threads];
	x->rcu_bit = 1u << scenario->nr_threads;
	x->crowded = crowd(x, x->nr_actors);
	x->crowded_threads = crowd(x, scenario->nr_threads);
	return err;
}

static int make_context(struct vmsim_explorer *x, struct vmsim_actor *actor)
{
	char *stack = x->machine->stacks + actor->index * VMSIM_STACK_SIZE;
	int err = coroutine_create(&actor->co, x->backend, stack, VMSIM_STACK_SIZE, actor_entry,
				   actor);

	if (err)
		return err;
	coroutine_name(&actor->co, actor->name);
	x->at_rest |= 1u << actor->index;
	return 0;
}

int actors_start(struct vmsim_explorer *x)
{
	const unsigned int all = (1u << x->nr_actors) - 1;

	for (unsigned int left = all & ~x->at_rest; left; left &= left - 1) {
		int err = make_context(x, &x->actor[__builtin_ctz(left)]);

		if (err)
			return err;
	}
	x->threads = (struct thread_states) { .live = all };
	actor_waits(x->rcu, rcu_can_run, x->machine);
	return 0;
}

void actors_drop(struct vmsim_explorer *x, unsigned int which)
{
	for (unsigned int i = 0; i < x->nr_actors; i++)
		if (which >> i & 1 && x->actor[i].co.fn)
			coroutine_destroy(&x->actor[i].co);
	x->at_rest &= ~which;
}

void actors_detach(struct vmsim_explorer *x)
{
	for (unsigned int i = 0; i < x->nr_actors; i++) {
		struct task_struct *task = x->actor[i].task;

		task->actor = NULL;
		if (task->mm || task->pid) {
			vmsim_self = task;
			vmsim_process_detach(task);
			vmsim_self = &vmsim_no_task;
		}
		task->cpu->curr = NULL;
	}
}
