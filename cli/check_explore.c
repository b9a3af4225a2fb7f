// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * `vmsim check --explore`: the same tables without scripts. What must fail is found by the
 * portfolio, with every seed; what must pass stays silent, and is exhausted where the table says
 * that it can be.
 */

/* What must hold for all runs that must fail, taken together. */
#define EXECUTIONS_OFTEN 10000
#define SHARE_OFTEN 0.9
#define EXECUTIONS_MEDIAN 100

/* Seeds of different runs are this far apart: no execution of one is one of another. */
#define SEED_STRIDE 1000000007

/* Only the time limit ends what is to be exhausted. */
#define EXECUTIONS_TO_EXHAUST 1000000000

static uint64_t executions_for(const struct check_input *input, const struct vmsim_verdict *verdict,
			       struct check_column column)
{
	if (verdict->oracle)
		return input->executions;
	return verdict->exhausts & 1u << column.tlb ? EXECUTIONS_TO_EXHAUST :
						      input->pass_executions;
}

void check_explore_add(struct check *check, const struct vmsim_scenario *scenario,
		       const struct vmsim_verdict *verdict, struct check_column column)
{
	const struct check_input *input = check->input;
	struct check_job job = {
		.scenario = scenario, .verdict = verdict, .column = column, .way = CHECK_EXPLORE,
		.seed = 1, .time_limit = input->time_limit,
		.executions = executions_for(input, verdict, column),
	};
	uint64_t runs = verdict->oracle ? input->seeds : 1;

	for (uint64_t i = 0; i < runs; i++) {
		job.seed = 1 + i * SEED_STRIDE;
		check_add_job(check, &job);
	}
}

static uint64_t executions_of(const struct check_job *job)
{
	return (uint64_t)json_integer_value(json_object_get(job->answer, "executions"));
}

/**
 * struct cell - all runs of one cell
 * @missed: runs that did not answer as the verdict says
 * @worst: most executions of a run
 * @within: the most preemptions of which nothing is left; -1: not even of none
 */
struct cell {
	const struct check_job *first;
	unsigned int runs, missed;
	uint64_t worst;
	bool exhausted;
	int within;
};

static bool same_cell(const struct check_job *a, const struct check_job *b)
{
	return a->verdict == b->verdict && check_same_column(a->column, b->column);
}

static struct cell cell_of(const struct check *check, const struct check_job *first)
{
	struct cell cell = { .first = first, .within = -1 };

	for (const struct check_job *job = first; job < check->job + check->nr_jobs; job++) {
		if (!same_cell(job, first))
			break;
		cell.runs++;
		cell.missed += !check_job_ok(job);
		cell.worst = executions_of(job) > cell.worst ? executions_of(job) : cell.worst;
		cell.exhausted |= check_is_exhausted(job);
		cell.within = check_within(job) > cell.within ? check_within(job) : cell.within;
	}
	return cell;
}

static void judge_cell(struct check *check, const struct cell *cell)
{
	const struct check_job *job = cell->first;
	const struct vmsim_verdict *verdict = job->verdict;

	if (!verdict->oracle && (verdict->exhausts & 1u << job->column.tlb) && !cell->exhausted &&
	    !cell->missed)
		check_mismatch(check, job->scenario, verdict->variant, job->column, "portfolio",
			       "exhausted", "not exhausted", "within the limits of this run");
}

#define WITHIN_MAX 9

/**
 * struct totals - over all cells
 * @count: executions of each run that found what it must, in order
 * @within: by @i: cells that are not exhausted, but for schedules with at most @i preemptions
 */
struct totals {
	uint64_t *count;
	size_t failing, found;
	size_t passing, exhausted;
	size_t within[WITHIN_MAX + 1];
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void add_run(struct totals *totals, const struct check_job *job)
{
	if (!job->verdict->oracle) {
		totals->passing++;
		if (check_is_exhausted(job))
			totals->exhausted++;
		else if (check_within(job) >= WITHIN_MAX)
			totals->within[WITHIN_MAX]++;
		else if (check_within(job) >= 0)
			totals->within[check_within(job)]++;
		return;
	}
	totals->failing++;
	if (check_job_ok(job))
		totals->count[totals->found++] = executions_of(job);
}

static struct totals totals_of(const struct check *check)
{
	struct totals totals = { .count = calloc(check->nr_jobs + 1, sizeof(uint64_t)) };

