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
	CHECK_STATES,		/* all states, where there is no script */
	CHECK_EXPLORE,		/* the portfolio, with all oracles armed */
	CHECK_DEPTH,		/* bounds, with all oracles armed */
};

/**
 * struct check_column - what a verdict is about, besides its variant
 */
struct check_column {
	enum vmsim_tlb tlb;
	enum vmsim_memory_model model;
};

#define CHECK_COLUMNS_MAX (VMSIM_TLB_COUNT * VMSIM_MEMORY_COUNT)

/**
 * struct check_job - one run of the command that decides about a cell
 * @verdict: what it is held against
 * @oracle: that must fire, armed alone; CHECK: the scenario's own expectation, always judged; "":
 *          nothing may fire, with all of them armed. With
 *          CHECK_EXPLORE and CHECK_DEPTH all are armed, and "" is not looked at
 * @seed, @executions, @time_limit: how to explore; seconds, 0: no limit
 * @overrides, @nr_overrides: files for --override
 * @found: oracle that fired; "": none
 * @what: the violation, or why there is no answer
 * @answer: what the run said; NULL: it did not end as runs end
 * @seconds: how long it ran
 */
struct check_job {
	const struct vmsim_scenario *scenario;
	const struct vmsim_verdict *verdict;
	struct check_column column;
	enum check_way way;
	char oracle[16];
	uint64_t seed, executions, time_limit;
	const char *const *overrides;
	unsigned int nr_overrides;

	pid_t pid;
	FILE *out, *err;
	char found[16];
	char what[600];
	json_t *answer;
	double seconds;
};

#define CHECK_SCENARIOS_MAX 256
#define CHECK_LEFT_OUT_MAX 16
#define CHECK_STUBS_MAX 64

struct check_input {
	const struct vmsim_scenario *scenario[CHECK_SCENARIOS_MAX];
	size_t nr_scenarios;
	bool all;		/* no scenario was named */
	uint64_t executions, pass_executions, seeds, time_limit;
	unsigned int at_once, tlbs;
	bool json, explore, depth;
	const char *overrides[CLI_MAX_OVERRIDES];
	unsigned int nr_overrides;
	void *overriding;	/* the functions that they define: a tree of <search.h> */
	const char *leave_out[CHECK_LEFT_OUT_MAX];	/* SCENARIO/VARIANT */
	unsigned int nr_leave_out;
	const char *allowed_stubs[CHECK_STUBS_MAX];
	unsigned int nr_allowed_stubs;
};

struct check {
	const struct check_input *input;
	struct check_job *job;
	size_t nr_jobs;
	json_t *mismatches;
	json_t *left_out, *stubs;
};

/* Appends a job. */
struct check_job *check_add_job(struct check *check, const struct check_job *job);
void check_mismatch(struct check *check, const struct vmsim_scenario *scenario,
		    const char *variant, struct check_column column, const char *way,
		    const char *expected, const char *found, const char *what);

/* The columns of a scenario's table that are asked for (check_column.c); returns how many. */
unsigned int check_columns(const struct check_input *input, const struct vmsim_scenario *scenario,
			   struct check_column column[CHECK_COLUMNS_MAX]);
/* As a table says it: by the back-end, by the memory model where that is not sc, or by both. */
#define CHECK_COLUMN_NAME 32
const char *check_column_name(const struct vmsim_scenario *scenario, struct check_column column,
			      char name[CHECK_COLUMN_NAME]);
bool check_same_column(struct check_column a, struct check_column b);
/* Whether a verdict is about a column. */
bool check_covers(const struct vmsim_verdict *verdict, struct check_column column);
/* The first line of a table. */
void check_print_header(const struct check_input *input, const struct vmsim_scenario *scenario);

/* Cells that are to be explored, and what came out (check_explore.c). */
void check_explore_add(struct check *check, const struct vmsim_scenario *scenario,
		       const struct vmsim_verdict *verdict, struct check_column column);
void check_explore_judge(struct check *check);
/* As text; and what --json has more than without --explore. */
void check_explore_print(const struct check *check);
void check_explore_json(const struct check *check, json_t *json);

/* Cells of which the depth is to be found, and what came out (check_depth.c). */
void check_depth_add(struct check *check, const struct vmsim_scenario *scenario,
		     const struct vmsim_verdict *verdict, struct check_column column);
void check_depth_judge(struct check *check);
/* As text; and what each of the runs of --json has more. */
void check_depth_print(const struct check *check);
void check_depth_json(const struct check *check, json_t *runs);

/* Overrides of all runs, and what they leave no place for (check_override.c). */
void check_override_add(struct check_input *input, const char *path);
void check_override_free(struct check_input *input);
void check_leave_out_add(struct check_input *input, const char *name);
/* The variant replaces what an override defines; if so, it is noted. */
bool check_is_left_out(struct check *check, const struct vmsim_scenario *scenario,
		       const struct vmsim_variant *variant);
void check_override_print(const struct check *check);

/* Stubs that runs have reached, and those that they may reach (check_stubs.c). */
void check_allow_stub_add(struct check_input *input, const char *name);
void check_stubs_read(struct check *check, struct check_job *job);
void check_stubs_print(const struct check *check);
/* None that they may not. */
bool check_stubs_ok(const struct check *check);

/* Runs all jobs, some at once (check_run.c). */
void check_run(struct check *check);

/* Starts the run (check_cell.c). 0 or -errno. */
int check_job_start(struct check_job *job);
/* The run has ended: reads the answer. check_job_close() is for afterwards. */
void check_job_finish(struct check_job *job, int wait_status);
void check_job_close(struct check_job *job);

bool check_is_exhausted(const struct check_job *job);
/* The most preemptions of which the run left nothing; -1: not even of none. */
int check_within(const struct check_job *job);

static inline bool check_job_ok(const struct check_job *job)
{
	if (job->way == CHECK_EXPLORE || job->way == CHECK_DEPTH)
		return job->answer && !job->verdict->oracle == !job->found[0];
	if (job->way == CHECK_STATES && !job->oracle[0] && !check_is_exhausted(job))
		return false;
	return job->answer && !__builtin_strcmp(job->oracle, job->found);
}

const char *check_way_name(enum check_way way);

#endif
