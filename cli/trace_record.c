// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include "perf_script.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A real program, recorded by perf, as a .vmtrace (docs/vmtrace.md). */

enum option_key {
	KEY_OUTPUT = 'o',
	KEY_FROM = 256,
};

/**
 * struct recording - what to record, and where to
 * @from: output of `perf script` instead of a program
 * @command: the program and its arguments, NULL at the end
 */
struct recording {
	const char *output;
	const char *from;
	char **command;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct recording *recording = state->input;

	switch (key) {
	case KEY_OUTPUT:
		recording->output = arg;
		return 0;
	case KEY_FROM:
		recording->from = arg;
		return 0;
	case ARGP_KEY_ARG:
		cli_bad_usage("unexpected argument '%s': the program comes after --", arg);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *text_of(int err)
{
	return strerror(err < 0 ? -err : err);
}

/* The output ends with .gz: packed. CLI_OK, or the end that was complained about. */
static int convert(const struct recording *recording, FILE *in, const char *name)
{
	size_t length = strlen(recording->output);
	bool packed = length > 3 && !strcmp(recording->output + length - 3, ".gz");
	gzFile out = gzopen(recording->output, packed ? "wb9" : "wbT");
	char error[256] = "";
	int err;

	if (!out) {
		cli_complain("%s: %s", recording->output, strerror(errno));
		return CLI_USAGE;
	}
	err = perf_script_convert(in, name, out, error, sizeof(error));
	if (gzclose(out) != Z_OK && !err)
		err = -EIO;
	if (!err)
		return CLI_OK;
	unlink(recording->output);
	cli_complain("%s", error[0] ? error : text_of(err));
	return err == -EINVAL ? CLI_USAGE : CLI_FAILED;
}

static int convert_file(const struct recording *recording)
{
	FILE *in = fopen(recording->from, "r");
	int status;

	if (!in) {
		cli_complain("%s: %s", recording->from, strerror(errno));
		return CLI_USAGE;
	}
	status = convert(recording, in, recording->from);
	fclose(in);
	return status;
}

/* Starts perf, with its output to @out if that is not negative. A pid, or -1. */
static pid_t start_perf(char *const *argv, int out)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	execvp("perf", argv);
	cli_complain("perf cannot be started: %s", strerror(errno));
	_exit(127);
}

/* perf ends as the program that it recorded did: what counts is whether there is a recording. */
static bool record(const struct recording *recording, char *data)
{
	char *options[] = { "perf", "record", "-q", "-d", "-m", "2048", "-o", data, "-e",
			    (char *)perf_script_events, "--" };
	size_t fixed = sizeof(options) / sizeof(options[0]), n = 0;
	char **argv;
	int status = 0;
	pid_t pid;

	while (recording->command[n])
		n++;
	argv = calloc(fixed + n + 1, sizeof(*argv));
	if (!argv)
		return false;
	memcpy(argv, options, sizeof(options));
	memcpy(argv + fixed, recording->command, n * sizeof(*argv));
	pid = start_perf(argv, -1);
	free(argv);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || access(data, R_OK))
		return false;
	if (status)
		cli_complain("the recorded program did not end with exit status 0");
	return true;
}

static int convert_recorded(const struct recording *recording, char *data)
{
	char *argv[16] = { "perf", "script", "-i", data };
	int pipes[2], status, n = 4;
	FILE *in;
	pid_t pid;

	for (size_t i = 0; perf_script_options[i]; i++)
		argv[n++] = (char *)perf_script_options[i];
	if (pipe(pipes)) {
		cli_complain("%s", strerror(errno));
		return CLI_FAILED;
	}
	pid = start_perf(argv, pipes[1]);
	close(pipes[1]);
	in = fdopen(pipes[0], "r");
	status = pid < 0 || !in ? CLI_FAILED : convert(recording, in, "perf script");
	if (in)
		fclose(in);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return status;
}

static int record_program(const struct recording *recording)
{
	char folder[] = "/tmp/vmsim-record-XXXXXX", data[sizeof(folder) + 8];
	int status = CLI_FAILED;

	if (geteuid()) {
		cli_complain("trace record needs root: perf records what the kernel does");
		return CLI_FAILED;
	}
	if (!mkdtemp(folder)) {
		cli_complain("%s: %s", folder, strerror(errno));
		return CLI_FAILED;
	}
	snprintf(data, sizeof(data), "%s/data", folder);
	if (record(recording, data))
		status = convert_recorded(recording, data);
	else
		cli_complain("perf has recorded nothing");
	unlink(data);
	rmdir(folder);
	return status;
}

/* What comes after "--", cut off from the arguments; NULL: there is none. */
static char **cut_command(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		argv[i] = NULL;
		*argc = i;
		return argv[i + 1] ? argv + i + 1 : NULL;
	}
	return NULL;
}

int cli_trace_record(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", KEY_OUTPUT, "FILE", 0,
		  "where to (out.vmtrace.gz); packed if its name ends with .gz", 0 },
		{ "from", KEY_FROM, "FILE", 0,
		  "what perf script printed on another machine, instead of a program", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "-- COMMAND...",
		.doc = "Runs a program under perf, and writes what its memory did "
		       "(docs/vmtrace.md). Needs root.",
	};
	struct recording recording = { .output = "out.vmtrace.gz" };

	recording.command = cut_command(&argc, argv);
	cli_parse_options(&argp, argc, argv, &recording);
	if (!recording.from == !recording.command)
		cli_bad_usage("a program to record, or --from FILE");
	return recording.from ? convert_file(&recording) : record_program(&recording);
}
