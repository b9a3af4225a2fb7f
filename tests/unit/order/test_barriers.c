// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "../../../scenarios/registry.h"
#include <stdio.h>
#include <string.h>

/*
 * The registered scenarios that are barrier protocols (scenarios/barriers): each variant does under
 * each memory model what its verdict says. test_barriers write: prints docs/barriers.md, from what
 * the runs gave.
 */

#define MODELS VMSIM_MEMORY_COUNT

static bool is_protocol(const struct vmsim_scenario *scenario)
{
	return !strncmp(scenario->tags, "barriers", strlen("barriers"));
}

/* One variant under one model. */
struct cell {
	const struct vmsim_scenario *scenario;
	const struct vmsim_variant *variant;
	enum vmsim_memory_model model;
};

static const struct vmsim_verdict *verdict_of(const struct cell *cell)
{
	for (unsigned int i = 0; i < cell->scenario->nr_verdicts; i++) {
		const struct vmsim_verdict *verdict = &cell->scenario->verdicts[i];

		if (!strcmp(verdict->variant, cell->variant->name) &&
		    verdict->models >> cell->model & 1)
			return verdict;
	}
	fail_msg("%s %s: no verdict under %s", cell->scenario->name, cell->variant->name,
		 vmsim_memory_model_name(cell->model));
	return NULL;
}

/* Calls @fn for all of them; the sum of what it returns. */
static unsigned int each_cell(unsigned int (*fn)(const struct cell *cell))
{
	unsigned int sum = 0;

	for (int i = 0; vmsim_scenarios[i]; i++) {
		const struct vmsim_scenario *scenario = vmsim_scenarios[i];

		if (!is_protocol(scenario))
			continue;
		for (unsigned int v = 0; v < scenario->nr_variants; v++) {
			for (int model = 0; model < MODELS; model++) {
				struct cell cell = { scenario, &scenario->variants[v],
						     (enum vmsim_memory_model)model };

				sum += fn(&cell);
			}
		}
	}
	return sum;
}

static struct vmsim_result explore_by(const struct cell *cell, enum vmsim_strategy strategy,
				      uint64_t executions, const char *script)
{
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256] = "";

	vmsim_explore_options_init(&options);
	options.strategy = strategy;
	options.executions = executions;
	options.memory_model = cell->model;
	options.variant = cell->variant->name;
	options.script = script;
	if (vmsim_explore(cell->scenario, &options, &result, error, sizeof(error))) {
		fprintf(stderr, "%s: %s\n", cell->scenario->name, error);
		exit(1);
	}
	return result;
}

static struct vmsim_result explore(const struct cell *cell, enum vmsim_strategy strategy,
				   uint64_t executions)
{
	return explore_by(cell, strategy, executions, NULL);
}

/* All states: 'P' nothing wrong in any of them, 'F' the expectation broke, '?' something else. */
static char run(const struct cell *cell)
{
	struct vmsim_result result = explore(cell, VMSIM_STRATEGY_STATES, UINT64_MAX);
	char out = '?';

	if (result.violated && !strcmp(result.violation.oracle, "CHECK"))
		out = 'F';
	else if (!result.violated && result.coverage.exhausted)
		out = 'P';
	else
		fprintf(stderr, "%s %s: %s\n", cell->scenario->name, cell->variant->name,
			result.violated ? result.violation.text : "not exhausted");
	vmsim_result_free(&result);
	return out;
}

static unsigned int is_wrong(const struct cell *cell)
{
	char expected = verdict_of(cell)->oracle ? 'F' : 'P';
	char is = run(cell);

	if (is != expected)
		print_message("%s %s, %s: %c, expected %c\n", cell->scenario->name,
			      cell->variant->name, vmsim_memory_model_name(cell->model), is,
			      expected);
	return is != expected;
}

static void each_cell_is_as_its_verdict(void **state)
{
	(void)state;
	assert_int_equal(each_cell(is_wrong), 0);
}

#define SOON 1000

static unsigned int is_found(const struct cell *cell)
{
	struct vmsim_result result;

	if (!verdict_of(cell)->oracle)
		return 0;
	result = explore(cell, VMSIM_STRATEGY_PORTFOLIO, SOON);
	print_message("%s: %llu executions, %s\n", vmsim_memory_model_name(cell->model),
		      (unsigned long long)result.executions, cell->variant->source);
	assert_true(result.violated);
	vmsim_result_free(&result);
	return 1;
}

/* What can be found at all is found soon by the default strategy, too. */
static void failures_are_found_soon(void **state)
{
	(void)state;
	assert_int_equal(each_cell(is_found), 16);
}

static struct cell cell_named(const char *scenario, const char *variant,
			      enum vmsim_memory_model model)
{
	struct cell cell = { .scenario = vmsim_scenario_named(scenario), .model = model };

	for (unsigned int i = 0; i < cell.scenario->nr_variants; i++)
		if (!strcmp(cell.scenario->variants[i].name, variant))
			cell.variant = &cell.scenario->variants[i];
	return cell;
}

