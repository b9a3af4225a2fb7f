// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measurements of the simulated machine beside the same work by system calls, in the same run and
 * in turns, and in units of one atomic read-modify-write of that run. Each figure is the median of
 * several runs.
 */
#include "bench.h"
#include "explore.h"
#include "options.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLDS 2
#define CALLS 2000

enum figure_id {
	FIGURE_ANON_FAULT,
	FIGURE_MUNMAP,
	FIGURE_SHARED_FAULT,
	FIGURE_CALL_ALONE,
	FIGURE_CALL_REMOTE,
	FIGURE_ONE_THREAD,
	FIGURE_TWO_THREADS,
	FIGURE_FORK,
	FIGURE_COPY,
	FIGURE_REUSE,
	FIGURE_GUP,
	FIGURE_PIN,
	FIGURE_UNPIN,
	FIGURE_COUNT
};

struct samples {
	double value[FIGURE_COUNT][BENCH_MAX_RUNS];
	unsigned int count[FIGURE_COUNT];
};

/* What is printed: a figure, or a difference or quotient of two. */
struct row {
	const char *name;
	const char *what;
	enum figure_id figure, base;
	enum { PLAIN, DIFFERENCE, SPEEDUP } kind;
};

static const struct row rows[] = {
	{ "anon-fault", "anonymous write fault, per page, zeroing included", FIGURE_ANON_FAULT,
	  FIGURE_ANON_FAULT, PLAIN },
	{ "munmap", "munmap of touched anonymous memory, per page", FIGURE_MUNMAP, FIGURE_MUNMAP,
	  PLAIN },
	{ "shared-fault", "shared file write fault, page in the cache, per page",
	  FIGURE_SHARED_FAULT, FIGURE_SHARED_FAULT, PLAIN },
	{ "shootdown", "remote shootdown of one polling CPU, added per call", FIGURE_CALL_REMOTE,
	  FIGURE_CALL_ALONE, DIFFERENCE },
	{ "two-threads", "two threads in one mm against one, pages per second",
	  FIGURE_TWO_THREADS, FIGURE_ONE_THREAD, SPEEDUP },
	{ "fork", "fork, per touched anonymous page", FIGURE_FORK, FIGURE_FORK, PLAIN },
	{ "cow-copy", "first write after a fork, per page: it is copied", FIGURE_COPY, FIGURE_COPY,
	  PLAIN },
	{ "cow-reuse", "write of the other process, per page: it is reused", FIGURE_REUSE,
	  FIGURE_REUSE, PLAIN },
	{ "gup-fast", "reference by GUP-fast, per page (host: vmsplice)", FIGURE_GUP, FIGURE_GUP,
	  PLAIN },
	{ "pin", "pin by GUP-fast, per page (host: io_uring buffer)", FIGURE_PIN, FIGURE_PIN,
	  PLAIN },
	{ "unpin", "unpinning, per page (host: io_uring buffer)", FIGURE_UNPIN, FIGURE_UNPIN,
	  PLAIN },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(double *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), compare_doubles);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static double figure(struct samples *samples, enum figure_id id)
{
	return median(samples->value[id], samples->count[id]);
}

static double row_value(const struct row *row, struct samples *samples)
{
	double value = figure(samples, row->figure);

	switch (row->kind) {
	case DIFFERENCE:
		return value - figure(samples, row->base);
	case SPEEDUP:
		return figure(samples, row->base) / value;
	default:
		return value;
	}
}

static void keep(struct samples *samples, enum figure_id id, double value)
{
	samples->value[id][samples->count[id]++] = value;
}

static bool row_wanted(const struct bench_options *options, enum figure_id id)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].figure == id || rows[i].base == id) && options->wanted & 1u << i)
			return true;
	return false;
}

static int run_fork(const struct bench_world *world, const struct bench_size *size,
		    struct samples *samples)
{
	struct bench_fork times;
	int result = world->fork(size, &times);

	if (result)
		return result;
	keep(samples, FIGURE_FORK, times.fork);
	keep(samples, FIGURE_COPY, times.copy);
	keep(samples, FIGURE_REUSE, times.reuse);
	return 0;
}

static int run_hold(const struct bench_world *world, const struct bench_size *size,
		    struct samples *samples)
{
	struct bench_hold times;
	int result = world->hold(size, &times);

	if (result)
		return result;
	keep(samples, FIGURE_GUP, times.gup);
	keep(samples, FIGURE_PIN, times.pin);
	keep(samples, FIGURE_UNPIN, times.unpin);
	return 0;
}

/* One run of everything that is wanted in one world; its first run only warms up. */
static int run_world(const struct bench_world *world, const struct bench_options *options,
		     struct samples *samples)
{
	const struct bench_size amount = { .pages = options->amount, .calls = CALLS };
	const struct bench_size *size = &amount;
	double first, second;
	int result;

