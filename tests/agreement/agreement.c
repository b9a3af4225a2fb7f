// SPDX-License-Identifier: GPL-2.0-only
#include "../unit/vmsim_test.h"
#include "../../scenarios/registry.h"
#include "../world.h"
#include "explore/session.h"
#include "outcomes.h"
#include <stdio.h>
#include <string.h>

/*
 * Strategies that exhaust the same thing have to agree about what can come out of it: final states,
 * violations, deadlocks, livelocks. And what those find that do not exhaust it must be among that.
 *
 *   agreement check CELLS SCENARIO VARIANT
 *   agreement survey SCENARIO VARIANT [EXECUTIONS TRANSITIONS [QUESTIONS]]
 *
 * A cell is what a variant of a scenario runs under (../world.h); the file cells names those that
 * something exhausts within the limits below, with the strategies that do, one cell on a line.
 * check fails where one of them does not any more. survey prints such lines, for other limits, too.
 */

enum { DFS, DPOR, STATES, EXHAUSTIVE };

static const struct {
	const char *name;
	enum vmsim_strategy id;
} strategies[] = {
	[DFS] = { "dfs", VMSIM_STRATEGY_DFS },
	[DPOR] = { "dpor", VMSIM_STRATEGY_DPOR },
	[STATES] = { "states", VMSIM_STRATEGY_STATES },
	{ "dfs with one preemption", VMSIM_STRATEGY_DFS },
	{ "random", VMSIM_STRATEGY_RANDOM },
	{ "pct", VMSIM_STRATEGY_PCT },
};

#define STRATEGIES (sizeof(strategies) / sizeof(strategies[0]))
#define SAMPLES 400
#define STEP_LIMIT 20000

struct limits {
	uint64_t executions, transitions;
};

static struct limits limits = { .executions = 12000, .transitions = 100000 };
/* Where questions are asked, there is so many times as much to see. */
#define LIMITS_OF_QUESTIONS 4

static struct found {
	struct outcomes outcomes;
	uint64_t executions;
	struct vmsim_coverage coverage;
} found[STRATEGIES];

static const struct vmsim_scenario *scenario;
static const char *variant, *cells;
/* The cell: its name, and what that says of the back-end and of questions. */
static const char *world;
static struct vmsim_explore_options under;

static bool has_more(struct vmsim_explorer *x, const struct found *f, unsigned int strategy)
{
	unsigned int times = under.ask ? LIMITS_OF_QUESTIONS : 1;

	if (strategy >= EXHAUSTIVE && f->executions == SAMPLES)
		return false;
	if (f->executions >= limits.executions * times ||
	    f->coverage.transitions >= limits.transitions * times)
		return false;
	return !x->strategy->more || x->strategy->more(x);
}

static void run_all(struct vmsim_explorer *x, struct found *f, unsigned int strategy)
{
	while (has_more(x, f, strategy)) {
		if (session_execute(x, f->executions + 1))
			fail_msg("%s", x->misfit);
		f->executions += !x->abandoned;
		outcomes_add_execution(&f->outcomes, x);
		if (x->strategy->cover)
			x->strategy->cover(x, &f->coverage);
	}
	if (x->strategy->cover)
		x->strategy->cover(x, &f->coverage);
}

static void explore(unsigned int strategy)
{
	struct vmsim_explore_options options;
	struct found *f = &found[strategy];
	struct vmsim_explorer *x;
	char error[512];

	outcomes_clear(&f->outcomes);
	f->executions = 0;
	f->coverage = (struct vmsim_coverage) { 0 };
	vmsim_explore_options_init(&options);
	options.strategy = strategies[strategy].id;
	options.variant = variant;
	options.tlb = under.tlb;
	options.ask = under.ask;
	options.step_limit = STEP_LIMIT;
	options.executions = SAMPLES;
	if (strategy >= EXHAUSTIVE)
		options.preemptions = 1;
	if (session_create(scenario, &options, NULL, NULL, &x, error, sizeof(error)))
		fail_msg("%s", error);
	run_all(x, f, strategy);
	session_destroy(x);
	/* Within a bound is not all there is. */
	f->coverage.exhausted &= strategy < EXHAUSTIVE;
	if (f->outcomes.all.full)
		fail_msg("%s has more outcomes than can be kept", strategies[strategy].name);
}

/* What @i knows and @j, which has seen everything, does not. */
static bool misses(unsigned int i, unsigned int j)
{
	const struct outcomes *a = &found[i].outcomes, *b = &found[j].outcomes;

	if (i == j || !found[j].coverage.exhausted || !outcomes_missing(&a->all, &b->all))
		return false;
	fprintf(stderr, "%s %s %s: %s finds what %s does not:", scenario->name, variant, world,
		strategies[i].name, strategies[j].name);
	outcomes_print_missing(a, b, stderr);
	fprintf(stderr, "\n");
	return true;
}

