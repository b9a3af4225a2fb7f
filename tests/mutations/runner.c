// SPDX-License-Identifier: GPL-2.0-only
#include "../../scenarios/registry.h"
#include <vmsim/vmsim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Explores one scenario without its script, once for each strategy that is asked for:
 *
 *   runner SCENARIO TLB SEED EXECUTIONS STRATEGY...
 *
 * and prints a line for each: the strategy, "found" or "silent", executions, and for what was found
 * the oracle, its rule ("-": none), decisions and preemptions of the failing execution, and its
 * text. mutations.py links it with a library of which one file has been changed.
 */

#define FAILED 3

static const struct vmsim_scenario *scenario_named(const char *name)
{
	for (int i = 0; vmsim_scenarios[i]; i++)
		if (!strcmp(vmsim_scenarios[i]->name, name))
			return vmsim_scenarios[i];
	return NULL;
}

static int strategy_named(const char *name)
{
	static const struct {
		const char *name;
		enum vmsim_strategy strategy;
	} known[] = {
		{ "random", VMSIM_STRATEGY_RANDOM },
		{ "pct", VMSIM_STRATEGY_PCT },
		{ "dfs", VMSIM_STRATEGY_DFS },
		{ "dpor", VMSIM_STRATEGY_DPOR },
		{ "states", VMSIM_STRATEGY_STATES },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(name, known[i].name))
			return (int)known[i].strategy;
	return -1;
}

static void print_found(const char *strategy, const struct vmsim_result *result)
{
	const struct vmsim_violation *violation = &result->violation;

	printf("%s found %llu %s %s %llu %s\n", strategy, (unsigned long long)result->executions,
	       violation->oracle, violation->rule[0] ? violation->rule : "-",
	       (unsigned long long)result->decisions, violation->text);
}

static int explore(const struct vmsim_scenario *scenario, struct vmsim_explore_options *options,
		   const char *strategy)
{
	struct vmsim_result result;
	char error[512] = "";
	int which = strategy_named(strategy);

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
		print_found(strategy, &result);
	else
		printf("%s silent %llu\n", strategy, (unsigned long long)result.executions);
	fflush(stdout);
	vmsim_result_free(&result);
	return 0;
}

int main(int argc, char **argv)
{
	const struct vmsim_scenario *scenario = argc > 5 ? scenario_named(argv[1]) : NULL;
	struct vmsim_explore_options options;
	int tlb = argc > 5 ? vmsim_tlb_parse(argv[2]) : -1;

	if (!scenario || tlb < 0) {
		fprintf(stderr, "usage: runner SCENARIO TLB SEED EXECUTIONS STRATEGY...\n");
		return 2;
	}
	vmsim_explore_options_init(&options);
	options.tlb = (enum vmsim_tlb)tlb;
	options.seed = strtoull(argv[3], NULL, 10);
	options.executions = strtoull(argv[4], NULL, 10);
	options.step_limit = 20000;
	for (int i = 5; i < argc; i++)
		if (explore(scenario, &options, argv[i]))
			return FAILED;
	return 0;
}
