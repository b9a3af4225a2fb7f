// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `vmsim run` and `vmsim explore`: the same, but for what decides. */

enum option_key {
	KEY_VARIANT = 256,
	KEY_TLB,
	KEY_OVERRIDE,
	KEY_ORACLES,
	KEY_TIMELINE,
	KEY_FULL,
	KEY_JSON,
	KEY_TRACE_OUT,
	KEY_SAVE,
	KEY_BACKEND,
	KEY_STRATEGY,
	KEY_EXECUTIONS,
	KEY_SEED,
	KEY_DEPTH,
	KEY_STEP_LIMIT,
	KEY_PREEMPTIONS,
	KEY_MEMORY_MODEL,
	KEY_SHARD,
};

struct run_input {
	struct cli_execution execution;
	const char *variant;
	bool has_tlb;
};

#define COMMON_OPTIONS								\
	{ "variant", KEY_VARIANT, "NAME", 0, "the code as it was, or as proposed", 0 },	\
	{ "tlb", KEY_TLB, "BACKEND", 0,						\
	  "flush back-end; faulty:N loses the N-th flush", 0 },			\
	{ "override", KEY_OVERRIDE, "FILE.so", 0,				\
	  "functions that replace the library's; may be repeated", 0 },		\
	{ "oracles", KEY_ORACLES, "LIST", 0, "arm only these, as in O3,O6", 0 },	\
	{ "timeline", KEY_TIMELINE, NULL, 0, "the picture in CPU columns", 0 },	\
	{ "full", KEY_FULL, NULL, 0, "every event in the timeline", 0 },	\
	{ "backend", KEY_BACKEND, "NAME", 0, "fiber (default), or pthread", 0 },	\
	{ "save", KEY_SAVE, "FILE", 0, "write the schedule, for vmsim replay", 0 },	\
	{ "trace-out", KEY_TRACE_OUT, "FILE", 0, "write the events, a JSON object a line", 0 },	\
	{ "json", KEY_JSON, NULL, 0, "as JSON (docs/json.md)", 0 }

static enum vmsim_backend parse_backend(const char *name)
{
	if (!strcmp(name, "fiber"))
		return VMSIM_BACKEND_FIBER;
	if (!strcmp(name, "pthread"))
		return VMSIM_BACKEND_PTHREAD;
	cli_bad_usage("--backend: unknown back-end '%s'", name);
}

static enum vmsim_strategy parse_strategy(const char *name)
{
	static const char *const later[] = { "dfs", "dpor", "states", "portfolio" };

	if (!strcmp(name, "script"))
		return VMSIM_STRATEGY_SCRIPT;
	if (!strcmp(name, "random"))
		return VMSIM_STRATEGY_RANDOM;
	if (!strcmp(name, "pct"))
		return VMSIM_STRATEGY_PCT;
	if (!strcmp(name, "native"))
		return VMSIM_STRATEGY_NATIVE;
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		if (!strcmp(name, later[i]))
			cli_bad_usage("not built yet: --strategy %s", name);
	}
	cli_bad_usage("--strategy: unknown strategy '%s'", name);
}

static void parse_memory_model(const char *name)
{
	if (!strcmp(name, "tso") || !strcmp(name, "pso"))
		cli_bad_usage("not built yet: --memory-model %s", name);
	if (strcmp(name, "sc"))
		cli_bad_usage("--memory-model: unknown model '%s'", name);
}

static void add_override(struct cli_execution *execution, const char *path)
{
	if (execution->nr_overrides == CLI_MAX_OVERRIDES)
		cli_bad_usage("--override: more than %d files", CLI_MAX_OVERRIDES);
	execution->overrides[execution->nr_overrides++] = path;
}

static void parse_scenario(struct run_input *input, const char *name)
{
	if (input->execution.scenario)
		cli_bad_usage("unexpected argument '%s'", name);
	input->execution.scenario = cli_find_scenario(name);
}

