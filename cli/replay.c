// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEDULE_MAX (64u << 20)

enum option_key {
	KEY_TIMELINE = 256,
	KEY_FULL,
	KEY_DOT,
	KEY_GDB,
	KEY_JSON,
	KEY_ORACLES,
	KEY_TRACE_OUT,
	KEY_BACKEND,
	KEY_DEBUGGER,
	KEY_LINE,
	KEY_SAVE,
	KEY_MINIMISE,
};

struct replay_input {
	struct cli_execution execution;
	const char *path, *line, *oracles;
	bool gdb;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct replay_input *input = state->input;
	struct cli_execution *execution = &input->execution;

	switch (key) {
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
	case KEY_GDB:
		input->gdb = true;
		return 0;
	case KEY_LINE:
		input->line = arg;
		return 0;
	case KEY_SAVE:
		execution->save = arg;
		return 0;
	case KEY_MINIMISE:
		execution->minimise = true;
		return 0;
	case KEY_DEBUGGER:
		execution->options.debugger = true;
		return 0;
	case KEY_BACKEND:
		execution->options.backend = cli_parse_backend(arg);
		return 0;
	case KEY_JSON:
		execution->json = true;
		return 0;
	case KEY_ORACLES:
		execution->options.oracles = cli_parse_oracles(arg);
		input->oracles = arg;
		return 0;
	case KEY_TRACE_OUT:
		execution->trace_out = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (input->path)
			cli_bad_usage("unexpected argument '%s'", arg);
		input->path = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The whole file, which the caller frees. */
static char *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	size_t capacity = 0;
	char *text = NULL;

	if (!file)
		cli_bad_usage("%s: %s", path, strerror(errno));
	*length = 0;
	do {
		capacity = capacity ? 2 * capacity : 65536;
		text = realloc(text, capacity);
		if (!text)
			exit(CLI_FAILED);
		*length += fread(text + *length, 1, capacity - *length, file);
		if (ferror(file))
			cli_bad_usage("%s: %s", path, strerror(errno));
	} while (*length == capacity && capacity < SCHEDULE_MAX);
	if (*length == capacity)
		cli_bad_usage("%s: too large for a schedule", path);
	fclose(file);
	return text;
}

/* The argument of --line, as a line. */
static char *given_line(const char *line, size_t *length)
{
	char *text;
	int size = asprintf(&text, "%s\n", line);

	if (size < 0)
		exit(CLI_FAILED);
	*length = (size_t)size;
	return text;
}

static void read_schedule(const struct replay_input *input, struct vmsim_schedule *schedule)
{
	char error[256] = "";
	size_t length;
	char *text = input->line ? given_line(input->line, &length) :
				   read_file(input->path, &length);
	int err = vmsim_schedule_parse(text, length, schedule, error, sizeof(error));

	free(text);
	if (err)
		cli_bad_usage("%s: %s", input->path, error);
}

/* The scenario and the variant that a schedule names; it must fit them. */
static void bind_schedule(struct replay_input *input, struct vmsim_schedule *schedule)
{
	struct cli_execution *execution = &input->execution;
	char error[256] = "";

	execution->scenario = cli_find_scenario(schedule->scenario);
	execution->variant = cli_find_variant(execution->scenario,
					      schedule->variant[0] ? schedule->variant : NULL);
	if (vmsim_schedule_bind(execution->scenario, schedule, error, sizeof(error)))
		cli_bad_usage("%s: %s", input->path, error);
	execution->options.strategy = VMSIM_STRATEGY_REPLAY;
	execution->options.schedule = schedule;
	execution->options.tlb = schedule->tlb;
	execution->options.granularity = schedule->granularity;
	execution->options.memory_model = schedule->memory_model;
	execution->options.ask = schedule->ask;
	execution->options.faulty_nth = schedule->faulty_nth;
	if (!execution->options.oracles)
		execution->options.oracles = schedule->oracles;
}

int cli_replay(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "line", KEY_LINE, "TEXT", 0, "the schedule itself, in place of FILE", 0 },
		{ "minimise", KEY_MINIMISE, NULL, 0, "cut a failure down first", 0 },
		{ "save", KEY_SAVE, "FILE", 0, "write the schedule", 0 },
		{ "timeline", KEY_TIMELINE, NULL, 0, "the picture in CPU columns", 0 },
		{ "full", KEY_FULL, NULL, 0, "every event in the timeline", 0 },
		{ "dot", KEY_DOT, NULL, 0, "the timeline as a graph for dot, and nothing else", 0 },
		{ "gdb", KEY_GDB, NULL, 0, "under gdb, to where the rule breaks", 0 },
		{ "backend", KEY_BACKEND, "NAME", 0, "fiber (default), or pthread", 0 },
		{ "oracles", KEY_ORACLES, "LIST", 0, "arm only these, as in O3,O6", 0 },
		{ "trace-out", KEY_TRACE_OUT, "FILE", 0,
		  "write the events, a JSON object a line", 0 },
		{ "debugger", KEY_DEBUGGER, NULL, OPTION_HIDDEN, "as --gdb starts it", 0 },
		{ "json", KEY_JSON, NULL, 0, "as JSON (docs/json.md)", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "[FILE]",
		.doc = "Runs a saved schedule (docs/schedule.md) again.",
	};
	struct replay_input input = { 0 };
	struct vmsim_schedule schedule;
	int status;

	vmsim_explore_options_init(&input.execution.options);
	cli_parse_options(&argp, argc, argv, &input);
	if (!input.path == !input.line)
		cli_bad_usage(input.path ? "a file and --line" : "no schedule to replay");
	if (!input.path)
		input.path = "--line";
	read_schedule(&input, &schedule);
	bind_schedule(&input, &schedule);
	if (input.gdb)
		cli_gdb(input.line ? NULL : input.path, input.line, input.oracles);
	status = cli_execute(&input.execution);
	vmsim_schedule_free(&schedule);
	return status;
}
