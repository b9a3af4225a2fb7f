// SPDX-License-Identifier: GPL-2.0-only
#include "trace/replay_internal.h"
#include <errno.h>
#include <stdlib.h>

/* Processes, threads and address spaces of a trace, and what stands for them in the model. */

#define PROCESSES_MAX 4096
#define THREADS_MAX 65536

struct replay_process *replay_process_find(struct replay *replay, int pid)
{
	if (replay->current && replay->current->pid == pid)
		return replay->current;
	for (size_t i = 0; i < replay->nr_processes; i++) {
		if (replay->process[i]->pid == pid)
			return replay->process[i];
	}
	return NULL;
}

/* Puts @object at the end of an array of pointers, or frees it. */
static void *append(void *array, size_t *n, size_t max, void *object)
{
	void ***list = array;
	void **larger = *n < max && object ? realloc(*list, (*n + 1) * sizeof(**list)) : NULL;

	if (!larger) {
		free(object);
		return NULL;
	}
	*list = larger;
	larger[(*n)++] = object;
	return object;
}

struct replay_process *replay_process_add(struct replay *replay, int pid, int model_pid)
{
	struct replay_process *process = calloc(1, sizeof(*process));

	process = append(&replay->process, &replay->nr_processes, PROCESSES_MAX, process);
	if (!process)
		return NULL;
	process->pid = pid;
	process->model_pid = model_pid;
	process->threads = 1;
	return process;
}

struct replay_thread *replay_thread_get(struct replay *replay, int tid)
{
	struct replay_thread *thread;

	for (size_t i = 0; i < replay->nr_threads; i++) {
		if (replay->thread[i]->tid == tid)
			return replay->thread[i];
	}
	thread = append(&replay->thread, &replay->nr_threads, THREADS_MAX,
			calloc(1, sizeof(*thread)));
	if (thread)
		thread->tid = tid;
	return thread;
}

struct replay_mm *replay_mm_new(struct replay *replay)
{
	return append(&replay->mm, &replay->nr_mms, SIZE_MAX, calloc(1, sizeof(struct replay_mm)));
}

struct replay_mm *replay_mm_named(struct replay *replay, uint64_t trace_id)
{
	for (size_t i = replay->nr_mms; i-- > 0;) {
		if (replay->mm[i]->named && replay->mm[i]->trace_id == trace_id)
			return replay->mm[i];
	}
	return NULL;
}

void replay_detach(struct replay *replay)
{
	if (replay->current)
		vmsim_detach();
	replay->current = NULL;
}

int replay_switch_to(struct replay *replay, struct replay_process *process)
{
	int err;

	if (replay->current == process)
		return 0;
	replay_detach(replay);
	err = vmsim_attach(replay->handle, 0, process->model_pid);
	if (!err)
		replay->current = process;
	return err;
}

static const int model_counter[VMTRACE_COUNTERS] = {
	[VMTRACE_RSS_FILE] = MM_FILEPAGES,
	[VMTRACE_RSS_ANON] = MM_ANONPAGES,
	[VMTRACE_RSS_SWAP] = MM_SWAPENTS,
	[VMTRACE_RSS_SHMEM] = MM_SHMEMPAGES,
};

void replay_sample_mm(struct replay *replay, struct replay_mm *track, struct mm_struct *mm)
{
	for (int i = 0; i < VMTRACE_COUNTERS; i++) {
		struct replay_step step = {
			.line = replay->line,
			.bytes = (uint64_t)get_mm_counter(mm, model_counter[i]) << PAGE_SHIFT,
		};

		if (step.bytes != track->last[i] &&
		    replay_predict(track, (enum vmtrace_counter)i, step))
			replay->failed = -ENOMEM;
	}
}

void replay_sample(struct replay *replay)
{
	struct replay_process *process = replay->current;
	struct mm_struct *mm = vmsim_self->mm;

	if (process && process->mm && mm && process->mm->id == mm->context.ctx_id)
		replay_sample_mm(replay, process->mm, mm);
}

static bool is_shared(const struct replay *replay, const struct replay_process *process)
{
	for (size_t i = 0; i < replay->nr_processes; i++) {
		if (replay->process[i] != process && replay->process[i]->mm == process->mm)
			return true;
	}
	return false;
}

/* The kernel gives the number of an address space that is gone to another one. */
void replay_leave_mm(struct replay *replay, struct replay_process *process)
{
	if (process->mm && !is_shared(replay, process))
		process->mm->named = false;
	process->mm = NULL;
}

void replay_processes_free(struct replay *replay)
{
	replay_detach(replay);
	for (size_t i = 0; i < replay->nr_processes; i++)
		free(replay->process[i]);
	for (size_t i = 0; i < replay->nr_threads; i++)
		free(replay->thread[i]);
	for (size_t i = 0; i < replay->nr_mms; i++) {
		replay_mm_free(replay->mm[i]);
		free(replay->mm[i]);
	}
	free(replay->process);
	free(replay->thread);
	free(replay->mm);
}
