// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"

/* Processes: made, replaced, ended, in any order. */

static struct proc *free_proc(void)
{
	for (unsigned int i = 0; i < tree.procs; i++)
		if (!tree.proc[i].pid)
			return &tree.proc[i];
	return NULL;
}

static unsigned int living(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < TREE_PROCS; i++)
		n += tree.proc[i].pid != 0;
	return n;
}

static unsigned int threads_of(const struct proc *proc)
{
	unsigned int n = 0;

	for (unsigned int cpu = 0; cpu < tree.cpus; cpu++)
		n += tree.task[cpu]->pid == proc->pid;
	return n;
}

static struct mm_struct *mm_of(int pid)
{
	return vmsim_process_find(tree.m, pid)->mm;
}

/* A new pid, or -ENOMEM where memory may be short. */
static bool is_pid(const struct act *act, int result)
{
	return act_expect(act, result > 0 ? 1 : result, 1);
}

void op_fork(struct act *act)
{
	struct proc *child = free_proc();
	int pid;

	act_say("fork %s", child ? "" : "(no room)");
	if (!child)
		return;
	pid = vmsim_fork(NULL);
	if (!is_pid(act, pid))
		return;
	act_say("fork: %d", pid);
	*child = (struct proc) { pid, space_new(mm_of(pid)) };
	for (unsigned int i = 0; i < TREE_PAGES; i++)
		slot_fork(&child->space->slot[i], &act->space->slot[i]);
}

void op_vfork(struct act *act)
{
	struct proc *child = free_proc();
	int pid;

	act_say("vfork %s", child ? "" : "(no room)");
	if (!child)
		return;
	pid = vmsim_vfork(NULL);
	if (!is_pid(act, pid))
		return;
	act_say("vfork: %d", pid);
	*child = (struct proc) { pid, act->space };
	act->space->users++;
}

/* By exit(2), or without a last word; the last process stays. */
void op_exit(struct act *act)
{
	act_say("exit %s", living() == 1 ? "(the last one stays)" : "");
	if (living() == 1)
		return;
	if (act->op->x & 1)
		act_expect(act, vmsim_exit(), 0);
	tree_leave(act->proc);
	act_expect(act, vmsim_process_destroy(tree.machine, act->proc->pid), 0);
	space_put(act->space);
	*act->proc = (struct proc) { 0 };
}

void op_exec(struct act *act)
{
	int expected = threads_of(act->proc) > 1 ? -EBUSY : 0;

	act_say("exec");
	if (!act_expect(act, vmsim_exec("other"), expected) || expected)
		return;
	space_put(act->space);
	act->proc->space = space_new(mm_of(act->proc->pid));
}

void op_create(struct act *act)
{
	struct proc *proc = free_proc();
	int pid;

	act_say("create %s", proc ? "" : "(no room)");
	if (!proc)
		return;
	pid = vmsim_process_create(tree.machine, "another");
	if (is_pid(act, pid))
		*proc = (struct proc) { pid, space_new(mm_of(pid)) };
}
