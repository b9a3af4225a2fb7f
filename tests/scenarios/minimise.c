// SPDX-License-Identifier: GPL-2.0-only
#include "../unit/vmsim_test.h"
#include "../../scenarios/registry.h"
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Failures of one buggy variant, found by chance, are cut down:
 *
 *   minimise SCENARIO VARIANT
 *
 * None has more preemptions than before, none more steps with as many; each is the same failure;
 * none has fewer than another one that is certified as smallest; each replays in another process,
 * from its text, with the same violation at the same step. With a third argument, this program is
 * that other process, and the argument a list of schedules.
 */

#define FAILURES 3	/* for each flush back-end and strategy */
#define SEEDS 20000	/* tried for one of them */
#define SEEDS_OF_ALL 100000	/* by the portfolio */
#define MAX_FAILURES (2 * FAILURES * VMSIM_TLB_COUNT)

extern char **environ;

static const struct vmsim_scenario *scenario;
static const char *variant, *program;
static char error[512];

struct figures {
	uint64_t replays[MAX_FAILURES], us[MAX_FAILURES], preemptions[MAX_FAILURES];
	unsigned int n, certified, shorter;
};

/* The fewest preemptions of a failure, so far as it was cut down, and as it was certified. */
static struct smallest {
	struct vmsim_violation violation;
	unsigned int found;
	unsigned int certified;
} smallest[64];
static unsigned int nr_smallest;

static struct vmsim_explore_options options_for(enum vmsim_tlb tlb)
{
	struct vmsim_explore_options options;

	vmsim_explore_options_init(&options);
	options.variant = variant;
	options.tlb = tlb;
	return options;
}

static bool same_rule(const struct vmsim_violation *a, const struct vmsim_violation *b)
{
	return !strcmp(a->oracle, b->oracle) && !strcmp(a->rule, b->rule);
}

/* A schedule, and what it must end with: lines that the other process reads. */
static void write_case(FILE *cases, const struct vmsim_minimised *minimised)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(vmsim_schedule_write(scenario, &minimised->schedule, out), 0);
	fclose(out);
	fprintf(cases, "%zu\n%s%s\n%s\n%llu %s\n", size, text, minimised->violation.oracle,
		minimised->violation.rule, (unsigned long long)minimised->violation.step,
		minimised->violation.text);
	free(text);
}

/* What is certified as smallest, no other failure may undercut. */
static void note_smallest(const struct vmsim_minimised *m)
{
	struct smallest *at = smallest;

	while (at < smallest + nr_smallest && !same_rule(&at->violation, &m->violation))
		at++;
	if (at == smallest + nr_smallest) {
		assert_true(nr_smallest++ < 64);
		*at = (struct smallest) { .violation = m->violation, .found = UINT_MAX };
	}
	if (m->preemptions < at->found)
		at->found = m->preemptions;
	if (m->certified && m->preemptions > at->certified)
		at->certified = m->preemptions;
	assert_true(at->found >= at->certified);
}

static void cut_down(struct vmsim_explore_options *options, const struct vmsim_result *found,
		     bool certify, struct figures *figures, FILE *cases)
{
	struct vmsim_minimise_limits limits;
	struct vmsim_minimised m;

	vmsim_minimise_limits_init(&limits);
	if (!certify)
		limits.certify = 0;
	if (vmsim_minimise(scenario, options, &found->schedule, &limits, &m, error, sizeof(error)))
		fail_msg("%s under %s: %s", variant, vmsim_tlb_name(options->tlb), error);
	assert_true(same_rule(&m.violation, &found->violation));
	assert_int_equal(m.steps_before, found->decisions);
	assert_true(m.preemptions <= m.preemptions_before);
	assert_true(m.preemptions < m.preemptions_before || m.steps <= m.steps_before);
	assert_int_equal(m.steps, m.violation.step);
	figures->certified += m.certified;
	figures->shorter += m.preemptions < m.preemptions_before;
	figures->preemptions[figures->n] = m.preemptions;
	figures->replays[figures->n] = m.replays;
	figures->us[figures->n++] = m.time_ns / 1000;
	note_smallest(&m);
	write_case(cases, &m);
	vmsim_minimised_free(&m);
}

/* The next failure; false: it is not found. */
static bool cut_down_one(struct vmsim_explore_options *options, bool first, struct figures *figures,
			 FILE *cases)
{
	struct vmsim_result result;
	bool found;

	if (vmsim_explore(scenario, options, &result, error, sizeof(error)))
		fail_msg("%s: %s", variant, error);
	options->seed += result.executions;
	found = result.violated;
	if (found)
		cut_down(options, &result, first, figures, cases);
	vmsim_result_free(&result);
	return found;
}

/* What one strategy finds easily, the other may not find at all. */
static void cut_down_some(enum vmsim_tlb tlb, enum vmsim_strategy strategy, struct figures *figures,
			  FILE *cases)
{
	struct vmsim_explore_options options = options_for(tlb);
	int i = 0;

	options.strategy = strategy;
	options.executions = SEEDS;
	while (i < FAILURES && cut_down_one(&options, i == 0, figures, cases))
		i++;
}

