// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/*
 * A variant is another object in front of the library, so each cell is a run of the command of its
 * own, which answers in JSON.
 */

#define MAX_ARGUMENTS 16

extern char **environ;

const char *check_way_name(enum check_way way)
{
	static const char *const name[] = {
		[CHECK_SCRIPT] = "script", [CHECK_RANDOM] = "random", [CHECK_PCT] = "pct",
	};

	return name[way];
}

/* Fills @argv; the number in it lies in @number. */
static void command_line(const struct check_job *job, char *number, size_t size, char **argv)
{
	const char *const fixed[] = {
		"vmsim", job->way == CHECK_SCRIPT ? "run" : "explore", job->scenario->name,
		"--variant", job->verdict->variant, "--tlb", vmsim_tlb_name(job->tlb), "--json",
	};
	size_t n = 0;

	for (; n < sizeof(fixed) / sizeof(fixed[0]); n++)
		argv[n] = (char *)fixed[n];
	if (job->oracle[0]) {
		argv[n++] = "--oracles";
		argv[n++] = (char *)job->oracle;
	}
	if (job->way != CHECK_SCRIPT) {
		snprintf(number, size, "%llu", (unsigned long long)job->executions);
		argv[n++] = "--strategy";
		argv[n++] = (char *)check_way_name(job->way);
		argv[n++] = "--executions";
		argv[n++] = number;
	}
	argv[n] = NULL;
}

static int spawn(struct check_job *job, char **argv)
{
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	posix_spawn_file_actions_adddup2(&actions, fileno(job->out), 1);
	posix_spawn_file_actions_adddup2(&actions, fileno(job->err), 2);
	err = posix_spawn(&job->pid, "/proc/self/exe", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

int check_job_start(struct check_job *job)
{
	char *argv[MAX_ARGUMENTS + 1];
	char number[24];

	job->out = tmpfile();
	job->err = tmpfile();
	if (!job->out || !job->err)
		return -errno;
	command_line(job, number, sizeof(number), argv);
	return spawn(job, argv);
}

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void read_violation(struct check_job *job, const json_t *violation)
{
	const char *rule = json_string_value(json_object_get(violation, "rule"));
	const char *text = json_string_value(json_object_get(violation, "text"));

	copy(job->found, sizeof(job->found),
	     json_string_value(json_object_get(violation, "oracle")));
	snprintf(job->what, sizeof(job->what), "%s%s%s", rule ? rule : "",
		 rule && *rule ? ": " : "", text ? text : "");
}

static void read_answer(struct check_job *job)
{
	json_error_t error;
	json_t *answer;

	rewind(job->out);
	answer = json_loadf(job->out, 0, &error);
	job->answered = json_is_object(answer) && json_object_get(answer, "violated");
	if (!job->answered)
		copy(job->what, sizeof(job->what), "no answer");
	else if (json_is_true(json_object_get(answer, "violated")))
		read_violation(job, json_object_get(answer, "violation"));
	json_decref(answer);
}

/* The last line that the run complained with. */
static void read_complaint(struct check_job *job, int wait_status)
{
	char line[512];

	if (WIFSIGNALED(wait_status))
		snprintf(job->what, sizeof(job->what), "signal %d: %s", WTERMSIG(wait_status),
			 strsignal(WTERMSIG(wait_status)));
	else
		snprintf(job->what, sizeof(job->what), "exit status %d", WEXITSTATUS(wait_status));
	rewind(job->err);
	while (fgets(line, sizeof(line), job->err)) {
		line[strcspn(line, "\n")] = '\0';
		copy(job->what, sizeof(job->what), line);
	}
}

void check_job_finish(struct check_job *job, int wait_status)
{
	bool ended = WIFEXITED(wait_status) && (WEXITSTATUS(wait_status) == CLI_OK ||
						WEXITSTATUS(wait_status) == CLI_WRONG);

	if (ended)
		read_answer(job);
	else
		read_complaint(job, wait_status);
	fclose(job->out);
	fclose(job->err);
	job->out = job->err = NULL;
}
