// SPDX-License-Identifier: GPL-2.0-only
#include "trace/timeline.h"
#include "trace/record.h"
#include <vmsim/trace.h>
#include <errno.h>
#include <string.h>

#define NAME_SIZE (VMSIM_THREAD_NAME_MAX + 16)

/*
 * The picture of commit messages: a column per thread, time downwards. What a CPU does for others
 * stands in the column of its thread.
 */

static unsigned int cpu_of(const struct vmsim_scenario *scenario, unsigned int thread,
			   enum vmsim_tlb tlb)
{
	return tlb == VMSIM_TLB_UP ? 0 : scenario->threads[thread].cpu;
}

/* The column of a thread, of an interrupt of its CPU, or -1: of nobody. */
static int column_of(const struct vmsim_scenario *scenario, const struct vmsim_result *result,
		     const struct vmsim_event *event)
{
	if (event->tid >= 0)
		return event->tid < (int)scenario->nr_threads ? event->tid : -1;
	if (event->tid != VMSIM_RECORD_IRQ)
		return -1;
	for (unsigned int i = 0; i < scenario->nr_threads; i++) {
		if ((int)cpu_of(scenario, i, result->schedule.tlb) == event->cpu)
			return (int)i;
	}
	return -1;
}

static void print_header(const struct vmsim_columns *columns, const struct vmsim_scenario *scenario,
			 enum vmsim_tlb tlb)
{
	char text[VMSIM_MAX_THREADS][NAME_SIZE];
	const char *name[VMSIM_MAX_THREADS];

	for (unsigned int i = 0; i < columns->n; i++) {
		snprintf(text[i], NAME_SIZE, "CPU%u (%s)", cpu_of(scenario, i, tlb),
			 scenario->threads[i].name);
		name[i] = text[i];
	}
	vmsim_columns_header(columns, name);
}

/* Prints the events; returns the column of the last one, or -1 when it was nobody's. */
static int print_events(const struct vmsim_columns *columns, const struct vmsim_scenario *scenario,
			const struct vmsim_result *result, bool full)
{
	char text[256], last[256] = "";
	int column = -1;

	for (size_t i = 0; i < result->nr_events; i++) {
		const struct vmsim_event *event = &result->events[i];
		enum vmsim_weight weight = vmsim_event_describe(event, text, sizeof(text));
		int previous = column;

		column = column_of(scenario, result, event);
		if (column < 0 || (!full && weight == VMSIM_WEIGHT_DETAIL))
			continue;
		/* The same again, as from a loop that retries, says nothing new. */
		if (!full && column == previous && !strcmp(text, last))
			continue;
		snprintf(last, sizeof(last), "%s", text);
		vmsim_columns_print(columns, (unsigned int)column, text);
	}
	return column;
}

static void print_violation(const struct vmsim_columns *columns, const struct vmsim_result *result,
			    int column)
{
	const struct vmsim_violation *violation = &result->violation;
	const char *gap = violation->rule[0] ? " " : "";
	char text[64];

	snprintf(text, sizeof(text), "[*] %s%s%s", violation->oracle, gap, violation->rule);
	vmsim_columns_print(columns, column < 0 ? 0 : (unsigned int)column, text);
	fprintf(columns->out, "\n[*] %s%s%s: %s\n", violation->oracle, gap, violation->rule,
		violation->text);
}

/**
 * vmsim_timeline_print() - prints an execution as a picture in CPU columns
 * @scenario: what ran
 * @result: what came out, with its events
 * @full: every event, not only those that a reader needs
 * @out: where to
 *
 * Return: 0; -EINVAL: misuse; -ENODATA: the events were not recorded; -EIO.
 */
int vmsim_timeline_print(const struct vmsim_scenario *scenario, const struct vmsim_result *result,
			 bool full, FILE *out)
{
	struct vmsim_columns columns;
	int column;

	if (!scenario || !result || !out || !scenario->nr_threads ||
	    scenario->nr_threads > VMSIM_MAX_THREADS)
		return -EINVAL;
	if (!result->events)
		return -ENODATA;
	vmsim_columns_init(&columns, scenario->nr_threads, out);
	print_header(&columns, scenario, result->schedule.tlb);
	column = print_events(&columns, scenario, result, full);
	if (result->violated)
		print_violation(&columns, result, column);
	return ferror(out) ? -EIO : 0;
}
