// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "mm/mm_internal.h"
#include <errno.h>
#include <sched.h>

/*
 * @task is all zeroes. Its members one by one: what a compound literal leaves in the padding between
 * them would be a part of the machine's state.
 */
void vmsim_task_init(struct task_struct *task, struct vmsim_cpu *cpu, struct vmsim_machine *machine)
{
	task->armed = &machine->armed;
	task->armed_looking = &machine->armed_looking;
	task->attention = &cpu->attention;
	task->memmap = (char *)machine->memmap;
	task->frames = machine->frames;
	task->machine = machine;
	task->cpu = cpu;
	task->cpu_nr = cpu->id;
	task->signal = &machine->signal;
	task->pgtable_l5 = machine->config.levels == 5;
}

struct task_struct *vmsim_task_create(struct vmsim_machine *machine, struct vmsim_cpu *cpu)
{
	struct task_struct *task = vmsim_machine_alloc(machine, sizeof(*task));

	if (!task)
		return NULL;
	vmsim_task_init(task, cpu, machine);
	vmsim_raw_lock(&machine->tasks_lock);
	task->tid = machine->next_tid++;
	list_add_tail(&task->task_list, &machine->tasks);
	vmsim_raw_unlock(&machine->tasks_lock);
	return task;
}

void vmsim_task_destroy(struct task_struct *task)
{
	struct vmsim_machine *machine = task->machine;

	vmsim_raw_lock(&machine->tasks_lock);
	list_del(&task->task_list);
	vmsim_raw_unlock(&machine->tasks_lock);
	vmsim_machine_free(machine, task);
}

int vmsim_attach_bare(struct vmsim_machine *machine, unsigned int cpu)
{
	struct task_struct *none = NULL;
	struct task_struct *task;

	if (cpu >= machine->nr_online)
		return -EINVAL;
	if (vmsim_self->machine)
		return -EBUSY;
	task = vmsim_task_create(machine, &machine->cpu[cpu]);
	if (!task)
		return -ENOMEM;
	if (!__atomic_compare_exchange_n(&machine->cpu[cpu].curr, &none, task, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		vmsim_task_destroy(task);
		return -EBUSY;
	}
	vmsim_self = task;
	return 0;
}

static void leave_cpu(struct task_struct *task)
{
	struct vmsim_cpu *cpu = task->cpu;

	vmsim_self = &vmsim_no_task;
	__atomic_store_n(&cpu->curr, NULL, __ATOMIC_RELEASE);
	vmsim_task_destroy(task);
}

/**
 * vmsim_attach() - makes the calling pthread a simulated thread
 * @machine: the machine
 * @cpu: the simulated CPU that it becomes
 * @pid: the process that it is a thread of
 *
 * Return: 0; -EBADF; -EINVAL: no such CPU; -EBUSY: the CPU has a thread, or the caller is attached
 * already; -ESRCH: no such process; -ENOMEM.
 */
VMSIM_API int vmsim_attach(struct vmsim_machine *machine, unsigned int cpu, int pid)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	int err;

	if (!m)
		return -EBADF;
	err = vmsim_attach_bare(m, cpu);
	if (err)
		return err;
	vmsim_enter();
	err = vmsim_process_attach(m, pid, vmsim_self);
	vmsim_leave();
	if (err)
		leave_cpu(vmsim_self);
	return err;
}

/**
 * vmsim_detach() - ends the simulated thread of the calling pthread
 *
 * Return: 0; -ESRCH: it is not attached.
 */
VMSIM_API int vmsim_detach(void)
{
	struct task_struct *task = vmsim_self;

	if (!task->machine)
		return -ESRCH;
	vmsim_enter();
	if (task->pid || task->mm)
		vmsim_process_detach(task);
	vmsim_leave();
	leave_cpu(task);
	return 0;
}

/* Takes the CPU's state from OUTSIDE to INSIDE; somebody may be serving it right now. */
static void go_inside(struct vmsim_cpu *cpu)
{
	u32 outside = VMSIM_CPU_OUTSIDE;

	while (!__atomic_compare_exchange_n(&cpu->state, &outside, VMSIM_CPU_INSIDE, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		outside = VMSIM_CPU_OUTSIDE;
		sched_yield();
	}
}

int vmsim_enter(void)
{
	struct task_struct *self = vmsim_self;

	if (!self->machine)
		return -ESRCH;
	if (self->kernel_depth++ == 0 && !self->actor)
		go_inside(self->cpu);
	vmsim_poll();
	return 0;
}

#define RCU_CALLBACKS_WORTH_A_LOOK 64

void vmsim_leave(void)
{
	struct task_struct *self = vmsim_self;

	if (self->kernel_depth == 1 && !self->actor) {
		vmsim_poll();
		if (unlikely(__READ_ONCE(self->machine->rcu.pending) >= RCU_CALLBACKS_WORTH_A_LOOK))
			vmsim_rcu_run_ready(self->machine);
		__atomic_store_n(&self->cpu->state, VMSIM_CPU_OUTSIDE, __ATOMIC_RELEASE);
	}
	self->kernel_depth--;
}

/* Accesses between the two are no data races: data_race() of instrumented code. */
void vmsim_data_race_begin(void)
{
	vmsim_self->data_race++;
}

void vmsim_data_race_end(void)
{
	vmsim_self->data_race--;
}
