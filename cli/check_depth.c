// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"
#include <string.h>

/*
 * `vmsim check --depth`: how many preemptions each failure takes. Strategy bounds sees all states
 * with no preemption, then with one, and so on: where it finds a failure, fewer do not fail.
 */

/* Only the failure or the time limit ends it. */
#define NO_LIMIT 1000000000

void check_depth_add(struct check *check, const struct vmsim_scenario *scenario,
		     const struct vmsim_verdict *verdict, struct check_column column)
{
	const struct check_job job = {
		.scenario = scenario, .verdict = verdict, .column = column, .way = CHECK_DEPTH,
		.seed = 1, .executions = NO_LIMIT, .time_limit = check->input->time_limit,
	};

	if (verdict->oracle)
		check_add_job(check, &job);
}

/* Of the failure that was found. */
static int depth_of(const struct check_job *job)
{
	return check_within(job) + 1;
}

static void judge(struct check *check, const struct check_job *job)
{
	char expected[32], found[32];

	if (!check_job_ok(job) || depth_of(job) == job->verdict->depth)
		return;
	snprintf(expected, sizeof(expected), "depth %d", job->verdict->depth);
	snprintf(found, sizeof(found), "depth %d", depth_of(job));
	check_mismatch(check, job->scenario, job->verdict->variant, job->column,
		       check_way_name(job->way), expected, found, job->what);
}

void check_depth_judge(struct check *check)
{
	for (size_t i = 0; i < check->nr_jobs; i++)
		judge(check, &check->job[i]);
}

static bool same_variant(const struct check_job *a, const struct check_job *b)
{
	return a->scenario == b->scenario && !strcmp(a->verdict->variant, b->verdict->variant);
}

/* " 1 (ipi, up)", if any of these jobs found that. Returns how many. */
static size_t print_depth(const struct check_job *job, size_t n, int depth)
{
	char name[CHECK_COLUMN_NAME];
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (!check_job_ok(&job[i]) || depth_of(&job[i]) != depth)
			continue;
		if (!found++)
			printf(" %d (", depth);
		else
			printf(", ");
		printf("%s", check_column_name(job->scenario, job[i].column, name));
	}
	if (found)
		putchar(')');
	return found;
}

static size_t print_not_found(const struct check_job *job, size_t n)
{
	char name[CHECK_COLUMN_NAME];
	size_t missed = 0;

	for (size_t i = 0; i < n; i++) {
		if (check_job_ok(&job[i]))
			continue;
		printf(" more than %d (%s)", check_within(&job[i]),
		       check_column_name(job->scenario, job[i].column, name));
		missed++;
	}
	return missed;
}

static void print_variant(const struct check_job *job, size_t n)
{
	size_t left;

	printf("%s %s:", job->scenario->name, job->verdict->variant);
	left = n - print_not_found(job, n);
	for (int depth = 0; left; depth++)
		left -= print_depth(job, n, depth);
	putchar('\n');
}

/* Jobs stand in the order of scenarios, variants and back-ends. */
void check_depth_print(const struct check *check)
{
	size_t n;

	for (size_t i = 0; i < check->nr_jobs; i += n) {
		for (n = 1; i + n < check->nr_jobs; n++)
			if (!same_variant(&check->job[i], &check->job[i + n]))
				break;
		print_variant(&check->job[i], n);
	}
}

void check_depth_json(const struct check *check, json_t *runs)
{
	for (size_t i = 0; i < check->nr_jobs; i++) {
		const struct check_job *job = &check->job[i];
		json_t *run = json_array_get(runs, i);

		json_object_set_new(run, "depth", check_job_ok(job) ? json_integer(depth_of(job)) :
				    json_null());
		json_object_set_new(run, "seconds", json_real(job->seconds));
	}
}
