/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_LINES_H
#define VMSIM_TRACE_LINES_H

#include <vmsim/explore.h>
#include "trace/symbol.h"

/* A timeline before it is drawn. */

enum line_kind {
	LINE_CALL,	/* a system call, a function, what a program does */
	LINE_EVENT,	/* a primitive */
	LINE_STATE,	/* what memory is now */
	LINE_POINT,	/* a named point */
	LINE_IRQ,
	LINE_THREAD,	/* another thread of the same CPU goes on */
	LINE_VIOLATION,
};

/**
 * struct line - a line of a timeline
 * @column: see struct timeline
 * @thread: number of the thread; VMSIM_RECORD_IRQ
 * @step: decision that led to it
 * @mark: 1, 2: the two steps whose order decides
 * @text: words, without a newline
 * @place: "zap_pte_range(), mm/zap.c:26", or empty
 */
struct line {
	enum line_kind kind;
	unsigned int column;
	int thread;
	uint64_t step;
	unsigned int mark;
	char *text;
	char place[128];
};

struct line_list {
	struct line *line;
	size_t n;
};

/**
 * struct marked - one of the two steps whose order decides
 * @event: index of the event; only if @found
 */
struct marked {
	bool found;
	size_t event;
};

/**
 * struct timeline - what is drawn
 * @full: every event, with its place
 * @cpu: the CPU of each column
 * @state: of the relevant memory when the rule broke, in words; "" without a violation
 */
struct timeline {
	const struct vmsim_scenario *scenario;
	const struct vmsim_result *result;
	bool full;
	unsigned int nr_columns;
	unsigned int cpu[VMSIM_MAX_THREADS];
	struct line_list lines;
	struct marked marked[2];
	char *state;
	struct symbols *symbols;
};

void timeline_build(struct timeline *timeline, const struct vmsim_scenario *scenario,
		    const struct vmsim_result *result, bool full);
void timeline_free(struct timeline *timeline);

/* The CPU of a thread. Threads that are none of the scenario's are on CPU 0. */
unsigned int timeline_cpu(const struct timeline *timeline, int thread);
const char *timeline_thread(const struct timeline *timeline, int thread);

/* Forms: as text in columns, as JSON, as a graph for dot. */
void timeline_text(const struct timeline *timeline, FILE *out);
void timeline_json(const struct timeline *timeline, FILE *out);
void timeline_dot(const struct timeline *timeline, FILE *out);

/*
 * The two events whose order decides: of the two steps that result->deciding names, those that
 * touch the same object; if there are none, the first of each.
 */
void marked_find(struct marked marked[2], const struct vmsim_result *result);

#endif
