// SPDX-License-Identifier: GPL-2.0-only
#include "trace/replay_internal.h"
#include "mm/mm_internal.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

/*
 * A recorded program in the model: each event is done again by the one driving pthread, which
 * attaches as the process of the event; what the kernel answered is compared with the model's
 * answers. The rules of comparison are in docs/vmtrace.md.
 */

static void set_error(struct replay *replay, const char *format, va_list args)
{
	char what[128];

	vsnprintf(what, sizeof(what), format, args);
	if (replay->error_size)
		snprintf(replay->error, replay->error_size, "%s:%llu: %s", replay->source->name,
			 (unsigned long long)replay->line, what);
}

int replay_malformed(struct replay *replay, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_error(replay, format, args);
	va_end(args);
	return -EINVAL;
}

int replay_cannot(struct replay *replay, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_error(replay, format, args);
	va_end(args);
	return -EOPNOTSUPP;
}

/* Steps of counters become visible where a page-table lock is dropped. */
static void at_ptl_unlock(void *arg, const struct vmsim_event *event)
{
	struct page *table = (struct page *)(uintptr_t)event->arg[1];
	struct replay *replay = arg;
	struct mm_struct *mm = page_ptdesc(table)->pt_mm;

	if (replay->forked && mm != vmsim_self->mm)
		replay_sample_mm(replay, replay->forked, mm);
	else
		replay_sample(replay);
}

/* The address space of a recorded step: no process has it yet while an exec or a fork builds it. */
static struct replay_mm *mm_of_step(struct replay *replay, struct replay_process *process,
				    const struct vmtrace_event *event)
{
	struct replay_mm *mm = replay_mm_named(replay, event->rss.mm);

	if (event->rss.current_mm || mm)
		return event->rss.current_mm ? process->mm : mm;
	if (!process->next_mm) {
		process->next_mm = replay_mm_new(replay);
		if (process->next_mm) {
			process->next_mm->named = true;
			process->next_mm->trace_id = event->rss.mm;
		}
	}
	return process->next_mm;
}

static int replay_rss(struct replay *replay, struct replay_process *process,
		      const struct vmtrace_event *event)
{
	struct replay_step step = { .line = event->line, .bytes = event->rss.bytes };
	struct replay_mm *mm = mm_of_step(replay, process, event);
	int err;

	if (!mm)
		return -ENOMEM;
	if (!mm->named) {
		mm->named = true;
		mm->trace_id = event->rss.mm;
	}
	if (mm->trace_id != event->rss.mm)
		replay_disagree(&replay->report, event->line, "address-space",
				"recorded %llu, model: the one that was %llu",
				(unsigned long long)event->rss.mm,
				(unsigned long long)mm->trace_id);
	err = replay_record(mm, event->rss.counter, step);
	if (!err)
		replay_match(&replay->report, mm);
	return err;
}

/* Mappings that a program's start makes are input, the others are what a call has made. */
static int replay_vma(struct replay *replay, struct replay_process *process,
		      struct replay_thread *thread, const struct vmtrace_event *event)
{
	int err;

	if (!process->starting) {
		thread->vma = *event;
		thread->has_vma = true;
		return 0;
	}
	err = replay_program_mapping(replay, event);
	replay_sample(replay);
	replay_match(&replay->report, process->mm);
	return err;
}

static int act(struct replay *replay, struct replay_process *process, struct replay_thread *thread,
	       const struct vmtrace_event *event)
{
	int err = replay_switch_to(replay, process);

	if (err)
		return err;
	switch (event->op) {
	case VMTRACE_VMA:
		return replay_vma(replay, process, thread, event);
	case VMTRACE_FAULT:
		/* The loader's own faults come while it still maps. */
		process->starting &= !event->fault.user;
		return replay_fault(replay, event);
	case VMTRACE_SYS:
		process->starting = false;
		return replay_call(replay, event);
	default:
		return replay_rss(replay, process, event);
	}
}

/* What a thread does next tells whether its last fault copied a page: then it flushed one. */
static bool ends_fault(const struct vmtrace_event *event)
{
	return event->op != VMTRACE_RSS &&
	       !(event->op == VMTRACE_TLBFLUSH && !event->tlbflush.own);
}