static error_t parse_exploring(int key, char *arg, struct vmsim_explore_options *options)
{
	switch (key) {
	case KEY_STRATEGY:
		options->strategy = parse_strategy(arg);
		return 0;
	case KEY_EXECUTIONS:
		options->executions = cli_number("executions", arg, 1, INT64_MAX);
		return 0;
	case KEY_SEED:
		options->seed = cli_number("seed", arg, 0, INT64_MAX);
		return 0;
	case KEY_DEPTH:
		options->pct_depth = (unsigned int)cli_number("depth", arg, 1, 16);
		return 0;
	case KEY_STEP_LIMIT:
		options->step_limit = cli_number("step-limit", arg, 1, INT64_MAX);
		return 0;
	case KEY_PREEMPTIONS:
		cli_bad_usage("not built yet: --preemptions");
	case KEY_SHARD:
		cli_bad_usage("not built yet: --shard");
	case KEY_MEMORY_MODEL:
		parse_memory_model(arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_input *input = state->input;
	struct cli_execution *execution = &input->execution;

	switch (key) {
	case KEY_VARIANT:
		input->variant = arg;
		return 0;
	case KEY_TLB:
		cli_parse_tlb(arg, &execution->options.tlb, &execution->options.faulty_nth);
		input->has_tlb = true;
		return 0;
	case KEY_OVERRIDE:
		add_override(execution, arg);
		return 0;
	case KEY_ORACLES:
		execution->options.oracles = cli_parse_oracles(arg);
		return 0;
	case KEY_FULL:
		execution->full = true;
		/* fall through */
	case KEY_TIMELINE:
		execution->timeline = true;
		return 0;
	case KEY_JSON:
		execution->json = true;
		return 0;
	case KEY_TRACE_OUT:
		execution->trace_out = arg;
		return 0;
	case KEY_SAVE:
		execution->save = arg;
		return 0;
	case KEY_BACKEND:
		execution->options.backend = parse_backend(arg);
		return 0;
	case ARGP_KEY_ARG:
		parse_scenario(input, arg);
		return 0;
	default:
		return parse_exploring(key, arg, &execution->options);
	}
}

static int run(const struct argp *argp, int argc, char **argv, enum vmsim_strategy strategy,
	       uint64_t executions)
{
	struct run_input input = { 0 };
	struct cli_execution *execution = &input.execution;

	vmsim_explore_options_init(&execution->options);
	execution->options.strategy = strategy;
	execution->options.executions = executions;
	cli_parse_options(argp, argc, argv, &input);
	if (!execution->scenario)
		cli_bad_usage("no scenario; see vmsim list");
	execution->variant = cli_find_variant(execution->scenario, input.variant);
	if (!input.has_tlb)
		execution->options.tlb = execution->scenario->config.tlb;
	if (execution->options.strategy == VMSIM_STRATEGY_NATIVE &&
	    (execution->save || execution->timeline))
		cli_bad_usage("--strategy native: there is no schedule to save or to draw");
	return cli_execute(execution);
}

int cli_run(int argc, char **argv)
{
	static const struct argp_option options[] = { COMMON_OPTIONS, { 0 } };
	static const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "SCENARIO",
		.doc = "Runs the script of a scenario once.",
	};

	return run(&argp, argc, argv, VMSIM_STRATEGY_SCRIPT, 1);
}

int cli_explore(int argc, char **argv)
{
	static const struct argp_option options[] = {
		COMMON_OPTIONS,
		{ "strategy", KEY_STRATEGY, "NAME", 0, "script, random, pct (default), native", 1 },
		{ "executions", KEY_EXECUTIONS, "N", 0, "at most so many (10000)", 1 },
		{ "seed", KEY_SEED, "N", 0, "of the first execution (1)", 1 },
		{ "depth", KEY_DEPTH, "N", 0, "of pct: changes of priority plus one (3)", 1 },
		{ "step-limit", KEY_STEP_LIMIT, "N", 0, "decisions per execution", 1 },
		{ "preemptions", KEY_PREEMPTIONS, "N", 0, "bound of dfs (not built yet)", 1 },
		{ "memory-model", KEY_MEMORY_MODEL, "NAME", 0, "sc (tso, pso: not built yet)", 1 },
		{ "shard", KEY_SHARD, "I/N", 0, "part of the work (not built yet)", 1 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "SCENARIO",
		.doc = "Runs a scenario until an execution fails.",
	};

	return run(&argp, argc, argv, VMSIM_STRATEGY_PCT, 10000);
}
