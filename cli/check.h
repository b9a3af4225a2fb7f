/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CLI_CHECK_H
#define VMSIM_CLI_CHECK_H

#include "cli.h"
#include <stdio.h>
#include <sys/types.h>

/* How a cell of a verdict table is held against reality. */
enum check_way {
	CHECK_SCRIPT,		/* the script, once */
	CHECK_RANDOM,		/* random executions */
	CHECK_PCT,
};

/**
 * struct check_job - one run of the command that decides about a cell
 * @verdict: what it is held against
 * @oracle: that must fire, armed alone; "": nothing may fire, with all of them armed
 * @found: oracle that fired; "": none
 * @what: the violation, or why there is no answer
 * @answered: the run ended as runs end
 */
struct check_job {
	const struct vmsim_scenario *scenario;
	const struct vmsim_verdict *verdict;
	enum vmsim_tlb tlb;
	enum check_way way;
	char oracle[16];
	uint64_t executions;

	pid_t pid;
	FILE *out, *err;
	bool answered;
	char found[16];
	char what[600];
};

/* Starts the run (check_cell.c). 0 or -errno. */
int check_job_start(struct check_job *job);
/* The run has ended: reads the answer. */
void check_job_finish(struct check_job *job, int wait_status);

static inline bool check_job_ok(const struct check_job *job)
{
	return job->answered && !__builtin_strcmp(job->oracle, job->found);
}

const char *check_way_name(enum check_way way);

#endif
