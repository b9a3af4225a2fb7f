/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_REPLAY_INTERNAL_H
#define VMSIM_TRACE_REPLAY_INTERNAL_H

#include "machine/internal.h"
#include <linux/mm.h>
#include <vmsim/event.h>
#include <vmsim/process.h>
#include "trace/replay.h"

/**
 * struct replay_process - a recorded process
 * @pid: in the trace; @model_pid: in the model
 * @threads: that have not exited
 * @argument_pages: of the program that it runs
 * @unrecorded: it began with an exec that wrote its arguments before the recording began
 * @starting: between an exec and the first thing that the new program does: mappings are made then
 * @mm: its address space; shared after a vfork
 * @next_mm: address space that an exec is building
 */
struct replay_process {
	int pid, model_pid;
	int threads;
	uint64_t argument_pages;
	bool unrecorded;
	bool starting;
	struct replay_mm *mm;
	struct replay_mm *next_mm;
};

/* How a thread that is about to fork will share its memory. */
enum replay_fork {
	REPLAY_FORK_COPIES,
	REPLAY_FORK_SHARES,
};

/**
 * struct replay_thread - a recorded thread
 * @fork: what its last clone asked for
 * @vma: last mapping that the trace showed: belongs to the system call that follows
 * @fault_line: protection fault that is not yet known to have copied or not; 0: none
 * @fault_kind: what the model did
 */
struct replay_thread {
	int tid;
	enum replay_fork fork;
	bool has_vma;
	struct vmtrace_event vma;
	uint64_t fault_line;
	enum vmsim_fault_kind fault_kind;
};

/**
 * struct replay - a trace on its way through the model
 * @line: of the event at hand
 * @current: process that the driving pthread is attached to, or NULL
 * @track: address space whose counters are watched now: that of @current
 * @forked: address space that a fork is filling, or NULL
 * @failed: first error inside a watcher
 * @vdso: one-page files: what a kernel maps for [vdso]
 */
struct replay {
	const struct replay_source *source;
	struct replay_survey survey;
	struct replay_report report;
	struct vmsim_machine *handle;
	struct vmsim_machine *machine;
	struct replay_process **process;
	size_t nr_processes;
	struct replay_thread **thread;
	size_t nr_threads;
	struct replay_mm **mm;
	size_t nr_mms;
	struct replay_process *current;
	struct replay_mm *forked;
	uint64_t line;
	int failed;
	int vdso[16];
	char *error;
	size_t error_size;
};

/* Ends the replay with "FILE:LINE: what". -EINVAL; replay_cannot(): -EOPNOTSUPP. */
int replay_malformed(struct replay *replay, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int replay_cannot(struct replay *replay, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Who is who (replay_process.c). */
struct replay_process *replay_process_find(struct replay *replay, int pid);
struct replay_process *replay_process_add(struct replay *replay, int pid, int model_pid);
struct replay_thread *replay_thread_get(struct replay *replay, int tid);
struct replay_mm *replay_mm_new(struct replay *replay);
/* The address space that the trace calls @trace_id, or NULL. */
struct replay_mm *replay_mm_named(struct replay *replay, uint64_t trace_id);
/* Attaches the driving pthread to a process. */
int replay_switch_to(struct replay *replay, struct replay_process *process);
void replay_detach(struct replay *replay);
void replay_processes_free(struct replay *replay);

/* Looks at the counters of the current address space: each change is a predicted step. */
void replay_sample(struct replay *replay);
/* The same of another address space, which is @mm in the model. */
void replay_sample_mm(struct replay *replay, struct replay_mm *track, struct mm_struct *mm);

/* Events (replay_exec.c, replay_fork.c, replay_call.c, replay_fault.c). */
int replay_exec(struct replay *replay, const struct vmtrace_event *event);
int replay_fork(struct replay *replay, const struct vmtrace_event *event);
int replay_exit(struct replay *replay, const struct vmtrace_event *event);
/* The process has another address space, or none, from now on. */
void replay_leave_mm(struct replay *replay, struct replay_process *process);
int replay_program_mapping(struct replay *replay, const struct vmtrace_event *event);
int replay_call(struct replay *replay, const struct vmtrace_event *event);
int replay_fault(struct replay *replay, const struct vmtrace_event *event);
/* What was recorded about the thread's last protection fault: @copied. */
void replay_settle_fault(struct replay *replay, struct replay_thread *thread, bool copied);
/* The model's file behind a mapping; made when it is seen first. -errno. */
int replay_model_file(struct replay *replay, const struct vmtrace_event *vma);

#endif
