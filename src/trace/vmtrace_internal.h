/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_VMTRACE_INTERNAL_H
#define VMSIM_TRACE_VMTRACE_INTERNAL_H

#include "trace/vmtrace.h"

#define VMTRACE_LINE_MAX 1024

/**
 * struct vmtrace_parser - what is known of a trace so far
 * @name: of the file, for errors
 * @line: number of the line at hand
 * @last_ns: time of the last event
 * @events, @syscalls: how many there were of each kind
 * @counts: number of counts at the end that agreed
 * @buffer: the beginning of a line whose end has not come yet, @buffered bytes
 */
struct vmtrace_parser {
	const char *name;
	uint64_t line;
	uint64_t last_ns;
	uint64_t events[VMTRACE_OPS];
	uint64_t syscalls[VMTRACE_SYSCALLS];
	uint64_t counts;
	vmtrace_sink sink;
	void *arg;
	char *error;
	size_t error_size;
	size_t buffered;
	char buffer[VMTRACE_LINE_MAX];
};

/* Lines (vmtrace.c). The line has no newline. */
int vmtrace_parse_line(struct vmtrace_parser *parser, const char *text, size_t length);
int vmtrace_parse_end(struct vmtrace_parser *parser);
int vmtrace_malformed(struct vmtrace_parser *parser, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