static int dispatch(struct replay *replay, const struct vmtrace_event *event)
{
	struct replay_process *process = replay_process_find(replay, event->pid);
	struct replay_thread *thread = replay_thread_get(replay, event->tid);

	if (!thread)
		return replay_malformed(replay, "too many threads");
	if (ends_fault(event))
		replay_settle_fault(replay, thread, event->op == VMTRACE_TLBFLUSH);
	switch (event->op) {
	case VMTRACE_EXEC:
		return replay_exec(replay, event);
	case VMTRACE_FORK:
	case VMTRACE_CLONE_THREAD:
		return replay_fork(replay, event);
	case VMTRACE_EXIT:
		return replay_exit(replay, event);
	case VMTRACE_TLBFLUSH:
	case VMTRACE_ENTER:
		return 0;
	default:
		break;
	}
	if (!process)
		return replay_malformed(replay, "process %d was neither started nor forked",
					event->pid);
	return act(replay, process, thread, event);
}

static int replay_event(void *arg, const struct vmtrace_event *event)
{
	struct replay *replay = arg;
	int err;

	replay->line = event->line;
	replay->report.stats->events++;
	err = dispatch(replay, event);
	if (!err)
		err = replay->failed;
	if (err && replay->error_size && !replay->error[0])
		return replay_malformed(replay, "the model failed: %s", strerror(-err)), err;
	return err;
}

#define TABLES_OF_A_PROCESS 512

/*
 * Every fault may bring in a window of file pages, a page of its own, and page tables; a process
 * that was forked has the tables of its parent.
 */
static uint64_t frames_needed(const struct replay_survey *survey)
{
	uint64_t frames = 16384 + survey->faults * (VMSIM_FAULT_AROUND_PAGES + 6) +
			  min(survey->forks, UINT64_C(65536)) * TABLES_OF_A_PROCESS;

	return min(frames, UINT64_C(1) << 24);
}

static int make_machine(struct replay *replay)
{
	struct vmsim_config config;
	int err;

	vmsim_config_init(&config);
	config.mode = VMSIM_NATIVE;
	config.contents = VMSIM_CONTENTS_NONE;
	config.tlb = VMSIM_TLB_IPI;
	config.cpus = 1;
	config.frames = frames_needed(&replay->survey);
	err = vmsim_machine_create(&config, &replay->handle);
	if (err)
		return err;
	replay->machine = vmsim_machine_get(replay->handle);
	return vmsim_subscribe(replay->handle, VMSIM_EV_BIT(PTL_UNLOCK), at_ptl_unlock, replay);
}

/* What the last events left open. */
static void settle_all(struct replay *replay)
{
	for (size_t i = 0; i < replay->nr_threads; i++)
		replay_settle_fault(replay, replay->thread[i], false);
	for (size_t i = 0; i < replay->nr_mms; i++) {
		replay_settle_predicted(&replay->report, replay->mm[i]);
		replay_settle_recorded(&replay->report, replay->mm[i]);
	}
}

static int run(struct replay *replay)
{
	int err = replay_survey_take(replay->source, &replay->survey, replay->error,
				     replay->error_size);

	if (!err)
		err = make_machine(replay);
	if (!err)
		err = replay_parse(replay->source, replay_event, replay, replay->error,
				   replay->error_size);
	if (!err)
		settle_all(replay);
	return err;
}

int vmtrace_replay(const struct replay_source *source, struct vmsim_replay_stats *stats,
		   struct vmsim_disagreement *list, size_t list_size, char *error,
		   size_t error_size)
{
	struct replay *replay;
	int err;

	if (vmsim_self->machine)
		return -EBUSY;
	replay = calloc(1, sizeof(*replay));
	if (!replay)
		return -ENOMEM;
	memset(stats, 0, sizeof(*stats));
	replay->source = source;
	replay->report = (struct replay_report){ stats, list, list_size };
	replay->error = error;
	replay->error_size = error_size;
	if (error_size)
		error[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(replay->vdso); i++)
		replay->vdso[i] = VMSIM_NO_FILE;
	err = run(replay);
	if (err && error_size && !error[0])
		snprintf(error, error_size, "%s: %s", source->name, strerror(-err));
	replay_processes_free(replay);
	if (replay->handle)
		vmsim_machine_destroy(replay->handle);
	replay_survey_free(&replay->survey);
	free(replay);
	return err;
}

int vmsim_vmtrace_replay(const char *path, struct vmsim_replay_stats *stats,
			 struct vmsim_disagreement *list, size_t list_size, char *error,
			 size_t error_size)
{
	struct replay_source source = { .name = path };

	if (!path || !stats || (!list && list_size) || (!error && error_size))
		return -EINVAL;
	return vmtrace_replay(&source, stats, list, list_size, error, error_size);
}
