// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * `vmsim explore --merge FILES...`: the results of all shards of one search become its result.
 * Files that are not, or not all, of one search are bad input.
 */

struct part {
	const char *path;
	json_t *json;
	json_int_t index;	/* from 1 */
};

struct merge {
	struct part *part;
	size_t nr_parts;
	json_int_t shards;
};

static json_int_t integer(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static void read_part(struct merge *merge, const char *path)
{
	struct part *part = &merge->part[merge->nr_parts++];
	json_error_t error;
	json_int_t shards;

	part->path = path;
	part->json = json_load_file(path, 0, &error);
	if (!part->json)
		cli_bad_usage("%s: line %d: %s", path, error.line, error.text);
	if (json_unpack(part->json, "{s:{s:I, s:I}}", "shard", "index", &part->index, "of",
			&shards) ||
	    shards < 1 || shards > CLI_MAX_SHARDS || part->index < 1 || part->index > shards)
		cli_bad_usage("%s: not the result of a shard", path);
	if (merge->shards && shards != merge->shards)
		cli_bad_usage("%s: shard of %lld, but %s is one of %lld", path, (long long)shards,
			      merge->part[0].path, (long long)merge->shards);
	merge->shards = shards;
}

/* What they must have in common. */
static void compare_parts(const struct part *a, const struct part *b)
{
	static const char *const key[] = {
		"scenario", "variant", "tlb", "strategy", "seed", "options",
	};

	for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++)
		if (!json_equal(json_object_get(a->json, key[i]), json_object_get(b->json, key[i])))
			cli_bad_usage("%s: not of the same search as %s: %s differs", b->path,
				      a->path, key[i]);
}