/* True if all that was explored agrees. */
static bool agree(void)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < STRATEGIES; i++)
		for (unsigned int j = 0; j < EXHAUSTIVE; j++)
			wrong += misses(i, j);
	return !wrong;
}

static void forget_all(void)
{
	memset(found, 0, sizeof(found));
}

static void print_cell(void)
{
	unsigned int states = 0, broken = 0;
	bool any = false;

	for (unsigned int i = 0; i < EXHAUSTIVE; i++) {
		if (!found[i].coverage.exhausted)
			continue;
		if (!any)
			printf("%s %s %s:", scenario->name, variant, world);
		any = true;
		printf(" %s", strategies[i].name);
		broken = found[i].outcomes.nr_broken;
		states = found[i].outcomes.all.n - broken;
	}
	if (!any)
		return;
	printf(" #");
	if (found[DPOR].coverage.exhausted)
		printf(" %llu executions,", (unsigned long long)found[DPOR].executions);
	if (found[STATES].coverage.exhausted)
		printf(" %llu transitions,",
		       (unsigned long long)found[STATES].coverage.transitions);
	printf(" %u final states, %u rules break\n", states, broken);
	fflush(stdout);
}

/* Which cell is at hand; fails where there is no such back-end or question. */
static void set_world(const char *text)
{
	static char copy[64];
	char *rest = copy;

	world = text;
	snprintf(copy, sizeof(copy), "%s", text);
	if (!world_parse(rest, &under))
		fail_msg("%s: no such back-end or question", text);
}

static bool has_verdict(enum vmsim_tlb tlb)
{
	for (unsigned int i = 0; i < scenario->nr_verdicts; i++)
		if (!strcmp(scenario->verdicts[i].variant, variant) &&
		    scenario->verdicts[i].tlb >> tlb & 1)
			return true;
	return false;
}

static int survey(const char *questions)
{
	bool all = true;

	for (unsigned int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++) {
		char cell[64];

		if (!has_verdict(tlb))
			continue;
		snprintf(cell, sizeof(cell), "%s%s%s", vmsim_tlb_name(tlb), questions ? "+" : "",
			 questions ? questions : "");
		set_world(cell);
		forget_all();
		for (unsigned int i = 0; i < STRATEGIES; i++)
			explore(i);
		print_cell();
		all &= agree();
	}
	return all ? 0 : 1;
}

/* One line of the table: @names are the strategies that exhaust it. */
static void check_cell(const char *cell, char *names)
{
	char *name;

	set_world(cell);
	forget_all();
	while ((name = strsep(&names, " \n"))) {
		unsigned int i = 0;

		if (!*name)
			continue;
		while (i < EXHAUSTIVE && strcmp(name, strategies[i].name))
			i++;
		if (i == EXHAUSTIVE)
			fail_msg("%s: no strategy %s", cells, name);
		explore(i);
		if (!found[i].coverage.exhausted)
			fail_msg("%s %s %s: %s does not exhaust it any more", scenario->name,
				 variant, world, name);
	}
	for (unsigned int i = EXHAUSTIVE; i < STRATEGIES; i++)
		explore(i);
	if (!agree())
		fail_msg("%s %s %s", scenario->name, variant, world);
}

static void test_agreement(void **state)
{
	FILE *file = fopen(cells, "r");
	char line[256], name[64], of[64], cell[64];
	unsigned int checked = 0;

	(void)state;
	if (!file)
		fail_msg("%s: cannot be read", cells);
	while (fgets(line, sizeof(line), file)) {
		int end = 0;

		line[strcspn(line, "#\n")] = 0;
		if (sscanf(line, "%63s %63s %63[^:]:%n", name, of, cell, &end) != 3 || !end) {
			assert_int_equal(strspn(line, " "), strlen(line));
			continue;
		}
		if (strcmp(name, scenario->name) || strcmp(of, variant))
			continue;
		check_cell(cell, line + end);
		checked++;
	}
	fclose(file);
	print_message("%s %s: %u cells\n", scenario->name, variant, checked);
	assert_true(checked > 0);
}

static int usage(void)
{
	fprintf(stderr, "usage: agreement check CELLS SCENARIO VARIANT\n"
			"       agreement survey SCENARIO VARIANT [EXECUTIONS TRANSITIONS "
			"[QUESTIONS]]\n");
	return 2;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agreement),
	};
	bool check = argc == 5 && !strcmp(argv[1], "check");

	bool limited = argc == 6 || argc == 7;

	if (!check && ((argc != 4 && !limited) || strcmp(argv[1], "survey")))
		return usage();
	cells = argv[2];
	scenario = vmsim_scenario_named(argv[2 + check]);
	variant = argv[3 + check];
	if (!scenario)
		return usage();
	if (limited) {
		limits.executions = strtoull(argv[4], NULL, 10);
		limits.transitions = strtoull(argv[5], NULL, 10);
	}
	return check ? vmsim_run_tests(tests) : survey(argc == 7 ? argv[6] : NULL);
}
