// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* How far an exploration came, honestly: what was exhausted, or what is known to be left. */

/* "random 12, pct 11" */
static void print_members(const struct vmsim_coverage *coverage)
{
	const char *between = "";

	for (int strategy = 0; strategy < VMSIM_STRATEGY_COUNT; strategy++) {
		if (!coverage->executions_by[strategy])
			continue;
		printf("%s%s %" PRIu64, between, vmsim_strategy_name((enum vmsim_strategy)strategy),
		       coverage->executions_by[strategy]);
		between = ", ";
	}
}

static void print_bound(unsigned int preemptions)
{
	if (preemptions == VMSIM_UNBOUNDED)
		printf("any number of preemptions");
	else
		printf("at most %u preemption%s", preemptions, preemptions == 1 ? "" : "s");
}

/* Less than what was asked for may have been exhausted. */
static void print_within(const struct vmsim_coverage *coverage)
{
	if (coverage->below && !coverage->exhausted)
		printf(", EXHAUSTED within %u", coverage->below - 1);
}

static void print_seen(const struct vmsim_coverage *coverage)
{
	if (coverage->classes)
		printf("; %" PRIu64 " classes of schedules, %" PRIu64 " cut short",
		       coverage->classes, coverage->blocked);
	if (coverage->states)
		printf("; %" PRIu64 " states, %" PRIu64 " transitions", coverage->states,
		       coverage->transitions);
}

/* Of what strategies count that know how much there is. */
static void print_left(const struct vmsim_coverage *coverage)
{
	bool executions = coverage->estimate > (double)coverage->classes;
	bool states = coverage->states_left > 0;

	printf("; not exhausted, ");
	if (!executions && !states)
		printf("and how much is left is not known");
	if (executions)
		printf("about %.2g executions left",
		       coverage->estimate - (double)coverage->classes);
	if (executions && states)
		printf(", or ");
	if (states)
		printf("about %.2g states left", coverage->states_left);
	if (states && coverage->left_within != VMSIM_UNBOUNDED)
		printf(" within %u", coverage->left_within);
}

void cli_print_coverage(const struct vmsim_explore_options *options,
			const struct vmsim_result *result)
{
	const struct vmsim_coverage *coverage = &result->coverage;

	printf("executions: ");
	print_members(coverage);
	printf("\ncoverage: %s", coverage->exhausted ? "EXHAUSTED; " : "");
	print_bound(coverage->preemptions);
	print_within(coverage);
	if (options->shards > 1)
		printf("; shard %u of %u", options->shard + 1, options->shards);
	print_seen(coverage);
	printf("; deepest schedule %" PRIu64 " decisions", coverage->deepest);
	if (!coverage->exhausted && !result->violated)
		print_left(coverage);
	putchar('\n');
}

static json_t *within_json(unsigned int below)
{
	return below ? json_integer((json_int_t)below - 1) : json_null();
}

static json_t *members_json(const struct vmsim_coverage *coverage)
{
	json_t *members = json_object();

	for (int strategy = 0; strategy < VMSIM_STRATEGY_COUNT; strategy++)
		if (coverage->executions_by[strategy])
			json_object_set_new(
				members, vmsim_strategy_name((enum vmsim_strategy)strategy),
				json_integer((json_int_t)coverage->executions_by[strategy]));
	return members;
}

/* What each of them exhausted. */
static json_t *exhausted_json(const struct vmsim_coverage *coverage)
{
	json_t *members = json_object();

	for (int strategy = 0; strategy < VMSIM_STRATEGY_COUNT; strategy++)
		if (coverage->exhausted_by[strategy] || coverage->below_by[strategy])
			json_object_set_new(
				members, vmsim_strategy_name((enum vmsim_strategy)strategy),
				json_pack("{s:b, s:o}", "exhausted",
					  coverage->exhausted_by[strategy], "within",
					  within_json(coverage->below_by[strategy])));
	return members;
}

static json_t *number_or_null(bool known, double number)
{
	return known ? json_real(number) : json_null();
}

static json_t *bound_json(unsigned int preemptions)
{
	return preemptions == VMSIM_UNBOUNDED ? json_null() : json_integer(preemptions);
}

json_t *cli_coverage_json(const struct vmsim_result *result)
{
	const struct vmsim_coverage *coverage = &result->coverage;

	return json_pack("{s:b, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:s?, s:o, s:o}",
			 "exhausted", coverage->exhausted,
			 "preemptions", bound_json(coverage->preemptions),
			 "within", within_json(coverage->below),
			 "classes", (json_int_t)coverage->classes,
			 "blocked", (json_int_t)coverage->blocked,
			 "states", (json_int_t)coverage->states,
			 "transitions", (json_int_t)coverage->transitions,
			 "deepest", (json_int_t)coverage->deepest,
			 "estimate", number_or_null(coverage->estimate > 0, coverage->estimate),
			 "states_left",
			 number_or_null(coverage->states_left > 0 || coverage->exhausted,
					coverage->states_left),
			 "left_within", bound_json(coverage->left_within),
			 "found_by", result->violated ? vmsim_strategy_name(coverage->found_by) : NULL,
			 "executions", members_json(coverage),
			 "by", exhausted_json(coverage));
}

void cli_show_progress(void *unused, uint64_t executions)
{
	static time_t last;
	time_t now = time(NULL);

	(void)unused;
	if (now == last)
		return;
	last = now;
	fprintf(stderr, "\r%" PRIu64 " executions\r", executions);
}
