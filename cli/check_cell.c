// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/*
 * A variant is another object in front of the library, so each cell is a run of the command of its
 * own, which answers in JSON.
 */

#define MAX_ARGUMENTS (26 + 2 * CLI_MAX_OVERRIDES)

extern char **environ;

const char *check_way_name(enum check_way way)
{
	static const char *const name[] = {
		[CHECK_SCRIPT] = "script", [CHECK_RANDOM] = "random", [CHECK_PCT] = "pct",
		[CHECK_STATES] = "states", [CHECK_EXPLORE] = "portfolio", [CHECK_DEPTH] = "bounds",
	};

	return name[way];
}

/* The arguments of a run; numbers among them lie in @number. */
struct command_line {
	char *argv[MAX_ARGUMENTS + 1];
	size_t n;
	char number[4][24];
	size_t numbers;
};

static void add(struct command_line *line, const char *word)
{
	line->argv[line->n++] = (char *)word;
}

static void add_number(struct command_line *line, const char *option, uint64_t value)
{
	char *number = line->number[line->numbers++];

	snprintf(number, sizeof(line->number[0]), "%" PRIu64, value);
	add(line, option);
	add(line, number);
}

static void command_line(const struct check_job *job, struct command_line *line)
{
	add(line, "vmsim");
	add(line, job->way == CHECK_SCRIPT ? "run" : "explore");
	add(line, job->scenario->name);
	add(line, "--variant");
	add(line, job->verdict->variant);
	add(line, "--tlb");
	add(line, vmsim_tlb_name(job->column.tlb));
	if (job->column.model != VMSIM_MEMORY_SC) {
		add(line, "--memory-model");
		add(line, vmsim_memory_model_name(job->column.model));
	}
	add(line, "--json");
	if (vmsim_oracle_parse(job->oracle) >= 0) {
		add(line, "--oracles");
		add(line, job->oracle);
	}
	for (unsigned int i = 0; i < job->nr_overrides; i++) {
		add(line, "--override");
		add(line, job->overrides[i]);
	}
	if (job->way == CHECK_SCRIPT)
		return;
	add(line, "--strategy");
	add(line, check_way_name(job->way));
	add_number(line, "--executions", job->executions);
	add_number(line, "--seed", job->seed);
	if (job->time_limit)
		add_number(line, "--time-limit", job->time_limit);
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

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int check_job_start(struct check_job *job)
{
	struct command_line line = { .n = 0 };

	job->out = tmpfile();
	job->err = tmpfile();
	if (!job->out || !job->err)
		return -errno;
	command_line(job, &line);
	job->seconds = -now();
	return spawn(job, line.argv);
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
	if (!json_is_object(answer) || !json_object_get(answer, "violated")) {
		copy(job->what, sizeof(job->what), "no answer");
		json_decref(answer);
		return;
	}
	job->answer = answer;
	if (json_is_true(json_object_get(answer, "violated")))
		read_violation(job, json_object_get(answer, "violation"));
}

bool check_is_exhausted(const struct check_job *job)
{
	return json_is_true(json_object_get(json_object_get(job->answer, "coverage"), "exhausted"));
}

int check_within(const struct check_job *job)
{
	const json_t *within = json_object_get(json_object_get(job->answer, "coverage"), "within");

	return json_is_integer(within) ? (int)json_integer_value(within) : -1;
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

	job->seconds += now();
	/* Another process may get that number. */
	job->pid = 0;
	if (ended)
		read_answer(job);
	else
		read_complaint(job, wait_status);
}

void check_job_close(struct check_job *job)
{
	fclose(job->out);
	fclose(job->err);
	job->out = job->err = NULL;
}
