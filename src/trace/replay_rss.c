// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model's answers against the recorded ones. Steps of a counter come in the same order on both
 * sides; which side shows a step first depends on the event: a fault is written before it is
 * served, a system call when it returns.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trace/replay.h"

static const char *const rss_kind[VMTRACE_COUNTERS] = {
	[VMTRACE_RSS_FILE] = "file-rss",
	[VMTRACE_RSS_ANON] = "anon-rss",
	[VMTRACE_RSS_SWAP] = "swap-rss",
	[VMTRACE_RSS_SHMEM] = "shmem-rss",
};

void replay_disagree(struct replay_report *report, uint64_t line, const char *kind,
		     const char *format, ...)
{
	uint64_t n = report->stats->disagreements++;
	struct vmsim_disagreement *entry;
	va_list args;

	if (n >= report->list_size)
		return;
	entry = &report->list[n];
	entry->line = line;
	entry->kind = kind;
	va_start(args, format);
	vsnprintf(entry->text, sizeof(entry->text), format, args);
	va_end(args);
}

static int push(struct replay_steps *steps, struct replay_step step)
{
	if (steps->n == steps->capacity) {
		size_t capacity = steps->capacity ? 2 * steps->capacity : 8;
		void *array = realloc(steps->step, capacity * sizeof(*steps->step));

		if (!array)
			return -ENOMEM;
		steps->step = array;
		steps->capacity = capacity;
	}
	steps->step[steps->n++] = step;
	return 0;
}

static bool empty(const struct replay_steps *steps)
{
	return steps->first == steps->n;
}

static struct replay_step pop(struct replay_steps *steps)
{
	struct replay_step step = steps->step[steps->first++];

	if (empty(steps))
		steps->first = steps->n = 0;
	return step;
}

void replay_mm_free(struct replay_mm *mm)
{
	for (int i = 0; i < VMTRACE_COUNTERS; i++) {
		free(mm->predicted[i].step);
		free(mm->recorded[i].step);
	}
	memset(mm, 0, sizeof(*mm));
}

int replay_predict(struct replay_mm *mm, enum vmtrace_counter counter, struct replay_step step)
{
	mm->last[counter] = step.bytes;
	return push(&mm->predicted[counter], step);
}

int replay_record(struct replay_mm *mm, enum vmtrace_counter counter, struct replay_step step)
{
	return push(&mm->recorded[counter], step);
}

static void count_step(struct vmsim_replay_stats *stats, enum vmtrace_counter counter, bool agreed)
{
	if (counter == VMTRACE_RSS_ANON) {
		stats->anon_steps++;
		stats->anon_agreed += agreed;
	} else {
		stats->file_steps++;
		stats->file_agreed += agreed;
	}
}

static void match_counter(struct replay_report *report, struct replay_mm *mm,
			  enum vmtrace_counter counter)
{
	struct replay_steps *predicted = &mm->predicted[counter];
	struct replay_steps *recorded = &mm->recorded[counter];

	while (!empty(predicted) && !empty(recorded)) {
		struct replay_step model = pop(predicted), kernel = pop(recorded);
		bool agreed = model.bytes == kernel.bytes;

		count_step(report->stats, counter, agreed);
		if (!agreed)
			replay_disagree(report, kernel.line, rss_kind[counter],
					"recorded %" PRIu64 ", model %" PRIu64, kernel.bytes,
					model.bytes);
	}
}

void replay_match(struct replay_report *report, struct replay_mm *mm)
{
	for (int i = 0; i < VMTRACE_COUNTERS; i++)
		match_counter(report, mm, (enum vmtrace_counter)i);
}

void replay_settle_predicted(struct replay_report *report, struct replay_mm *mm)
{
	for (int i = 0; i < VMTRACE_COUNTERS; i++) {
		while (!empty(&mm->predicted[i])) {
			struct replay_step model = pop(&mm->predicted[i]);

			replay_disagree(report, model.line, rss_kind[i],
					"recorded no step, model %" PRIu64, model.bytes);
		}
	}
}

void replay_settle_recorded(struct replay_report *report, struct replay_mm *mm)
{
	for (int i = 0; i < VMTRACE_COUNTERS; i++) {
		while (!empty(&mm->recorded[i])) {
			struct replay_step kernel = pop(&mm->recorded[i]);

			count_step(report->stats, (enum vmtrace_counter)i, false);
			replay_disagree(report, kernel.line, rss_kind[i],
					"recorded %" PRIu64 ", model stays at %" PRIu64,
					kernel.bytes, mm->last[i]);
		}
	}
}
