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
	KEY_DOT,
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
	KEY_GRANULARITY,
	KEY_ASK,
	KEY_TIME_LIMIT,
	KEY_MEMORY_LIMIT,
	KEY_KEEP_GOING,
	KEY_MINIMISE,
	KEY_SAVE_SEARCH,
	KEY_RESUME,
	KEY_SHARD,
	KEY_MERGE,
};

struct run_input {
	struct cli_execution execution;
	const char *variant;
	bool has_tlb, merge;
	const char **files;	/* with --merge */
	size_t nr_files;
};

#define COMMON_OPTIONS								\
	{ "variant", KEY_VARIANT, "NAME", 0, "the code as it was, or as proposed", 0 },	\
	{ "tlb", KEY_TLB, "BACKEND", 0,						\
	  "flush back-end; faulty:N loses the N-th flush", 0 },			\
	{ "memory-model", KEY_MEMORY_MODEL, "NAME", 0, "sc (default), tso, pso", 0 },	\
	{ "override", KEY_OVERRIDE, "FILE.so", 0,				\
	  "functions that replace the library's; may be repeated", 0 },		\
	{ "oracles", KEY_ORACLES, "LIST", 0, "arm only these, as in O3,O6", 0 },	\
	{ "timeline", KEY_TIMELINE, NULL, 0, "the picture in CPU columns", 0 },	\
	{ "full", KEY_FULL, NULL, 0, "every event in the timeline", 0 },	\
	{ "dot", KEY_DOT, NULL, 0, "the timeline as a graph for dot, and nothing else", 0 }, \
	{ "backend", KEY_BACKEND, "NAME", 0, "fiber (default), or pthread", 0 },	\
	{ "save", KEY_SAVE, "FILE", 0, "write the schedule, for vmsim replay", 0 },	\
	{ "trace-out", KEY_TRACE_OUT, "FILE", 0, "write the events, a JSON object a line", 0 },	\
	{ "json", KEY_JSON, NULL, 0, "as JSON (docs/json.md)", 0 }

static enum vmsim_strategy parse_strategy(const char *name)
{
	int strategy = vmsim_strategy_parse(name);

	if (strategy == VMSIM_STRATEGY_REPLAY)
		cli_bad_usage("--strategy: a schedule is replayed by vmsim replay");
	if (strategy < 0)
		cli_bad_usage("--strategy: unknown strategy '%s'", name);
	return (enum vmsim_strategy)strategy;
}

static enum vmsim_memory_model parse_memory_model(const char *name)
{
	int model = vmsim_memory_model_parse(name);

	if (model < 0)
		cli_bad_usage("--memory-model: unknown model '%s'", name);
	return (enum vmsim_memory_model)model;
}

static enum vmsim_granularity parse_granularity(const char *name)
{
	if (!strcmp(name, "sync"))
		return VMSIM_GRANULARITY_SYNC;
	if (!strcmp(name, "full"))
		return VMSIM_GRANULARITY_FULL;
	cli_bad_usage("--granularity: unknown granularity '%s'", name);
}

/* "I/N", the first of N is 1. */
static void parse_shard(const char *text, struct vmsim_explore_options *options)
{
	char *copy = strdup(text);
	char *slash = copy ? strchr(copy, '/') : NULL;

	if (!slash)
		cli_bad_usage("--shard: '%s' is not of the form I/N", text);
	*slash = '\0';
	options->shards = (unsigned int)cli_number("shard", slash + 1, 1, CLI_MAX_SHARDS);
	options->shard = (unsigned int)cli_number("shard", copy, 1, options->shards) - 1;
	free(copy);
}

static void add_override(struct cli_execution *execution, const char *path)
{
	if (execution->nr_overrides == CLI_MAX_OVERRIDES)
		cli_bad_usage("--override: more than %d files", CLI_MAX_OVERRIDES);
	execution->overrides[execution->nr_overrides++] = path;
}

static void add_file(struct run_input *input, const char *path)
{
	input->files = reallocarray(input->files, input->nr_files + 1, sizeof(*input->files));
	if (!input->files)
		exit(CLI_FAILED);
	input->files[input->nr_files++] = path;
}

