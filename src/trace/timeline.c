// SPDX-License-Identifier: GPL-2.0-only
#include "trace/timeline.h"
#include "trace/lines.h"
#include "trace/record.h"
#include <vmsim/trace.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * The picture of commit messages: a column per CPU, time downwards. What a CPU does for others
 * stands in its own column.
 */

#define NAME_SIZE (VMSIM_MAX_THREADS * VMSIM_THREAD_NAME_MAX)

/* "CPU0 (Writer, Reader)" */
static void column_name(const struct timeline *timeline, unsigned int column, char *name,
			size_t size)
{
	const char *before = " (";
	int at = snprintf(name, size, "CPU%u", timeline->cpu[column]);

	for (unsigned int i = 0; i < timeline->scenario->nr_threads; i++) {
		if (timeline_cpu(timeline, (int)i) != timeline->cpu[column])
			continue;
		at += snprintf(name + at, size - (size_t)at, "%s%s", before,
			       timeline->scenario->threads[i].name);
		before = ", ";
	}
	if (*before == ',')
		snprintf(name + at, size - (size_t)at, ")");
}

static void print_header(const struct vmsim_columns *columns, const struct timeline *timeline)
{
	char text[VMSIM_MAX_THREADS][NAME_SIZE];
	const char *name[VMSIM_MAX_THREADS];

	for (unsigned int i = 0; i < timeline->nr_columns; i++) {
		column_name(timeline, i, text[i], NAME_SIZE);
		name[i] = text[i];
	}
	vmsim_columns_header(columns, name);
}

static void print_lines(const struct vmsim_columns *columns, const struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->lines.n; i++) {
		const struct line *line = &timeline->lines.line[i];
		bool placed = timeline->full && line->place[0];
		char text[512], mark[16] = "";

		if (line->mark)
			snprintf(mark, sizeof(mark), "(%u) ", line->mark);
		snprintf(text, sizeof(text), "%s%s%s%s", mark, line->text, placed ? ", in " : "",
			 placed ? line->place : "");
		vmsim_columns_print(columns, line->column, text);
	}
}

static void print_violation(const struct vmsim_columns *columns, const struct timeline *timeline)
{
	const struct vmsim_violation *violation = &timeline->result->violation;
	char text[sizeof(*violation)];

	snprintf(text, sizeof(text), "[*] %s%s%s: %s", violation->oracle,
		 violation->rule[0] ? " " : "", violation->rule, violation->text);
	fputc('\n', columns->out);
	vmsim_columns_paragraph(columns, 4, text);
	if (timeline->state && timeline->state[0]) {
		fputs("\nMemory then:\n", columns->out);
		vmsim_columns_paragraph(columns, 4, timeline->state);
	}
}

static const struct line *marked_line(const struct timeline *timeline, unsigned int mark)
{
	for (size_t i = 0; i < timeline->lines.n; i++)
		if (timeline->lines.line[i].mark == mark)
			return &timeline->lines.line[i];
	return NULL;
}

static void print_deciding(const struct vmsim_columns *columns, const struct timeline *timeline)
{
	char text[512];

	if (!marked_line(timeline, 1) || !marked_line(timeline, 2))
		return;
	fputc('\n', columns->out);
	snprintf(text, sizeof(text),
		 "The order of (1) and (2) decides; the other way round %s fails:",
		 timeline->result->deciding.passes ? "nothing" : "something else");
	vmsim_columns_paragraph(columns, 4, text);
	for (unsigned int mark = 1; mark <= 2; mark++) {
		const struct line *line = marked_line(timeline, mark);

		snprintf(text, sizeof(text), "(%u) %s: %s%s%s", mark,
			 timeline_thread(timeline, line->thread), line->text,
			 line->place[0] ? ", in " : "", line->place);
		vmsim_columns_paragraph(columns, 4, text);
	}
}

void timeline_text(const struct timeline *timeline, FILE *out)
{
	struct vmsim_columns columns;

	vmsim_columns_init(&columns, timeline->nr_columns, out);
	/* Of an execution in which nothing worth a line happened there are none. */
	if (timeline->nr_columns)
		print_header(&columns, timeline);
	print_lines(&columns, timeline);
	if (timeline->result->violated)
		print_violation(&columns, timeline);
	print_deciding(&columns, timeline);
}

/**
 * vmsim_timeline_print() - prints an execution as a picture in CPU columns
 * @scenario: what ran
 * @result: what came out, with its events
 * @form: as text, as JSON (docs/json.md), as a graph for dot
 * @full: every event, not only those that a reader needs
 * @out: where to
 *
 * Return: 0; -EINVAL: misuse; -ENODATA: the events were not recorded; -EIO.
 */
int vmsim_timeline_print(const struct vmsim_scenario *scenario, const struct vmsim_result *result,
			 enum vmsim_timeline_form form, bool full, FILE *out)
{
	static void (*const print[])(const struct timeline *timeline, FILE *out) = {
		[VMSIM_TIMELINE_TEXT] = timeline_text,
		[VMSIM_TIMELINE_JSON] = timeline_json,
		[VMSIM_TIMELINE_DOT] = timeline_dot,
	};
	struct timeline timeline;

	if (!scenario || !result || !out || !scenario->nr_threads ||
	    scenario->nr_threads > VMSIM_MAX_THREADS || (unsigned int)form > VMSIM_TIMELINE_DOT)
		return -EINVAL;
	if (!result->events)
		return -ENODATA;
	timeline_build(&timeline, scenario, result, full);
	print[form](&timeline, out);
	timeline_free(&timeline);
	return ferror(out) ? -EIO : 0;
}
