// SPDX-License-Identifier: GPL-2.0-only
#include "../unit/vmsim_test.h"
#include "../../scenarios/registry.h"
#include <stdio.h>
#include <string.h>

/*
 * One variant of one scenario, linked in front of the static library, against its verdict table:
 *
 *   verdicts SCENARIO VARIANT
 *
 * A buggy variant fails in every scripted run, each oracle of its verdict on its own notices, PCT
 * finds it without the script, and the schedule of the failure, written out and read again, fails
 * identically every time. A fixed variant passes under the same script, and under sampling.
 */

#define RUNS 100
#define PCT_BUDGET 10000
#define PORTFOLIO_BUDGET 100000
#define SAMPLES 1000
#define NATIVE_RUNS 100

static const struct vmsim_scenario *scenario;
static const char *variant;
static char error[512];

static struct vmsim_explore_options options_for(enum vmsim_tlb tlb, enum vmsim_strategy strategy)
{
	struct vmsim_explore_options options;

	vmsim_explore_options_init(&options);
	options.variant = variant;
	options.tlb = tlb;
	options.strategy = strategy;
	return options;
}

static void explore(const struct vmsim_explore_options *options, struct vmsim_result *result)
{
	if (vmsim_explore(scenario, options, result, error, sizeof(error)))
		fail_msg("%s under %s: %s", variant, vmsim_tlb_name(options->tlb), error);
}

static bool same_violation(const struct vmsim_result *a, const struct vmsim_result *b)
{
	return a->violated == b->violated && a->decisions == b->decisions &&
	       !strcmp(a->violation.oracle, b->violation.oracle) &&
	       !strcmp(a->violation.rule, b->violation.rule) &&
	       !strcmp(a->violation.text, b->violation.text);
}

static void scripted_runs(enum vmsim_tlb tlb, uint64_t oracles, const char *expected)
{
	struct vmsim_explore_options options = options_for(tlb, VMSIM_STRATEGY_SCRIPT);

	options.oracles = oracles;
	for (int run = 0; run < RUNS; run++) {
		struct vmsim_result result;

		explore(&options, &result);
		if (result.violated != (expected != NULL))
			fail_msg("%s under %s: expected %s, found %s: %s", variant,
				 vmsim_tlb_name(tlb), expected ? expected : "a pass",
				 result.violated ? result.violation.oracle : "a pass",
				 result.violation.text);
		if (expected && *expected && strcmp(result.violation.oracle, expected))
			fail_msg("%s under %s: expected %s, found %s", variant, vmsim_tlb_name(tlb),
				 expected, result.violation.oracle);
		vmsim_result_free(&result);
	}
}

/* The schedule as it would come out of a bug report. */
static struct vmsim_schedule through_text(const struct vmsim_schedule *schedule)
{
	struct vmsim_schedule again;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(vmsim_schedule_write(scenario, schedule, out), 0);
	fclose(out);
	assert_int_equal(vmsim_schedule_parse(text, size, &again, error, sizeof(error)), 0);
	assert_int_equal(vmsim_schedule_bind(scenario, &again, error, sizeof(error)), 0);
	free(text);
	return again;
}

static void replays(enum vmsim_tlb tlb, const struct vmsim_result *found)
{
	struct vmsim_schedule schedule = through_text(&found->schedule);

	for (int run = 0; run < RUNS; run++) {
		struct vmsim_explore_options options = options_for(tlb, VMSIM_STRATEGY_REPLAY);
		struct vmsim_result result;

		options.schedule = &schedule;
		explore(&options, &result);
		if (!same_violation(&result, found))
			fail_msg("%s under %s: replay %d differs: %s", variant, vmsim_tlb_name(tlb),
				 run, result.violation.text);
		vmsim_result_free(&result);
	}
	vmsim_schedule_free(&schedule);
}

/* False: it was not found. */
static bool find(enum vmsim_tlb tlb, enum vmsim_strategy strategy, int budget,
		 struct vmsim_result *result)
{
	struct vmsim_explore_options options = options_for(tlb, strategy);

	options.executions = (uint64_t)budget;
	explore(&options, result);
	if (!result->violated) {
		vmsim_result_free(result);
		return false;
	}
	print_message("%s under %s: %s, found by %s in execution %llu of at most %d\n", variant,
		      vmsim_tlb_name(tlb), result->violation.oracle, vmsim_strategy_name(strategy),
		      (unsigned long long)result->executions, budget);
	return true;
}

