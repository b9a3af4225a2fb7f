/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_REPLAY_H
#define VMSIM_TRACE_REPLAY_H

#include <vmsim/trace.h>
#include "trace/vmtrace.h"

/**
 * struct replay_source - where a trace comes from: it is read twice
 * @name: path of the file, or what errors call @data
 * @data: the trace itself, @length bytes; NULL: read the file
 */
struct replay_source {
	const char *name;
	const void *data;
	size_t length;
};

/* vmsim_vmtrace_replay() of a file or of memory. */
int vmtrace_replay(const struct replay_source *source, struct vmsim_replay_stats *stats,
		   struct vmsim_disagreement *list, size_t list_size, char *error,
		   size_t error_size);

/**
 * struct replay_file - a file that the trace maps
 * @size: as far as any mapping reaches, in bytes
 * @id: the model's file
 */
struct replay_file {
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	uint64_t size;
	int id;
};

/* An exec, and how many pages of arguments its stack began with. */
struct replay_exec {
	uint64_t line;
	int tid;
	uint64_t argument_pages;
};

/**
 * struct replay_survey - what the replay must know before it starts
 * @faults: number of recorded faults
 * @forks: number of processes that others made
 */
struct replay_survey {
	struct replay_file *file;
	size_t nr_files;
	struct replay_exec *exec;
	size_t nr_execs;
	uint64_t faults;
	uint64_t forks;
};

/* Reads the trace once (replay_survey.c). */
int replay_survey_take(const struct replay_source *source, struct replay_survey *survey,
		       char *error, size_t error_size);
void replay_survey_free(struct replay_survey *survey);
struct replay_file *replay_find_file(const struct replay_survey *survey, uint32_t dev_major,
				     uint32_t dev_minor, uint64_t inode);
uint64_t replay_argument_pages(const struct replay_survey *survey, uint64_t line);

int replay_parse(const struct replay_source *source, vmtrace_sink sink, void *arg, char *error,
		 size_t error_size);

/**
 * struct replay_report - what agreed, and what did not
 */
struct replay_report {
	struct vmsim_replay_stats *stats;
	struct vmsim_disagreement *list;
	size_t list_size;
};

/* Counts a disagreement, and keeps it if there is room. */
void replay_disagree(struct replay_report *report, uint64_t line, const char *kind,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));

/**
 * struct replay_step - one change of one counter of one address space
 * @line: of the trace: the recorded step, or the event that made the model take it
 */
struct replay_step {
	uint64_t line;
	uint64_t bytes;
};

struct replay_steps {
	struct replay_step *step;
	size_t n, capacity;
	size_t first;
};

/**
 * struct replay_mm - an address space, in the trace and in the model
 * @id: the model's (mm_context_t.ctx_id); 0: the program has not been started yet
 * @trace_id: the trace's, if @named
 * @stack_end: upper end of the stack, which grows by faults; 0: none is known
 * @last: the model's counters when they were last looked at
 * @shown: the recorded counters as of the last step that was compared
 * @drift: by how much the model's counter is known to be ahead of the recorded one
 * @predicted, @recorded: steps of the one that the other has not shown yet
 */
struct replay_mm {
	uint64_t id;
	uint64_t trace_id;
	bool named;
	uint64_t stack_end;
	uint64_t last[VMTRACE_COUNTERS];
	uint64_t shown[VMTRACE_COUNTERS];
	uint64_t drift[VMTRACE_COUNTERS];
	struct replay_steps predicted[VMTRACE_COUNTERS];
	struct replay_steps recorded[VMTRACE_COUNTERS];
};

void replay_mm_free(struct replay_mm *mm);
/* The model changed a counter; the trace says it changed. -ENOMEM. */
int replay_predict(struct replay_mm *mm, enum vmtrace_counter counter, struct replay_step step);
int replay_record(struct replay_mm *mm, enum vmtrace_counter counter, struct replay_step step);
/* Compares what both have shown. */
void replay_match(struct replay_report *report, struct replay_mm *mm);
/* Steps that the recording cannot show. */
void replay_forget_predicted(struct replay_mm *mm);
/* What only one of them has shown by now is a disagreement. */
void replay_settle_predicted(struct replay_report *report, struct replay_mm *mm);
void replay_settle_recorded(struct replay_report *report, struct replay_mm *mm);

#endif
