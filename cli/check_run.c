// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs of the command, as many at once as the user wants. */

static void show_progress(size_t done, size_t all)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%zu of %zu runs%s", done, all, done == all ? "\n" : "");
}

static struct check_job *job_of(struct check *check, pid_t pid)
{
	for (size_t i = 0; i < check->nr_jobs; i++) {
		if (check->job[i].pid == pid)
			return &check->job[i];
	}
	return NULL;
}

static void wait_for_one(struct check *check)
{
	struct check_job *job;
	int status;
	pid_t pid = wait(&status);

	if (pid < 0) {
		cli_complain("check: %s", strerror(errno));
		exit(CLI_FAILED);
	}
	job = job_of(check, pid);
	if (!job)
		return;
	check_job_finish(job, status);
	check_stubs_read(check, job);
	check_job_close(job);
}

void check_run(struct check *check)
{
	size_t running = 0, done = 0;

	for (size_t next = 0; done < check->nr_jobs;) {
		if (next < check->nr_jobs && running < check->input->at_once) {
			int err = check_job_start(&check->job[next++]);

			if (err) {
				cli_complain("check: %s", strerror(-err));
				exit(CLI_FAILED);
			}
			running++;
			continue;
		}
		wait_for_one(check);
		running--;
		show_progress(++done, check->nr_jobs);
	}
}