static void parse_argument(struct run_input *input, const char *name)
{
	if (input->merge) {
		add_file(input, name);
		return;
	}
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
		options->preemptions = (unsigned int)cli_number("preemptions", arg, 0,
								VMSIM_UNBOUNDED - 1);
		return 0;
	case KEY_GRANULARITY:
		options->granularity = parse_granularity(arg);
		return 0;
	case KEY_ASK:
		options->ask = cli_parse_questions(arg);
		return 0;
	case KEY_TIME_LIMIT:
		options->time_limit_ms = 1000 * cli_number("time-limit", arg, 1, INT32_MAX);
		return 0;
	case KEY_MEMORY_LIMIT:
		options->memory_limit = cli_number("memory-limit", arg, 1, INT32_MAX) << 20;
		return 0;
	case KEY_SAVE_SEARCH:
		options->save_search = arg;
		return 0;
	case KEY_RESUME:
		options->resume = arg;
		return 0;
	case KEY_KEEP_GOING:
		options->keep_going = true;
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
	case KEY_DOT:
		execution->dot = true;
		execution->timeline = true;
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
	case KEY_MEMORY_MODEL:
		execution->options.memory_model = parse_memory_model(arg);
		return 0;
	case KEY_BACKEND:
		execution->options.backend = cli_parse_backend(arg);
		return 0;
	case KEY_SHARD:
		parse_shard(arg, &execution->options);
		execution->shard = true;
		return 0;
	case KEY_MERGE:
		if (input->execution.scenario)
			cli_bad_usage("--merge comes before the files");
		input->merge = true;
		return 0;
	case KEY_MINIMISE:
		execution->minimise = true;
		return 0;
	case ARGP_KEY_ARG:
		parse_argument(input, arg);
		return 0;
	default:
		return parse_exploring(key, arg, &execution->options);
	}
}

static int merge(struct run_input *input)
{
	int status;

	if (!input->nr_files)
		cli_bad_usage("--merge: no files");
	status = cli_merge(input->files, input->nr_files, &input->execution);
	free(input->files);
	return status;
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
	if (input.merge)
		return merge(&input);
	if (!execution->scenario)
		cli_bad_usage("no scenario; see vmsim list");
	execution->variant = cli_find_variant(execution->scenario, input.variant);
	if (!input.has_tlb)
		execution->options.tlb = execution->scenario->config.tlb;
	if (execution->options.strategy == VMSIM_STRATEGY_NATIVE &&
	    (execution->save || execution->timeline || execution->minimise))
		cli_bad_usage(
			"--strategy native: there is no schedule to save, to draw or to cut down");
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
		{ "strategy", KEY_STRATEGY, "NAME", 0,
		  "portfolio (default), dpor, states, bounds, dfs, pct, random, script, native",
		  1 },
		{ "executions", KEY_EXECUTIONS, "N", 0, "at most so many (100000)", 1 },
		{ "time-limit", KEY_TIME_LIMIT, "SECONDS", 0, "stop then", 1 },
		{ "memory-limit", KEY_MEMORY_LIMIT, "MIB", 0, "of what a strategy remembers", 1 },
		{ "seed", KEY_SEED, "N", 0, "of the first execution (1)", 1 },
		{ "depth", KEY_DEPTH, "N", 0, "of pct: changes of priority plus one (3)", 1 },
		{ "preemptions", KEY_PREEMPTIONS, "N", 0, "most of a schedule, for dfs and states",
		  1 },
		{ "step-limit", KEY_STEP_LIMIT, "N", 0, "decisions per execution", 1 },
		{ "granularity", KEY_GRANULARITY, "NAME", 0,
		  "what is a decision: sync (default), full", 1 },
		{ "ask", KEY_ASK, "LIST", 0,
		  "what may fail: alloc (allocations), batch (those that cannot wait)", 1 },
		{ "save-search", KEY_SAVE_SEARCH, "FILE", 0,
		  "where to go on: of states and bounds, when they are stopped", 1 },
		{ "resume", KEY_RESUME, "FILE", 0, "go on there", 1 },
		{ "keep-going", KEY_KEEP_GOING, NULL, 0, "count failures, do not stop at one", 1 },
		{ "minimise", KEY_MINIMISE, NULL, 0, "cut the failure down", 1 },
		{ "shard", KEY_SHARD, "I/N", 0, "do the I-th of N parts of the work", 1 },
		{ "merge", KEY_MERGE, NULL, 0,
		  "the arguments are files: what all shards of a search printed with --json", 1 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "SCENARIO\n--merge FILE...",
		.doc = "Runs a scenario until an execution fails, or nothing is left (docs/explore.md).",
	};

	return run(&argp, argc, argv, VMSIM_STRATEGY_PORTFOLIO, 100000);
}