/*
 * By pct, unless it takes two preemptions or more, or a CPU that is away, which pct leaves alone: then
 * by the portfolio.
 */
static void found_without_script(const struct vmsim_verdict *verdict, enum vmsim_tlb tlb)
{
	struct vmsim_result result;

	if (!find(tlb, VMSIM_STRATEGY_PCT, PCT_BUDGET, &result) &&
	    ((verdict->depth < 2 && tlb != VMSIM_TLB_PV_DEFER) ||
	     !find(tlb, VMSIM_STRATEGY_PORTFOLIO, PORTFOLIO_BUDGET, &result)))
		fail_msg("%s under %s: not found", variant, vmsim_tlb_name(tlb));
	replays(tlb, &result);
	vmsim_result_free(&result);
}

static void passes_when_sampled(enum vmsim_tlb tlb)
{
	for (int strategy = VMSIM_STRATEGY_RANDOM; strategy <= VMSIM_STRATEGY_PCT; strategy++) {
		struct vmsim_explore_options options = options_for(tlb, strategy);
		struct vmsim_result result;

		options.executions = SAMPLES;
		explore(&options, &result);
		if (result.violated)
			fail_msg("%s under %s: alarm in execution %llu: %s %s", variant,
				 vmsim_tlb_name(tlb), (unsigned long long)result.executions,
				 result.violation.oracle, result.violation.text);
		vmsim_result_free(&result);
	}
}

static bool threads_share_a_cpu(void)
{
	uint64_t cpus = 0;

	for (unsigned int i = 0; i < scenario->nr_threads; i++) {
		if (cpus & (UINT64_C(1) << scenario->threads[i].cpu))
			return true;
		cpus |= UINT64_C(1) << scenario->threads[i].cpu;
	}
	return false;
}

/*
 * With real threads, each of which is a CPU, a fixed variant shows nothing. What a buggy one shows
 * depends on luck, and a VM_BUG_ON() ends the process.
 */
static void natively(enum vmsim_tlb tlb)
{
	struct vmsim_explore_options options = options_for(tlb, VMSIM_STRATEGY_NATIVE);
	struct vmsim_result result;

	if (tlb == VMSIM_TLB_UP || threads_share_a_cpu())
		return;
	options.executions = NATIVE_RUNS;
	explore(&options, &result);
	if (result.violated)
		fail_msg("%s under %s: alarm in native execution %llu: %s %s", variant,
			 vmsim_tlb_name(tlb), (unsigned long long)result.executions,
			 result.violation.oracle, result.violation.text);
	vmsim_result_free(&result);
}

/* Each oracle of the verdict, armed alone, fires. The scenario's check, WARN and BUG are none. */
static void each_oracle_notices(enum vmsim_tlb tlb, const char *oracles)
{
	char list[64];
	char *rest = list;
	char *name;

	snprintf(list, sizeof(list), "%s", oracles);
	while ((name = strsep(&rest, "|"))) {
		int oracle = vmsim_oracle_parse(name);

		if (oracle >= 0)
			scripted_runs(tlb, UINT64_C(1) << oracle, name);
		else if (!strcmp(name, "BUG"))
			scripted_runs(tlb, 0, name);
		else
			assert_true(!strcmp(name, "CHECK") || !strcmp(name, "WARN"));
	}
}

static void check_verdict(const struct vmsim_verdict *verdict, enum vmsim_tlb tlb)
{
	if (!verdict->oracle) {
		natively(tlb);
		scripted_runs(tlb, 0, NULL);
		passes_when_sampled(tlb);
		return;
	}
	scripted_runs(tlb, 0, "");
	each_oracle_notices(tlb, verdict->oracle);
	found_without_script(verdict, tlb);
}

static void test_verdicts(void **state)
{
	unsigned int cells = 0;

	(void)state;
	for (unsigned int i = 0; i < scenario->nr_verdicts; i++) {
		const struct vmsim_verdict *verdict = &scenario->verdicts[i];

		if (strcmp(verdict->variant, variant))
			continue;
		for (unsigned int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++) {
			if (!(verdict->tlb >> tlb & 1))
				continue;
			check_verdict(verdict, tlb);
			cells++;
		}
	}
	/* A variant states its verdict under every back-end. */
	assert_int_equal(cells, VMSIM_TLB_COUNT);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
	};

	if (argc != 3 || !(scenario = vmsim_scenario_named(argv[1]))) {
		fprintf(stderr, "usage: verdicts SCENARIO VARIANT\n");
		return 2;
	}
	variant = argv[2];
	return vmsim_run_tests(tests);
}
