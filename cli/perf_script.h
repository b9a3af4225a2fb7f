/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CLI_PERF_SCRIPT_H
#define VMSIM_CLI_PERF_SCRIPT_H

#include <stdio.h>
#include <zlib.h>

/*
 * What `perf record` must be told to record, and how `perf script` must print it: pid, tid, CPU, time
 * in nanoseconds, event and what it says; and the records of mappings, tasks and lost events.
 */
extern const char perf_script_events[];
extern const char *const perf_script_options[];

/*
 * Turns the output of `perf script` into a .vmtrace, which begins with the first exec.
 * Return: 0; -EINVAL: "NAME:LINE: what" is in @error; -ENOMEM; -EIO: @out cannot be written.
 */
int perf_script_convert(FILE *in, const char *name, gzFile out, char *error, size_t error_size);

#endif