	if (!totals.count)
		exit(CLI_FAILED);
	for (size_t i = 0; i < check->nr_jobs; i++)
		add_run(&totals, &check->job[i]);
	qsort(totals.count, totals.found, sizeof(uint64_t), compare);
	return totals;
}

/* Runs that found nothing stand behind all others. */
static uint64_t median(const struct totals *totals)
{
	size_t middle = totals->failing / 2;

	return middle < totals->found ? totals->count[middle] : UINT64_MAX;
}

static size_t within_executions(const struct totals *totals, uint64_t executions)
{
	size_t n = 0;

	while (n < totals->found && totals->count[n] <= executions)
		n++;
	return n;
}

static bool bars_hold(const struct totals *totals)
{
	return !totals->failing || (median(totals) <= EXECUTIONS_MEDIAN &&
				    (double)within_executions(totals, EXECUTIONS_OFTEN) >=
					    SHARE_OFTEN * (double)totals->failing);
}

/* The first run of each cell. */
static bool begins_cell(const struct check *check, size_t i)
{
	return !i || !same_cell(&check->job[i], &check->job[i - 1]);
}

void check_explore_judge(struct check *check)
{
	struct totals totals = totals_of(check);
	char what[160];

	for (size_t i = 0; i < check->nr_jobs; i++) {
		struct cell cell;

		if (!begins_cell(check, i))
			continue;
		cell = cell_of(check, &check->job[i]);
		judge_cell(check, &cell);
	}
	if (check->input->all && !bars_hold(&totals)) {
		snprintf(what, sizeof(what),
			 "%zu of %zu within %d executions, the median is %" PRIu64,
			 within_executions(&totals, EXECUTIONS_OFTEN), totals.failing,
			 EXECUTIONS_OFTEN, median(&totals));
		json_array_append_new(check->mismatches, json_pack(
			"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "scenario", "all",
			"variant", "all", "tlb", "all", "memory_model", "all", "way", "portfolio",
			"expected", "90 % within 10000, median 100", "found", "slower",
			"what", what));
	}
	free(totals.count);
}

static void print_cell(const struct cell *cell)
{
	const struct vmsim_verdict *verdict = cell->first->verdict;
	char text[32];

	if (cell->missed)
		snprintf(text, sizeof(text), verdict->oracle ? "MISSED" : "ALARM");
	else if (!verdict->oracle && cell->exhausted)
		snprintf(text, sizeof(text), "exhausted");
	else if (!verdict->oracle && cell->within >= 0)
		snprintf(text, sizeof(text), "within %d", cell->within);
	else if (!verdict->oracle)
		snprintf(text, sizeof(text), "silent %" PRIu64, cell->worst);
	else
		snprintf(text, sizeof(text), "%" PRIu64, cell->worst);
	printf(" %-13s", text);
}

/* Jobs stand in the order of scenarios, variants and back-ends. */
static void print_cells(const struct check *check)
{
	const struct vmsim_scenario *scenario = NULL;
	const char *variant = NULL;

	for (size_t i = 0; i < check->nr_jobs; i++) {
		const struct check_job *job = &check->job[i];
		struct cell cell;

		if (!begins_cell(check, i))
			continue;
		cell = cell_of(check, job);
		if (job->scenario != scenario) {
			if (scenario)
				putchar('\n');
			check_print_header(check->input, job->scenario);
			variant = NULL;
		}
		if (!variant || strcmp(variant, job->verdict->variant))
			printf("\n%-20s", job->verdict->variant);
		scenario = job->scenario;
		variant = job->verdict->variant;
		print_cell(&cell);
	}
	putchar('\n');
}

void check_explore_print(const struct check *check)
{
	struct totals totals = totals_of(check);

	print_cells(check);
	printf("must fail: %zu of %zu runs found it, %zu within %d executions", totals.found,
	       totals.failing, within_executions(&totals, EXECUTIONS_OFTEN), EXECUTIONS_OFTEN);
	if (totals.found == totals.failing && totals.found)
		printf("; median %" PRIu64 ", most %" PRIu64, median(&totals),
		       totals.count[totals.found - 1]);
	printf("\nmust pass: %zu of %zu cells exhausted", totals.exhausted, totals.passing);
	for (int i = WITHIN_MAX; i >= 0; i--)
		if (totals.within[i])
			printf(", %zu within %d preemption%s", totals.within[i], i,
			       i == 1 ? "" : "s");
	putchar('\n');
	free(totals.count);
}

static json_t *run_json(const struct check_job *job)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:b, s:f, s:O?, s:O?}",
			 "scenario", job->scenario->name, "variant", job->verdict->variant,
			 "tlb", vmsim_tlb_name(job->column.tlb),
			 "memory_model", vmsim_memory_model_name(job->column.model),
			 "expected", job->verdict->oracle ? job->verdict->oracle : "pass",
			 "seed", (json_int_t)job->seed,
			 "found", !job->answer ? "no answer" : job->found[0] ? job->found : "pass",
			 "ok", check_job_ok(job), "seconds", job->seconds,
			 "executions", json_object_get(job->answer, "executions"),
			 "coverage", json_object_get(job->answer, "coverage"));
}

static json_t *count_json(bool known, uint64_t count)
{
	return known ? json_integer((json_int_t)count) : json_null();
}

void check_explore_json(const struct check *check, json_t *json)
{
	struct totals totals = totals_of(check);
	json_t *runs = json_array();
	json_t *within = json_array();
	bool all = totals.found == totals.failing && totals.found;

	for (int i = 0; i <= WITHIN_MAX; i++)
		json_array_append_new(within, json_integer((json_int_t)totals.within[i]));
	for (size_t i = 0; i < check->nr_jobs; i++)
		json_array_append_new(runs, run_json(&check->job[i]));
	json_object_set_new(json, "runs", runs);
	json_object_set_new(json, "summary", json_pack(
		"{s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:o}",
		"must_fail", (json_int_t)totals.failing, "found", (json_int_t)totals.found,
		"within_10000", (json_int_t)within_executions(&totals, EXECUTIONS_OFTEN),
		"median", count_json(all, median(&totals)),
		"most", count_json(all, all ? totals.count[totals.found - 1] : 0),
		"must_pass", (json_int_t)totals.passing,
		"exhausted", (json_int_t)totals.exhausted, "within", within));
	free(totals.count);
}