	if (row_wanted(options, FIGURE_ANON_FAULT) || row_wanted(options, FIGURE_MUNMAP)) {
		result = world->faults_and_munmap(size, &first, &second);
		if (result)
			return result;
		keep(samples, FIGURE_ANON_FAULT, first);
		keep(samples, FIGURE_MUNMAP, second);
	}
	if (row_wanted(options, FIGURE_SHARED_FAULT)) {
		result = world->shared_fault(size, &first);
		if (result)
			return result;
		keep(samples, FIGURE_SHARED_FAULT, first);
	}
	if (row_wanted(options, FIGURE_CALL_REMOTE)) {
		result = world->flush_call(size, false, &first);
		if (!result)
			result = world->flush_call(size, true, &second);
		if (result)
			return result;
		keep(samples, FIGURE_CALL_ALONE, first);
		keep(samples, FIGURE_CALL_REMOTE, second);
	}
	if (row_wanted(options, FIGURE_TWO_THREADS)) {
		result = world->faults_by(size, 1, &first);
		if (!result)
			result = world->faults_by(size, 2, &second);
		if (result)
			return result;
		keep(samples, FIGURE_ONE_THREAD, first);
		keep(samples, FIGURE_TWO_THREADS, second);
	}
	if (row_wanted(options, FIGURE_FORK) || row_wanted(options, FIGURE_COPY) ||
	    row_wanted(options, FIGURE_REUSE)) {
		result = run_fork(world, size, samples);
		if (result)
			return result;
	}
	if (row_wanted(options, FIGURE_GUP) || row_wanted(options, FIGURE_PIN) ||
	    row_wanted(options, FIGURE_UNPIN))
		return run_hold(world, size, samples);
	return 0;
}

static int measure(const struct bench_options *options, struct samples *samples, double *rmw)
{
	static const struct bench_world *const worlds[WORLDS] = { &bench_simulated, &bench_host };
	double rmw_samples[BENCH_MAX_RUNS];

	for (unsigned int run = 0; run <= options->runs; run++) {
		for (unsigned int i = 0; i < WORLDS; i++) {
			int result = run_world(worlds[i], options, &samples[i]);

			if (result) {
				fprintf(stderr, "vmsim bench: %s: %s\n", worlds[i]->name,
					strerror(-result));
				return 3;
			}
			if (run == 0)
				memset(samples[i].count, 0, sizeof(samples[i].count));
		}
		if (run)
			rmw_samples[run - 1] = bench_atomic_rmw();
	}
	*rmw = median(rmw_samples, options->runs);
	return 0;
}

static void print_table(const struct bench_options *options, struct samples *samples, double rmw)
{
	printf("A = %.2f ns: one uncontended atomic read-modify-write; medians of %u runs\n", rmw,
	       options->runs);
	printf("%-12s %12s %10s %12s %12s  %s\n", "name", "vmsim", "in A", "host", "vmsim/host",
	       "what");
	for (size_t i = 0; i < ROWS; i++) {
		double simulated, host;

		if (!(options->wanted & 1u << i))
			continue;
		simulated = row_value(&rows[i], &samples[0]);
		host = row_value(&rows[i], &samples[1]);
		if (rows[i].kind == SPEEDUP)
			printf("%-12s %11.2fx %10s %11.2fx %12s  %s\n", rows[i].name, simulated,
			       "", host, "", rows[i].what);
		else
			printf("%-12s %9.1f ns %10.1f %9.1f ns %12.3f  %s\n", rows[i].name,
			       simulated, simulated / rmw, host, simulated / host, rows[i].what);
	}
}

static int print_json(const struct bench_options *options, struct samples *samples, double rmw)
{
	json_t *root = json_object(), *list = json_array();
	int result;

	json_object_set_new(root, "atomic_rmw_ns", json_real(rmw));
	json_object_set_new(root, "runs", json_integer(options->runs));
	json_object_set_new(root, "pages", json_integer((json_int_t)options->amount));
	json_object_set_new(root, "figures", list);
	for (size_t i = 0; i < ROWS; i++) {
		json_t *item, *value;

		if (!(options->wanted & 1u << i))
			continue;
		item = json_object();
		json_object_set_new(item, "name", json_string(rows[i].name));
		json_object_set_new(item, "what", json_string(rows[i].what));
		json_object_set_new(item, "unit",
				    json_string(rows[i].kind == SPEEDUP ? "x" : "ns"));
		json_object_set_new(item, "vmsim", json_real(row_value(&rows[i], &samples[0])));
		/* Jansson knows no NaN: what the host cannot do is null. */
		value = json_real(row_value(&rows[i], &samples[1]));
		json_object_set_new(item, "host", value ? value : json_null());
		json_array_append_new(list, item);
	}
	result = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) ? 3 : 0;
	putchar('\n');
	json_decref(root);
	return result;
}

static const char *row_name(unsigned int index)
{
	return index < ROWS ? rows[index].name : NULL;
}

static const struct bench_syntax syntax = {
	.command = "vmsim bench",
	.usage = "usage: vmsim bench [NAME...] [--json] [--runs N] [--pages N]\n"
		 "       vmsim bench explore ...",
	.amount = "--pages",
	.most = 1ul << 18,
	.name = row_name,
};

int vmsim_bench_main(int argc, char **argv)
{
	struct bench_options options = { .runs = 9, .amount = 8192 };
	struct samples *samples;
	double rmw = 0;
	int result;

	if (argc > 1 && !strcmp(argv[1], "explore"))
		return vmsim_bench_explore_main(argc - 1, argv + 1);
	result = bench_parse(&syntax, argc, argv, &options);
	if (result)
		return result;
	samples = calloc(WORLDS, sizeof(*samples));
	if (!samples) {
		fprintf(stderr, "vmsim bench: out of memory\n");
		return 3;
	}
	result = measure(&options, samples, &rmw);
	if (!result && options.json)
		result = print_json(&options, samples, rmw);
	else if (!result)
		print_table(&options, samples, rmw);
	free(samples);
	return result;
}
