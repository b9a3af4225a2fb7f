/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_H
#define VMSIM_TRACE_H

#include <vmsim/explore.h>

enum vmsim_timeline_form {
	VMSIM_TIMELINE_TEXT,
	VMSIM_TIMELINE_JSON,
	VMSIM_TIMELINE_DOT,
};

/* The picture in CPU columns: what happened, time downwards, and where the rule broke. */
VMSIM_API int vmsim_timeline_print(const struct vmsim_scenario *scenario,
				   const struct vmsim_result *result,
				   enum vmsim_timeline_form form, bool full, FILE *out);

/** struct vmsim_replay_stats - a recorded program against the model: what agreed */
struct vmsim_replay_stats {
	uint64_t events;
	uint64_t faults, faults_agreed;
	uint64_t protection_faults, protection_faults_agreed;
	uint64_t copies, copies_agreed, reuses, reuses_agreed;
	uint64_t anon_steps, anon_agreed;
	uint64_t file_steps, file_agreed;
	uint64_t disagreements;
};

/**
 * struct vmsim_disagreement - one answer of the model that differs from the recorded one
 * @line: of the trace
 * @kind: "fault", "anon-rss", "file-rss", "copy"
 * @text: both answers
 */
struct vmsim_disagreement {
	uint64_t line;
	const char *kind;
	char text[160];
};

/**
 * vmsim_vmtrace_replay() - drives a recorded program through the model
 * @path: a .vmtrace or .vmtrace.gz file
 * @stats: what agreed
 * @list: filled with the first disagreements
 * @list_size: capacity of @list
 * @error: text of the error, "FILE:LINE: what"
 *
 * Return: 0, -EINVAL for a malformed trace, -errno for other failures.
 */
VMSIM_API int vmsim_vmtrace_replay(const char *path, struct vmsim_replay_stats *stats,
				   struct vmsim_disagreement *list, size_t list_size,
				   char *error, size_t error_size);

#endif
