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

static struct vmsim_result explore(const struct cell *cell, enum vmsim_strategy strategy,
				   uint64_t executions)
{
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256] = "";

	vmsim_explore_options_init(&options);
	options.strategy = strategy;
	options.executions = executions;
	options.memory_model = cell->model;
	options.variant = cell->variant->name;
	if (vmsim_explore(cell->scenario, &options, &result, error, sizeof(error))) {
		fprintf(stderr, "%s: %s\n", cell->scenario->name, error);
		exit(1);
	}
	return result;
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
	       "[memory model](memory-models.md). \"ok\": all states are visited, nothing is wrong in any.\n"
	       "The two sides are written on the kernel's primitives (`scenarios/barriers/`);\n"
	       "what fails here fails in this model of the protocol, which is no statement about a\n"
	       "kernel on a given machine. `vmsim explore SCENARIO --variant VARIANT --memory-model MODEL`\n"
	       "shows each; `vmsim check` holds all of it against reality.\n");
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
	};

	if (argc > 1 && !strcmp(argv[1], "write"))
		return write_page();
	return vmsim_run_tests(tests);
}