/* Where a CPU has to be away at the right time, chance does not find it. */
static void cut_down_deep_one(enum vmsim_tlb tlb, struct figures *figures, FILE *cases)
{
	struct vmsim_explore_options options = options_for(tlb);

	options.strategy = VMSIM_STRATEGY_PORTFOLIO;
	options.executions = SEEDS_OF_ALL;
	cut_down_one(&options, true, figures, cases);
}

static void cut_down_failures(enum vmsim_tlb tlb, struct figures *figures, FILE *cases)
{
	unsigned int before = figures->n;

	nr_smallest = 0;
	cut_down_some(tlb, VMSIM_STRATEGY_RANDOM, figures, cases);
	cut_down_some(tlb, VMSIM_STRATEGY_PCT, figures, cases);
	if (figures->n == before && tlb == VMSIM_TLB_PV_DEFER)
		cut_down_deep_one(tlb, figures, cases);
	if (figures->n == before)
		fail_msg("%s under %s: no failure found", variant, vmsim_tlb_name(tlb));
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t median(uint64_t *values, unsigned int n)
{
	qsort(values, n, sizeof(*values), by_size);
	return values[n / 2];
}

static void replay_elsewhere(const char *path)
{
	char *args[] = { (char *)program, (char *)scenario->name, (char *)variant, (char *)path,
			 NULL };
	pid_t child;
	int status;

	assert_int_equal(posix_spawn(&child, "/proc/self/exe", NULL, NULL, args, environ), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_minimise(void **state)
{
	struct figures figures = { .n = 0 };
	char path[] = "/tmp/vmsim-minimise-XXXXXX";
	FILE *cases = fdopen(mkstemp(path), "w");

	(void)state;
	assert_non_null(cases);
	for (unsigned int i = 0; i < scenario->nr_verdicts; i++) {
		const struct vmsim_verdict *verdict = &scenario->verdicts[i];

		for (unsigned int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++)
			if (!strcmp(verdict->variant, variant) && verdict->oracle &&
			    verdict->tlb >> tlb & 1)
				cut_down_failures(tlb, &figures, cases);
	}
	assert_int_equal(fclose(cases), 0);
	assert_true(figures.n > 0);
	replay_elsewhere(path);
	unlink(path);
	print_message("%s: %u failures, %u with fewer preemptions, %u certified; medians: "
		      "%llu preemptions, %llu replays, %llu us\n", variant, figures.n,
		      figures.shorter, figures.certified,
		      (unsigned long long)median(figures.preemptions, figures.n),
		      (unsigned long long)median(figures.replays, figures.n),
		      (unsigned long long)median(figures.us, figures.n));
}

/* One case of the list: false at its end. */
static bool replay_case(FILE *cases)
{
	struct vmsim_explore_options options;
	struct vmsim_schedule schedule;
	struct vmsim_violation expected = { 0 };
	struct vmsim_result result;
	unsigned long long step;
	char text[65536], *end;
	size_t size;

	if (fscanf(cases, "%zu\n", &size) != 1 || size >= sizeof(text) ||
	    fread(text, 1, size, cases) != size)
		return false;
	assert_int_equal(vmsim_schedule_parse(text, size, &schedule, error, sizeof(error)), 0);
	assert_int_equal(vmsim_schedule_bind(scenario, &schedule, error, sizeof(error)), 0);
	assert_int_equal(fscanf(cases, "%15s", expected.oracle), 1);
	assert_int_equal(fgetc(cases), '\n');
	assert_non_null(fgets(expected.rule, sizeof(expected.rule), cases));
	expected.rule[strcspn(expected.rule, "\n")] = 0;
	assert_int_equal(fscanf(cases, "%llu ", &step), 1);
	assert_non_null(fgets(expected.text, sizeof(expected.text), cases));
	end = strchr(expected.text, '\n');
	assert_non_null(end);
	*end = 0;

	options = options_for(schedule.tlb);
	options.strategy = VMSIM_STRATEGY_REPLAY;
	options.faulty_nth = schedule.faulty_nth;
	options.schedule = &schedule;
	if (vmsim_explore(scenario, &options, &result, error, sizeof(error)))
		fail_msg("%s: %s", variant, error);
	assert_true(result.violated);
	assert_true(same_rule(&result.violation, &expected));
	assert_string_equal(result.violation.text, expected.text);
	assert_int_equal(result.violation.step, step);
	vmsim_result_free(&result);
	vmsim_schedule_free(&schedule);
	return true;
}

static const char *case_path;

static void test_replay(void **state)
{
	FILE *cases = fopen(case_path, "r");
	unsigned int n = 0;

	(void)state;
	assert_non_null(cases);
	while (replay_case(cases))
		n++;
	assert_true(feof(cases));
	assert_true(n > 0);
	fclose(cases);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest cut[] = {
		cmocka_unit_test(test_minimise),
	};
	const struct CMUnitTest again[] = {
		cmocka_unit_test(test_replay),
	};

	if (argc < 3 || argc > 4 || !(scenario = vmsim_scenario_named(argv[1]))) {
		fprintf(stderr, "usage: minimise SCENARIO VARIANT [CASES]\n");
		return 2;
	}
	program = argv[0];
	variant = argv[2];
	case_path = argv[3];
	return argc == 4 ? vmsim_run_tests(again) : vmsim_run_tests(cut);
}
