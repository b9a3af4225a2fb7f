// SPDX-License-Identifier: GPL-2.0-only
#include "../../scenarios/registry.h"
#include "../world.h"
#include <vmsim/vmsim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Explores one scenario without its script, once for each strategy that is asked for:
 *
 *   runner SCENARIO TLB[+QUESTION] SEED EXECUTIONS STRATEGY...
 *
 * and prints a line for each: the strategy, "found", "silent" or "exhausted" (silent, and nothing
 * is left), executions, and for what was found the oracle, its rule ("-": none), fewest preemptions
 * and its text. mutations.py links it with a library of which one file has been changed.
 */

#define FAILED 3

/* Fewest preemptions that cutting the failure down comes to. */
static int depth_of(const struct vmsim_scenario *scenario,
		    const struct vmsim_explore_options *options,
		    const struct vmsim_result *result)
{
	const struct vmsim_minimise_limits limits = { .replays = 2000 };
	struct vmsim_minimised minimised;
	char error[512] = "";
	int depth;

	if (vmsim_minimise(scenario, options, &result->schedule, &limits, &minimised, error,
			   sizeof(error))) {
		fprintf(stderr, "runner: cutting down: %s\n", error);
		return -1;
	}
	depth = (int)minimised.preemptions;
	vmsim_minimised_free(&minimised);
	return depth;
}

static int print_found(const struct vmsim_scenario *scenario,
		       const struct vmsim_explore_options *options, const char *strategy,
		       const struct vmsim_result *result)
{
	const struct vmsim_violation *violation = &result->violation;
	int depth = depth_of(scenario, options, result);

	printf("%s found %llu %s %s %d %s\n", strategy, (unsigned long long)result->executions,
	       violation->oracle, violation->rule[0] ? violation->rule : "-", depth,
	       violation->text);
	return depth < 0 ? FAILED : 0;
}

static int explore(const struct vmsim_scenario *scenario, struct vmsim_explore_options *options,
		   const char *strategy)
{
	struct vmsim_result result;
	char error[512] = "";
	int which = vmsim_strategy_parse(strategy);
	int err = 0;

	if (which < 0) {
		fprintf(stderr, "runner: no strategy %s\n", strategy);
		return FAILED;
	}
	options->strategy = (enum vmsim_strategy)which;
	if (vmsim_explore(scenario, options, &result, error, sizeof(error))) {
		fprintf(stderr, "runner: %s: %s\n", strategy, error);
		vmsim_result_free(&result);
		return FAILED;
	}
	if (result.violated)
		err = print_found(scenario, options, strategy, &result);
	else
		printf("%s %s %llu\n", strategy,
		       result.coverage.exhausted ? "exhausted" : "silent",
		       (unsigned long long)result.executions);
	fflush(stdout);
	vmsim_result_free(&result);
	return err;
}

int main(int argc, char **argv)
{
	const struct vmsim_scenario *scenario = argc > 5 ? vmsim_scenario_named(argv[1]) : NULL;
	struct vmsim_explore_options options;

	vmsim_explore_options_init(&options);
	if (!scenario || !world_parse(argv[2], &options)) {
		fprintf(stderr,
			"usage: runner SCENARIO TLB[+QUESTION] SEED EXECUTIONS STRATEGY...\n");
		return 2;
	}
	options.seed = strtoull(argv[3], NULL, 10);
	options.executions = strtoull(argv[4], NULL, 10);
	options.step_limit = 20000;
	for (int i = 5; i < argc; i++)
		if (explore(scenario, &options, argv[i]))
			return FAILED;
	return 0;
}
