// SPDX-License-Identifier: GPL-2.0-only
#include "trace/replay_internal.h"
#include "mm/mm_internal.h"
#include <errno.h>
#include <stdlib.h>

/* Processes come from others, and end. */

static struct replay_process *add_child(struct replay *replay, const struct vmtrace_event *event,
					int model_pid, struct replay_mm *mm)
{
	struct replay_process *child = replay_process_add(replay, event->fork.pid, model_pid);

	if (child)
		child->mm = mm;
	return child;
}

static int fork_sharing(struct replay *replay, struct replay_process *parent,
			const struct vmtrace_event *event)
{
	int model_pid = vmsim_vfork(NULL);

	if (model_pid < 0)
		return model_pid;
	if (!add_child(replay, event, model_pid, parent->mm))
		return replay_malformed(replay, "too many processes");
	return 0;
}

/* What the model calls the address space that it made. */
static void learn_id(struct replay *replay, struct replay_mm *track, int model_pid)
{
	struct mm_struct *mm = vmsim_process_get_mm(replay->machine, model_pid);

	track->id = mm->context.ctx_id;
	mmput(mm);
}

/* The steps of the child's counters were recorded while it was made, before the fork itself. */
static int fork_copying(struct replay *replay, struct replay_process *parent,
			const struct vmtrace_event *event)
{
	struct replay_mm *mm = parent->next_mm ? parent->next_mm : replay_mm_new(replay);
	int model_pid;

	parent->next_mm = NULL;
	if (!mm)
		return -ENOMEM;
	mm->stack_end = parent->mm->stack_end;
	replay->forked = mm;
	model_pid = vmsim_fork(NULL);
	replay->forked = NULL;
	if (model_pid < 0)
		return model_pid;
	learn_id(replay, mm, model_pid);
	if (!add_child(replay, event, model_pid, mm))
		return replay_malformed(replay, "too many processes");
	replay_match(&replay->report, mm);
	replay_settle_recorded(&replay->report, mm);
	replay_settle_predicted(&replay->report, mm);
	return 0;
}

int replay_fork(struct replay *replay, const struct vmtrace_event *event)
{
	struct replay_process *parent = replay_process_find(replay, event->fork.parent_pid);
	struct replay_thread *thread = replay_thread_get(replay, event->fork.parent_tid);
	enum replay_fork how;
	int err;

	if (!parent)
		return replay_malformed(replay, "process %d is not known", event->fork.parent_pid);
	if (!thread)
		return replay_malformed(replay, "too many threads");
	if (event->op == VMTRACE_CLONE_THREAD) {
		if (event->fork.pid != parent->pid)
			return replay_malformed(replay, "a thread of another process");
		parent->threads++;
		return 0;
	}
	if (replay_process_find(replay, event->fork.pid))
		return replay_malformed(replay, "process %d exists", event->fork.pid);
	err = replay_switch_to(replay, parent);
	if (err)
		return err;
	how = thread->fork;
	thread->fork = REPLAY_FORK_COPIES;
	return how == REPLAY_FORK_SHARES ? fork_sharing(replay, parent, event) :
					   fork_copying(replay, parent, event);
}

/* A process that is gone: its number may come again. */
static void forget(struct replay *replay, struct replay_process *process)
{
	for (size_t i = 0; i < replay->nr_processes; i++) {
		if (replay->process[i] != process)
			continue;
		replay->process[i] = replay->process[--replay->nr_processes];
		break;
	}
	free(process);
}

/*
 * The end of the last thread takes the address space down. The kernel stops recording before it
 * does that, so what the counters do then is not compared.
 */
int replay_exit(struct replay *replay, const struct vmtrace_event *event)
{
	struct replay_process *process = replay_process_find(replay, event->pid);
	struct replay_mm *mm;
	int err, model_pid;

	if (!process)
		return replay_malformed(replay, "process %d is not known", event->pid);
	if (--process->threads > 0)
		return 0;
	err = replay_switch_to(replay, process);
	if (err)
		return err;
	mm = process->mm;
	replay_settle_predicted(&replay->report, mm);
	replay_settle_recorded(&replay->report, mm);
	replay_leave_mm(replay, process);
	model_pid = process->model_pid;
	err = vmsim_exit();
	replay_detach(replay);
	forget(replay, process);
	return err ? err : vmsim_process_destroy(replay->handle, model_pid);
}