/* Without the barrier the flag's change is in the buffer when the entry is restored. */
static void scripts_say_what_reaches_memory(void **state)
{
	static const struct {
		const char *script;
		bool fails[MODELS];
	} runs[] = {
		/* Neither is seen: no entry. */
		{ "Sharer until pte-set x2; Pinner; Sharer", { false, false, false } },
		/* The entry overtakes, which TSO does not let it. */
		{ "Sharer until pte-set x2; drain 0 2; Pinner; Sharer", { false, false, true } },
		/* The flag first; then both. */
		{ "Sharer until pte-set x2; drain 0; Pinner; Sharer", { false, false, false } },
		{ "Sharer until pte-set x2; drain 0; drain 0; Pinner; Sharer",
		  { false, false, false } },
		/* Of another CPU, nothing waits. */
		{ "Sharer until pte-set x2; drain 1 2; Pinner; Sharer", { false, false, false } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		for (int model = 0; model < MODELS; model++) {
			struct cell cell = cell_named("exclusive-flag", "restore-no-mb",
						      (enum vmsim_memory_model)model);
			struct vmsim_result result = explore_by(&cell, VMSIM_STRATEGY_SCRIPT, 1,
								runs[i].script);

			if (result.violated != runs[i].fails[model])
				fail_msg("%s, %s: %s", vmsim_memory_model_name(cell.model),
					 runs[i].script, result.violation.text);
			vmsim_result_free(&result);
		}
	}
}

/* The second oldest becomes the oldest when that has gone. */
static void drains_are_in_order(void **state)
{
	struct cell cell = cell_named("dirty-unmap", "zap-no-mb", VMSIM_MEMORY_PSO);
	struct vmsim_result result;

	(void)state;
	result = explore_by(&cell, VMSIM_STRATEGY_SCRIPT, 1, "Zapper until atomic x2; drain 0;"
			    "Reclaim until read; drain 0; Reclaim");
	assert_false(result.violated);
	vmsim_result_free(&result);
	result = explore_by(&cell, VMSIM_STRATEGY_SCRIPT, 1,
			    "Zapper until atomic x2; drain 0 2; Reclaim; drain 0");
	assert_true(result.violated);
	vmsim_result_free(&result);
}

/* Why it fails, or else why it does not. */
static const char *reason(const struct vmsim_scenario *scenario,
			  const struct vmsim_variant *variant)
{
	const char *why = "";

	for (int model = MODELS; model--;) {
		struct cell cell = { scenario, variant, (enum vmsim_memory_model)model };
		const struct vmsim_verdict *verdict = verdict_of(&cell);

		if (verdict->oracle)
			return verdict->why;
		why = verdict->why;
	}
	return why;
}

static int print_variant(const struct vmsim_scenario *scenario,
			 const struct vmsim_variant *variant)
{
	printf("| `%s` | %s |", variant->name, variant->source);
	for (int model = 0; model < MODELS; model++) {
		struct cell cell = { scenario, variant, (enum vmsim_memory_model)model };
		char is = run(&cell);

		if (is == '?')
			return 1;
		printf(is == 'F' ? " **fails** |" : " ok |");
	}
	printf(" %s |\n", reason(scenario, variant));
	return 0;
}

static int print_protocol(const struct vmsim_scenario *scenario)
{
	int err = 0;

	printf("\n## %s\n\n`%s`; %s.\n\n| variant | | sc | tso | pso | |\n"
	       "| --- | --- | --- | --- | --- | --- |\n", scenario->summary, scenario->name,
	       scenario->seeds);
	for (unsigned int i = 0; i < scenario->nr_variants && !err; i++)
		err = print_variant(scenario, &scenario->variants[i]);
	return err;
}

static int write_page(void)
{
	int err = 0;

	printf("# Barriers\n\n"
	       "Generated by `meson compile -C BUILD barriers-doc`; do not edit.\n\n"
	       "Lockless protocols, with each of their orderings taken away in turn, under each\n"
	       "[memory model](memory-models.md). \"ok\": all states are visited, nothing is\n"
	       "wrong in any. The two sides are written on the kernel's primitives\n"
	       "(`scenarios/barriers/`); what fails here fails in this model of the protocol,\n"
	       "which is no statement about a kernel on a given machine. `vmsim explore SCENARIO\n"
	       "--variant VARIANT --memory-model MODEL` shows each; `vmsim check` holds all of it\n"
	       "against reality.\n");
	for (int i = 0; vmsim_scenarios[i] && !err; i++)
		if (is_protocol(vmsim_scenarios[i]))
			err = print_protocol(vmsim_scenarios[i]);
	return err;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell_is_as_its_verdict),
		cmocka_unit_test(failures_are_found_soon),
		cmocka_unit_test(scripts_say_what_reaches_memory),
		cmocka_unit_test(drains_are_in_order),
	};

	if (argc > 1 && !strcmp(argv[1], "write"))
		return write_page();
	return vmsim_run_tests(tests);
}
