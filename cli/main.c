// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <bench.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bench(int argc, char **argv)
{
	return vmsim_bench_main(argc, argv);
}

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "list", cli_list, "scenarios, their variants and tags" },
	{ "run", cli_run, "one scripted execution of a scenario" },
	{ "explore", cli_explore, "many executions, until one fails" },
	{ "replay", cli_replay, "a saved schedule again" },
	{ "check", cli_check, "every verdict table against reality" },
	{ "trace", cli_trace, "recorded programs through the model" },
	{ "bench", bench, "measurements beside the host's kernel" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int help(FILE *out)
{
	fprintf(out, "Usage: vmsim COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].summary);
	fprintf(out, "\n`vmsim COMMAND --help` tells more. Exit status: 0 nothing wrong,\n"
		"1 a violation or a mismatch, 2 bad usage or input, 3 the tool itself failed.\n");
	return CLI_OK;
}

int main(int argc, char **argv)
{
	char name[64];
	int status;

	cli_remember_arguments(argc, argv);
	if (argc < 2)
		cli_bad_usage("no command; see vmsim --help");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return help(stdout);
	if (!strcmp(argv[1], "--version")) {
		printf("vmsim %s\n", vmsim_version());
		return CLI_OK;
	}
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "vmsim %s", argv[1]);
		argv[1] = name;
		status = commands[i].main(argc - 1, argv + 1);
		if (fflush(stdout) || ferror(stdout)) {
			cli_complain("cannot write the output");
			return CLI_FAILED;
		}
		return status;
	}
	cli_bad_usage("unknown command '%s'; see vmsim --help", argv[1]);
}
