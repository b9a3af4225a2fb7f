// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"
#include <errno.h>
#include <registry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* `vmsim check`: every verdict table against reality. */

enum option_key {
	KEY_JSON = 256,
	KEY_EXECUTIONS,
	KEY_EXPLORE,
	KEY_SEEDS,
	KEY_TIME_LIMIT,
	KEY_DEPTH,
	KEY_PASS_EXECUTIONS,
	KEY_JOBS,
	KEY_TLB,
	KEY_OVERRIDE,
	KEY_LEAVE_OUT,
	KEY_ALLOW_STUB,
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct check_input *input = state->input;

	switch (key) {
	case KEY_JSON:
		input->json = true;
		return 0;
	case KEY_EXPLORE:
		input->explore = true;
		return 0;
	case KEY_SEEDS:
		input->seeds = cli_number("seeds", arg, 1, 1000);
		return 0;
	case KEY_TIME_LIMIT:
		input->time_limit = cli_number("time-limit", arg, 1, INT32_MAX);
		return 0;
	case KEY_PASS_EXECUTIONS:
		input->pass_executions = cli_number("pass-executions", arg, 1, INT64_MAX);
		return 0;
	case KEY_DEPTH:
		input->depth = true;
		return 0;
	case KEY_EXECUTIONS:
		input->executions = cli_number("executions", arg, 0, INT64_MAX);
		return 0;
	case KEY_JOBS:
		input->at_once = (unsigned int)cli_number("jobs", arg, 1, 1024);
		return 0;
	case KEY_TLB:
		input->tlbs = cli_parse_tlbs(arg);
		return 0;
	case KEY_OVERRIDE:
		check_override_add(input, arg);
		return 0;
	case KEY_LEAVE_OUT:
		check_leave_out_add(input, arg);
		return 0;
	case KEY_ALLOW_STUB:
		check_allow_stub_add(input, arg);
		return 0;
	case ARGP_KEY_ARG:
		if (input->nr_scenarios == CHECK_SCENARIOS_MAX)
			cli_bad_usage("too many scenarios");
		input->scenario[input->nr_scenarios++] = cli_find_scenario(arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void all_scenarios(struct check_input *input)
{
	while (vmsim_scenarios[input->nr_scenarios]) {
		if (input->nr_scenarios == CHECK_SCENARIOS_MAX)
			cli_bad_usage("too many scenarios");
		input->scenario[input->nr_scenarios] = vmsim_scenarios[input->nr_scenarios];
		input->nr_scenarios++;
	}
}

void check_mismatch(struct check *check, const struct vmsim_scenario *scenario,
		    const char *variant, struct check_column column, const char *way,
		    const char *expected, const char *found, const char *what)
{
	json_array_append_new(check->mismatches, json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "scenario", scenario->name,
		"variant", variant, "tlb", vmsim_tlb_name(column.tlb),
		"memory_model", vmsim_memory_model_name(column.model), "way", way,
		"expected", expected, "found", found, "what", what));
}

struct check_job *check_add_job(struct check *check, const struct check_job *job)
{
	struct check_job *larger = realloc(check->job, (check->nr_jobs + 1) * sizeof(*larger));

	if (!larger)
		exit(CLI_FAILED);
	check->job = larger;
	larger[check->nr_jobs] = *job;
	larger[check->nr_jobs].overrides = check->input->overrides;
	larger[check->nr_jobs].nr_overrides = check->input->nr_overrides;
	return &larger[check->nr_jobs++];
}

static void add_job(struct check *check, const struct vmsim_scenario *scenario,
		    const struct vmsim_verdict *verdict, struct check_column column,
		    const char *oracle, enum check_way way, uint64_t executions)
{
	struct check_job job = {
		.scenario = scenario, .verdict = verdict, .column = column, .way = way, .seed = 1,
		.executions = executions,
	};

	snprintf(job.oracle, sizeof(job.oracle), "%s", oracle);
	check_add_job(check, &job);
}

/* The search ends when nothing is left. */
#define EXECUTIONS_OF_STATES 1000000000

static bool has_script(const struct vmsim_scenario *scenario, const char *name)
{
	for (unsigned int i = 0; i < scenario->nr_variants; i++)
		if (!strcmp(scenario->variants[i].name, name) && scenario->variants[i].script)
			return true;
	return scenario->script;
}

/* Each oracle that must fire is armed alone: none may hide behind another. */
static void add_failing(struct check *check, const struct vmsim_scenario *scenario,
			const struct vmsim_verdict *verdict, struct check_column column)
{
	bool scripted = has_script(scenario, verdict->variant);
	char *list = strdup(verdict->oracle), *rest = list, *oracle;

	while (list && (oracle = strsep(&rest, "|")))
		add_job(check, scenario, verdict, column, oracle,
			scripted ? CHECK_SCRIPT : CHECK_STATES,
			scripted ? 1 : EXECUTIONS_OF_STATES);
	free(list);
}

static void add_passing(struct check *check, const struct vmsim_scenario *scenario,
			const struct vmsim_verdict *verdict, struct check_column column)
{
	uint64_t executions = check->input->executions;

	if (!scenario->script) {
		add_job(check, scenario, verdict, column, "", CHECK_STATES, EXECUTIONS_OF_STATES);
		return;
	}
	add_job(check, scenario, verdict, column, "", CHECK_SCRIPT, 1);
	if (!executions)
		return;
	add_job(check, scenario, verdict, column, "", CHECK_RANDOM, executions);
	add_job(check, scenario, verdict, column, "", CHECK_PCT, executions);
}

/* The one verdict on a cell, or NULL: there is none, or more than one. */
static const struct vmsim_verdict *find_verdict(const struct vmsim_scenario *scenario,
						const char *variant,
						struct check_column column)
{
	const struct vmsim_verdict *found = NULL;

	for (unsigned int i = 0; i < scenario->nr_verdicts; i++) {
		const struct vmsim_verdict *verdict = &scenario->verdicts[i];

		if (strcmp(verdict->variant, variant) || !check_covers(verdict, column))
			continue;
		if (found)
			return NULL;
		found = verdict;
	}
	return found;
}

static void add_cell(struct check *check, const struct vmsim_scenario *scenario,
		     const char *variant, struct check_column column)
{
	const struct vmsim_verdict *verdict = find_verdict(scenario, variant, column);

	if (!verdict) {
		check_mismatch(check, scenario, variant, column, "table", "one verdict",
			       "none or several",
			       "the verdict table must say one thing about each cell");
	} else if (check->input->explore) {
		check_explore_add(check, scenario, verdict, column);
	} else if (check->input->depth) {
		check_depth_add(check, scenario, verdict, column);
	} else if (verdict->oracle) {
		add_failing(check, scenario, verdict, column);
	} else {
		add_passing(check, scenario, verdict, column);
	}
}

static void add_cells(struct check *check, const struct vmsim_scenario *scenario)
{
	struct check_column column[CHECK_COLUMNS_MAX];
	unsigned int n = check_columns(check->input, scenario, column);

	for (unsigned int v = 0; v < scenario->nr_variants; v++) {
		if (check_is_left_out(check, scenario, &scenario->variants[v]))
			continue;
		for (unsigned int i = 0; i < n; i++)
			add_cell(check, scenario, scenario->variants[v].name, column[i]);
	}
}

static void add_all_cells(struct check *check)
{
	for (size_t i = 0; i < check->input->nr_scenarios; i++)
		add_cells(check, check->input->scenario[i]);
}

static const char *expected(const struct check_job *job)
{
	if (job->way == CHECK_EXPLORE || job->way == CHECK_DEPTH)
		return job->verdict->oracle ? job->verdict->oracle : "pass";
	return job->oracle[0] ? job->oracle : "pass";
}

static const char *found(const struct check_job *job)
{
	if (!job->answer)
		return "no answer";
	if (job->found[0])
		return job->found;
	return job->way == CHECK_STATES && !check_is_exhausted(job) ? "not exhausted" : "pass";
}

static void collect_mismatches(struct check *check)
{
	for (size_t i = 0; i < check->nr_jobs; i++) {
		const struct check_job *job = &check->job[i];

		if (check_job_ok(job))
			continue;
		check_mismatch(check, job->scenario, job->verdict->variant, job->column,
			       check_way_name(job->way), expected(job), found(job), job->what);
	}
}

/* What the verdict expects, or "WRONG", of all runs of a cell; "-": there is none. */
static const char *cell_word(const struct check *check, const struct vmsim_scenario *scenario,
			     const char *variant, struct check_column column)
{
	const struct vmsim_verdict *verdict = find_verdict(scenario, variant, column);
	bool any = false;

	if (!verdict)
		return "NONE";
	for (size_t i = 0; i < check->nr_jobs; i++) {
		const struct check_job *job = &check->job[i];

		if (job->scenario != scenario || job->verdict != verdict ||
		    !check_same_column(job->column, column))
			continue;
		if (!check_job_ok(job))
			return "WRONG";
		any = true;
	}
	return !any ? "-" : verdict->oracle ? verdict->oracle : "pass";
}

static void print_table(const struct check *check, const struct vmsim_scenario *scenario)
{
	struct check_column column[CHECK_COLUMNS_MAX];
	unsigned int n = check_columns(check->input, scenario, column);

	if (!n)
		return;
	check_print_header(check->input, scenario);
	putchar('\n');
	for (unsigned int v = 0; v < scenario->nr_variants; v++) {
		printf("%-20s", scenario->variants[v].name);
		for (unsigned int i = 0; i < n; i++)
			printf(" %-13s", cell_word(check, scenario, scenario->variants[v].name,
						   column[i]));
		putchar('\n');
	}
}

static void print_tables(const struct check *check)
{
	for (size_t i = 0; i < check->input->nr_scenarios; i++)
		print_table(check, check->input->scenario[i]);
}

static const char *key(const json_t *entry, const char *name)
{
	return json_string_value(json_object_get(entry, name));
}

static bool is_weak(const json_t *mismatch)
{
	const char *model = key(mismatch, "memory_model");

	return model && strcmp(model, vmsim_memory_model_name(VMSIM_MEMORY_SC));
}

static void print_text(const struct check *check)
{
	size_t i;
	json_t *entry;

	if (check->input->explore)
		check_explore_print(check);
	else if (check->input->depth)
		check_depth_print(check);
	else
		print_tables(check);
	json_array_foreach(check->mismatches, i, entry)
		printf("%s %s, tlb %s%s%s, %s: expected %s, found %s: %s\n",
		       key(entry, "scenario"), key(entry, "variant"), key(entry, "tlb"),
		       is_weak(entry) ? ", memory model " : "",
		       is_weak(entry) ? key(entry, "memory_model") : "", key(entry, "way"),
		       key(entry, "expected"), key(entry, "found"), key(entry, "what"));
	check_override_print(check);
	check_stubs_print(check);
	printf("%zu runs, %zu mismatches\n", check->nr_jobs, json_array_size(check->mismatches));
}

static json_t *cells_json(const struct check *check)
{
	json_t *array = json_array();

	for (size_t i = 0; i < check->nr_jobs; i++) {
		const struct check_job *job = &check->job[i];

		json_array_append_new(array, json_pack(
			"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}",
			"scenario", job->scenario->name, "variant", job->verdict->variant,
			"tlb", vmsim_tlb_name(job->column.tlb),
			"memory_model", vmsim_memory_model_name(job->column.model),
			"way", check_way_name(job->way), "expected", expected(job),
			"found", found(job), "ok", check_job_ok(job)));
	}
	return array;
}

static bool all_answered(const struct check *check)
{
	for (size_t i = 0; i < check->nr_jobs; i++) {
		if (!check->job[i].answer)
			return false;
	}
	return true;
}

static int report(struct check *check)
{
	bool wrong = json_array_size(check->mismatches) || !check_stubs_ok(check);
	int status = CLI_OK;
	json_t *json;

	if (check->input->json) {
		json = json_pack("{s:o, s:O, s:O, s:O}", "runs", cells_json(check), "mismatches",
				 check->mismatches, "left_out", check->left_out, "stubs",
				 check->stubs);
		if (check->input->explore)
			check_explore_json(check, json);
		if (check->input->depth)
			check_depth_json(check, json_object_get(json, "runs"));
		status = cli_print_json(json);
	} else {
		print_text(check);
	}
	if (!status && !all_answered(check))
		status = CLI_FAILED;
	if (!status && wrong)
		status = CLI_WRONG;
	/* Nothing is known then, which is not the same as nothing wrong. */
	if (!status && !check->nr_jobs) {
		cli_complain("check: nothing was run: of the cells that were asked for none is left");
		status = CLI_USAGE;
	}
	return status;
}

static unsigned int processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned int)n : 1;
}

