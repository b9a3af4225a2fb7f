// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_key {
	KEY_ORDER = 256,
	KEY_LIST,
	KEY_JSON,
};

struct trace_input {
	const char *path;
	uint64_t list;
	bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct trace_input *input = state->input;

	switch (key) {
	case KEY_ORDER:
		cli_bad_usage("not built yet: --order");
	case KEY_LIST:
		input->list = cli_number("list", arg, 0, 1000000);
		return 0;
	case KEY_JSON:
		input->json = true;
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

static size_t listed(const struct vmsim_replay_stats *stats, const struct trace_input *input)
{
	return stats->disagreements < input->list ? stats->disagreements : input->list;
}

static void print_agreed(const char *what, uint64_t agreed, uint64_t all)
{
	printf("%-28s %8llu of %8llu agree\n", what, (unsigned long long)agreed,
	       (unsigned long long)all);
}

static void print_text(const struct trace_input *input, const struct vmsim_replay_stats *stats,
		       const struct vmsim_disagreement *list)
{
	printf("%s: %llu events\n", input->path, (unsigned long long)stats->events);
	print_agreed("faults", stats->faults_agreed, stats->faults);
	print_agreed("protection faults", stats->protection_faults_agreed,
		     stats->protection_faults);
	print_agreed("  copies", stats->copies_agreed, stats->copies);
	print_agreed("  reuses", stats->reuses_agreed, stats->reuses);
	print_agreed("steps of anonymous memory", stats->anon_agreed, stats->anon_steps);
	print_agreed("steps of file memory", stats->file_agreed, stats->file_steps);
	printf("%llu disagreement%s\n", (unsigned long long)stats->disagreements,
	       stats->disagreements == 1 ? "" : "s");
	for (size_t i = 0; i < listed(stats, input); i++)
		printf("%s:%llu: %s: %s\n", input->path, (unsigned long long)list[i].line,
		       list[i].kind, list[i].text);
}

static json_t *agreed_json(uint64_t agreed, uint64_t all)
{
	return json_pack("{s:I, s:I}", "all", (json_int_t)all, "agreed", (json_int_t)agreed);
}

static json_t *list_json(const struct trace_input *input, const struct vmsim_replay_stats *stats,
			 const struct vmsim_disagreement *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < listed(stats, input); i++)
		json_array_append_new(array, json_pack("{s:I, s:s, s:s}", "line",
						       (json_int_t)list[i].line, "kind",
						       list[i].kind, "text", list[i].text));
	return array;
}

static json_t *stats_json(const struct trace_input *input, const struct vmsim_replay_stats *stats,
			  const struct vmsim_disagreement *list)
{
	return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}",
			 "trace", input->path, "events", (json_int_t)stats->events,
			 "faults", agreed_json(stats->faults_agreed, stats->faults),
			 "protection_faults", agreed_json(stats->protection_faults_agreed,
							  stats->protection_faults),
			 "copies", agreed_json(stats->copies_agreed, stats->copies),
			 "reuses", agreed_json(stats->reuses_agreed, stats->reuses),
			 "anon_rss", agreed_json(stats->anon_agreed, stats->anon_steps),
			 "file_rss", agreed_json(stats->file_agreed, stats->file_steps),
			 "disagreements", (json_int_t)stats->disagreements,
			 "list", list_json(input, stats, list));
}

static bool is_input_error(int err)
{
	return err == -EINVAL || err == -EOPNOTSUPP || err == -ENOENT || err == -EACCES ||
	       err == -EISDIR;
}

static int replay(const struct trace_input *input)
{
	struct vmsim_disagreement *list = calloc(input->list ? input->list : 1, sizeof(*list));
	struct vmsim_replay_stats stats;
	char error[512] = "";
	int status = CLI_OK;
	int err = -ENOMEM;

	if (list)
		err = vmsim_vmtrace_replay(input->path, &stats, list, input->list, error,
					   sizeof(error));
	if (err) {
		cli_complain("%s", error[0] ? error : strerror(-err));
		status = is_input_error(err) ? CLI_USAGE : CLI_FAILED;
	} else if (input->json) {
		status = cli_print_json(stats_json(input, &stats, list));
	} else {
		print_text(input, &stats, list);
	}
	free(list);
	if (!err && !status && stats.disagreements)
		status = CLI_WRONG;
	return status;
}

int cli_trace_replay(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "list", KEY_LIST, "N", 0, "disagreements to list (20)", 0 },
		{ "order", KEY_ORDER, "N", 0, "order of folios (not built yet)", 0 },
		{ "json", KEY_JSON, NULL, 0, "as JSON (docs/json.md)", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "FILE",
		.doc = "Drives a recorded program through the model, and compares the model's "
		       "answers with the recorded ones (docs/vmtrace.md).",
	};
	struct trace_input input = { .list = 20 };

	cli_parse_options(&argp, argc, argv, &input);
	if (!input.path)
		cli_bad_usage("no trace to replay");
	return replay(&input);
}