static int by_index(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* "2, 5-7", cut off where it becomes too long. */
static void list_missing(const struct merge *merge, char *text, size_t size)
{
	json_int_t next = 1;
	size_t at = 0;

	*text = '\0';
	for (size_t i = 0; i <= merge->nr_parts && at + 64 < size; i++) {
		json_int_t here = i < merge->nr_parts ? merge->part[i].index : merge->shards + 1;

		if (here > next)
			at += (size_t)snprintf(text + at, size - at, "%s%lld", at ? ", " : "",
					       (long long)next);
		if (here > next + 1)
			at += (size_t)snprintf(text + at, size - at, "-%lld", (long long)here - 1);
		next = here + 1;
	}
}

static void expect_all(const struct merge *merge)
{
	char missing[400];

	for (size_t i = 0; i + 1 < merge->nr_parts; i++)
		if (merge->part[i].index == merge->part[i + 1].index)
			cli_bad_usage("%s: shard %lld is in %s, too", merge->part[i + 1].path,
				      (long long)merge->part[i].index, merge->part[i].path);
	list_missing(merge, missing, sizeof(missing));
	if (missing[0])
		cli_bad_usage("shards are missing: %s of %lld", missing, (long long)merge->shards);
}

static void bad_part(const struct part *part)
{
	cli_bad_usage("%s: not a result that this version wrote", part->path);
}

static void read_execution(const struct part *part, struct cli_execution *execution)
{
	struct vmsim_explore_options *options = &execution->options;
	const char *scenario, *variant, *tlb, *strategy;
	json_int_t seed;
	int found;

	vmsim_explore_options_init(options);
	if (json_unpack(part->json, "{s:s, s:s, s:s, s:s, s:I}", "scenario", &scenario, "variant",
			&variant, "tlb", &tlb, "strategy", &strategy, "seed", &seed) ||
	    !cli_options_from_json(json_object_get(part->json, "options"), options))
		bad_part(part);
	execution->scenario = cli_find_scenario(scenario);
	execution->variant = cli_find_variant(execution->scenario, variant[0] ? variant : NULL);
	cli_parse_tlb(tlb, &options->tlb, &(unsigned int){ 0 });
	found = vmsim_strategy_parse(strategy);
	if (found < 0)
		bad_part(part);
	options->strategy = (enum vmsim_strategy)found;
	options->seed = (uint64_t)seed;
}

static unsigned int min_below(unsigned int below, const json_t *within)
{
	unsigned int other = json_is_integer(within) ?
		(unsigned int)json_integer_value(within) + 1 : 0;

	return other < below ? other : below;
}

/* Of bounds of which one may be none, null. */
static unsigned int min_bound(unsigned int bound, const json_t *json)
{
	unsigned int other = json_is_integer(json) ? (unsigned int)json_integer_value(json) :
						     VMSIM_UNBOUNDED;

	return other < bound ? other : bound;
}

static bool is_exhausted_by(const json_t *by, int strategy)
{
	const json_t *one = json_object_get(by, vmsim_strategy_name((enum vmsim_strategy)strategy));

	return json_is_true(json_object_get(one, "exhausted"));
}

/*
 * Strategies divide the work each in its own way, and so it counts what each of them has exhausted:
 * but for states and bounds under one bound, which are the same search in the end.
 */
static bool is_exhausted_as_by(const json_t *by, int strategy, bool bounded)
{
	bool states = strategy == VMSIM_STRATEGY_STATES || strategy == VMSIM_STRATEGY_BOUNDS;

	if (bounded && states)
		return is_exhausted_by(by, VMSIM_STRATEGY_STATES) ||
		       is_exhausted_by(by, VMSIM_STRATEGY_BOUNDS);
	return is_exhausted_by(by, strategy);
}

static void add_coverage(const struct part *part, bool bounded, struct vmsim_coverage *all)
{
	const json_t *json = json_object_get(part->json, "coverage");
	const json_t *members = json_object_get(json, "executions");
	const json_t *by = json_object_get(json, "by");
	const json_t *estimate = json_object_get(json, "estimate");
	const json_t *left = json_object_get(json, "states_left");

	if (!json_is_object(json) || !json_is_object(members) || !json_is_object(by))
		bad_part(part);
	all->classes += (uint64_t)integer(json, "classes");
	all->blocked += (uint64_t)integer(json, "blocked");
	all->states += (uint64_t)integer(json, "states");
	all->transitions += (uint64_t)integer(json, "transitions");
	if ((uint64_t)integer(json, "deepest") > all->deepest)
		all->deepest = (uint64_t)integer(json, "deepest");
	/* One that does not know how much there is makes the sum unknown: not a number. */
	all->estimate += json_is_number(estimate) ? json_number_value(estimate) : __builtin_nan("");
	all->states_left += json_is_number(left) ? json_number_value(left) : __builtin_nan("");
	all->left_within = min_bound(all->left_within, json_object_get(json, "left_within"));
	for (int i = 0; i < VMSIM_STRATEGY_COUNT; i++) {
		const json_t *one = json_object_get(by, vmsim_strategy_name(i));

		all->executions_by[i] += (uint64_t)integer(members, vmsim_strategy_name(i));
		all->exhausted_by[i] &= is_exhausted_as_by(by, i, bounded);
		all->below_by[i] = min_below(all->below_by[i], json_object_get(one, "within"));
	}
}

/* Together, shards have exhausted what one strategy has in all of them. */
static void sum_up(struct vmsim_coverage *all, unsigned int preemptions)
{
	all->exhausted = false;
	all->below = 0;
	for (int i = 0; i < VMSIM_STRATEGY_COUNT; i++) {
		all->exhausted |= all->exhausted_by[i];
		if (all->below_by[i] > all->below)
			all->below = all->below_by[i];
	}
	if (all->exhausted && preemptions != VMSIM_UNBOUNDED)
		all->below = preemptions + 1;
	if (!(all->estimate > 0))
		all->estimate = 0;
	if (!(all->states_left > 0))
		all->states_left = 0;
}

static struct vmsim_coverage coverage_of_none(void)
{
	struct vmsim_coverage none = { .left_within = VMSIM_UNBOUNDED };

	for (int i = 0; i < VMSIM_STRATEGY_COUNT; i++) {
		none.exhausted_by[i] = true;
		none.below_by[i] = UINT_MAX;
	}
	return none;
}

static void copy(char *to, size_t size, const json_t *from)
{
	snprintf(to, size, "%s", json_is_string(from) ? json_string_value(from) : "");
}

static void read_schedule(const struct part *part, const struct vmsim_scenario *scenario,
			  struct vmsim_schedule *schedule)
{
	const json_t *text = json_object_get(part->json, "schedule");
	char error[256] = "";

	vmsim_schedule_free(schedule);
	if (!json_is_string(text))
		bad_part(part);
	if (vmsim_schedule_parse(json_string_value(text), json_string_length(text), schedule, error,
				 sizeof(error)) ||
	    vmsim_schedule_bind(scenario, schedule, error, sizeof(error)))
		cli_bad_usage("%s: schedule: %s", part->path, error);
}

static void read_failure(const struct part *part, struct vmsim_result *result)
{
	const json_t *json = json_object_get(part->json, "violation");
	const char *by = json_string_value(
		json_object_get(json_object_get(part->json, "coverage"), "found_by"));
	int found_by = by ? vmsim_strategy_parse(by) : -1;

	if (!json_is_object(json) || found_by < 0)
		bad_part(part);
	result->violated = true;
	copy(result->violation.oracle, sizeof(result->violation.oracle),
	     json_object_get(json, "oracle"));
	copy(result->violation.rule, sizeof(result->violation.rule), json_object_get(json, "rule"));
	copy(result->violation.text, sizeof(result->violation.text), json_object_get(json, "text"));
	result->violation.step = (uint64_t)integer(json, "step");
	result->violation.cpu = (int)integer(json, "cpu");
	result->violation.tid = (int)integer(json, "tid");
	result->coverage.found_by = (enum vmsim_strategy)found_by;
}

/*
 * Shards stand in the order of their executions: the first failure is the one of the lowest shard,
 * and without one the last execution is that of the highest.
 */
static void add_part(const struct part *part, const struct cli_execution *execution,
		     struct vmsim_result *result)
{
	bool bounded = execution->options.preemptions != VMSIM_UNBOUNDED;
	bool fails = json_is_true(json_object_get(part->json, "violated"));
	bool found_before = result->violated;

	result->executions += (uint64_t)integer(part->json, "executions");
	result->failures += (uint64_t)integer(part->json, "failures");
	add_coverage(part, bounded, &result->coverage);
	if (found_before)
		return;
	if (fails)
		read_failure(part, result);
	result->decisions = (uint64_t)integer(part->json, "decisions");
	read_schedule(part, execution->scenario, &result->schedule);
}

static void read_parts(struct merge *merge, const char *const *paths, size_t n)
{
	merge->part = calloc(n, sizeof(*merge->part));
	if (!merge->part)
		exit(CLI_FAILED);
	for (size_t i = 0; i < n; i++) {
		read_part(merge, paths[i]);
		compare_parts(&merge->part[0], &merge->part[i]);
	}
	qsort(merge->part, n, sizeof(*merge->part), by_index);
	expect_all(merge);
}

int cli_merge(const char *const *paths, size_t n, struct cli_execution *execution)
{
	struct merge merge = { 0 };
	struct vmsim_result result = { .coverage = coverage_of_none() };
	int status;

	read_parts(&merge, paths, n);
	read_execution(&merge.part[0], execution);
	for (size_t i = 0; i < n; i++)
		add_part(&merge.part[i], execution, &result);
	sum_up(&result.coverage, execution->options.preemptions);
	result.coverage.preemptions = execution->options.preemptions;
	result.schedule.oracles = execution->options.oracles;
	status = cli_report(execution, &result);
	vmsim_result_free(&result);
	for (size_t i = 0; i < n; i++)
		json_decref(merge.part[i].json);
	free(merge.part);
	return status;
}
