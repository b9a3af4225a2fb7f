// SPDX-License-Identifier: GPL-2.0-only
#include "instrument_work.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <vmsim/vmsim.h>

/*
 * vmsim-bench-full: what a plain access costs more when it is instrumented. Memory that is no
 * machine's; that of a machine at granularity sync; at granularity full, with the decision alone
 * and with the race detector.
 */

#define RUNS 11

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static double per_access(void (*work)(long *words, unsigned long rounds), long *words,
			 unsigned long rounds)
{
	double best = 1e18;

	for (int run = 0; run < RUNS; run++) {
		double begin = now(), took;

		work(words, rounds);
		took = (now() - begin) / (double)(rounds * WORK_ACCESSES);
		best = took < best ? took : best;
	}
	return best;
}

/* What one thread of an execution measured. */
static double explored;

struct words {
	long word[WORK_ACCESSES / 2];
};

static int measure(struct vmsim_world *world)
{
	struct words *words = world->ctx;

	explored = per_access(work_instrumented, words->word, 2000);
	return 0;
}

static int explore(enum vmsim_granularity granularity, uint64_t oracles)
{
	static const struct vmsim_thread_def threads[] = { { .name = "Worker", .fn = measure } };
	struct vmsim_scenario scenario = {
		.name = "instrument",
		.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 1, .frames = 64 },
		.bare = true,
		.ctx_size = sizeof(struct words),
		.threads = threads,
		.nr_threads = 1,
	};
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256];
	int err;

	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_RANDOM;
	options.granularity = granularity;
	options.oracles = oracles;
	options.step_limit = 1000000000;
	err = vmsim_explore(&scenario, &options, &result, error, sizeof(error));
	if (err)
		fprintf(stderr, "vmsim-bench-full: %s\n", error);
	else if (result.violated)
		fprintf(stderr, "vmsim-bench-full: %s\n", result.violation.text);
	err |= result.violated;
	vmsim_result_free(&result);
	return err;
}

static void print(const char *what, double ns, double plain)
{
	printf("%-46s %8.2f ns an access, %8.2f more than plain\n", what, ns, ns - plain);
}

int main(void)
{
	static long words[WORK_ACCESSES / 2];
	double plain = per_access(work_plain, words, 1000000);

	print("not instrumented", plain, plain);
	print("no machine's memory", per_access(work_instrumented, words, 1000000), plain);
	if (explore(VMSIM_GRANULARITY_SYNC, VMSIM_ORACLE_BIT(O20)))
		return EXIT_FAILURE;
	print("a machine's, granularity sync", explored, plain);
	if (explore(VMSIM_GRANULARITY_FULL, VMSIM_ORACLE_BIT(O20)))
		return EXIT_FAILURE;
	print("granularity full: a decision", explored, plain);
	if (explore(VMSIM_GRANULARITY_FULL, VMSIM_ORACLE_BIT(O23)))
		return EXIT_FAILURE;
	print("granularity full: a decision, O23", explored, plain);
	return EXIT_SUCCESS;
}