int cli_check(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "executions", KEY_EXECUTIONS, "N", 0,
		  "of random and of pct, for cells that must pass (200); with --explore: of each "
		  "run (1000000)", 0 },
		{ "explore", KEY_EXPLORE, NULL, 0,
		  "without scripts: the portfolio finds what must fail, and exhausts the rest", 0 },
		{ "seeds", KEY_SEEDS, "N", 0, "runs of a cell that must fail (3)", 0 },
		{ "time-limit", KEY_TIME_LIMIT, "SECONDS", 0, "of a run that explores (60)", 0 },
		{ "pass-executions", KEY_PASS_EXECUTIONS, "N", 0,
		  "of a run that explores and must pass (100000000: the time limit ends it)", 0 },
		{ "depth", KEY_DEPTH, NULL, 0,
		  "of cells that must fail: the fewest preemptions with which they do", 0 },
		{ "tlb", KEY_TLB, "NAME,...", 0, "cells of these flush back-ends only (all)", 0 },
		{ "jobs", KEY_JOBS, "N", 0, "runs at once (one per processor)", 0 },
		{ "override", KEY_OVERRIDE, "FILE.so", 0,
		  "in front of the library and of the variants, in all runs; variants that replace "
		  "what it defines are left out", 0 },
		{ "leave-out", KEY_LEAVE_OUT, "SCENARIO/VARIANT", 0,
		  "one that says what an override does otherwise; may be repeated", 0 },
		{ "allow-stub", KEY_ALLOW_STUB, "FUNCTION", 0,
		  "a stub that runs may reach: others are failures; may be repeated", 0 },
		{ "json", KEY_JSON, NULL, 0, "as JSON (docs/json.md)", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "[SCENARIO...]",
		.doc = "Holds the verdict tables of all or of the named scenarios against reality.",
	};
	struct check_input input = {
		.executions = UINT64_MAX, .seeds = 3, .time_limit = 60, .at_once = processors(),
		.tlbs = VMSIM_ALL_TLBS,
	};
	struct check check = {
		.input = &input, .mismatches = json_array(), .left_out = json_array(),
		.stubs = json_array(),
	};
	int status;

	cli_parse_options(&argp, argc, argv, &input);
	if (input.depth && input.explore)
		cli_bad_usage("check: --explore and --depth are not one");
	if (input.executions == UINT64_MAX)
		input.executions = input.explore ? 1000000 : 200;
	if (!input.pass_executions)
		input.pass_executions = input.explore ? 100000000 : input.executions;
	input.all = !input.nr_scenarios;
	if (input.all)
		all_scenarios(&input);
	unsetenv("VMSIM_OVERRIDE");
	add_all_cells(&check);
	check_run(&check);
	collect_mismatches(&check);
	if (input.explore)
		check_explore_judge(&check);
	if (input.depth)
		check_depth_judge(&check);
	status = report(&check);
	json_decref(check.mismatches);
	json_decref(check.left_out);
	json_decref(check.stubs);
	for (size_t i = 0; i < check.nr_jobs; i++)
		json_decref(check.job[i].answer);
	free(check.job);
	check_override_free(&input);
	return status;
}
