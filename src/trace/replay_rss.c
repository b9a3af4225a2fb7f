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

/*
 * Anonymous memory must agree exactly. How many pages of files a fault maps depends on what the
 * page cache held, which no trace tells: there, each step's change is compared, so that one fault
 * that met another page cache makes one disagreement, and not one with every step after it.
 */
static bool step_agrees(struct replay_mm *mm, enum vmtrace_counter counter, uint64_t kernel,
			uint64_t model)
{
	uint64_t drift = counter == VMTRACE_RSS_ANON ? 0 : mm->drift[counter];

	mm->drift[counter] = model - kernel;
	mm->shown[counter] = kernel;
	return model - kernel == drift;
}

static void compare_step(struct replay_report *report, struct replay_mm *mm,
			 enum vmtrace_counter counter, struct replay_step model,
			 struct replay_step kernel)
{
	int64_t kernel_pages = (int64_t)(kernel.bytes - mm->shown[counter]) / 4096;
	int64_t drift = (int64_t)mm->drift[counter];
	bool agreed = step_agrees(mm, counter, kernel.bytes, model.bytes);
	int64_t model_pages = kernel_pages + ((int64_t)mm->drift[counter] - drift) / 4096;

	count_step(report->stats, counter, agreed);
	if (!agreed)
		replay_disagree(report, kernel.line, rss_kind[counter],
				"recorded %" PRIu64 " (%+" PRId64 " pages), model %" PRIu64
				" (%+" PRId64 ")", kernel.bytes, kernel_pages, model.bytes,
				model_pages);
}

static void match_counter(struct replay_report *report, struct replay_mm *mm,
			  enum vmtrace_counter counter)
{
	struct replay_steps *predicted = &mm->predicted[counter];
	struct replay_steps *recorded = &mm->recorded[counter];

	while (!empty(predicted) && !empty(recorded))
		compare_step(report, mm, counter, pop(predicted), pop(recorded));
}

void replay_match(struct replay_report *report, struct replay_mm *mm)
{
	for (int i = 0; i < VMTRACE_COUNTERS; i++)
		match_counter(report, mm, (enum vmtrace_counter)i);
}

void replay_forget_predicted(struct replay_mm *mm)
{
	for (int i = 0; i < VMTRACE_COUNTERS; i++) {
		mm->predicted[i].first = mm->predicted[i].n = 0;
		mm->shown[i] = mm->last[i];
	}
}

void replay_settle_predicted(struct replay_report *report, struct replay_mm *mm)
{
	for (int i = 0; i < VMTRACE_COUNTERS; i++) {
		while (!empty(&mm->predicted[i])) {
			struct replay_step model = pop(&mm->predicted[i]);

			mm->drift[i] = model.bytes - mm->shown[i];
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
			step_agrees(mm, (enum vmtrace_counter)i, kernel.bytes, mm->last[i]);
			replay_disagree(report, kernel.line, rss_kind[i],
					"recorded %" PRIu64 ", model stays at %" PRIu64,
					kernel.bytes, mm->last[i]);
		}
	}
}
