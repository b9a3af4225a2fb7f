// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include "explore/minimise.h"
#include <errno.h>
#include <linux/atomic.h>
#include <string.h>

/* Cutting down failures of a world that is small enough to know the smallest ones. */

#define NOISE 6

struct count_world {
	atomic_t value, noise;
};

/* Both reads come before both writes: one preemption, and it cannot be done with less. */
static int increment(struct vmsim_world *world)
{
	struct count_world *w = world->ctx;
	int seen = atomic_read(&w->value);

	vmsim_point("between");
	atomic_set(&w->value, seen + 1);
	return 0;
}

static int make_noise(struct vmsim_world *world)
{
	struct count_world *w = world->ctx;

	for (int i = 0; i < NOISE; i++)
		atomic_inc(&w->noise);
	return 0;
}

static int check(struct vmsim_world *world)
{
	struct count_world *w = world->ctx;

	if (atomic_read(&w->value) != 2)
		vmsim_fail("value %d", atomic_read(&w->value));
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Alpha", .cpu = 0, .fn = increment },
	{ .name = "Beta", .cpu = 1, .fn = increment },
	{ .name = "Noise", .cpu = 2, .fn = make_noise },
};

static const struct vmsim_scenario scenario = {
	.name = "test",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 128 },
	.ctx_size = sizeof(struct count_world),
	.threads = threads,
	.nr_threads = 3,
	.check = check,
};

static char error[256];

static struct vmsim_explore_options random_options(uint64_t seed)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_RANDOM, 10000);

	options.seed = seed;
	return options;
}

static struct vmsim_result find(uint64_t seed)
{
	struct vmsim_explore_options options = random_options(seed);
	struct vmsim_result result;

	assert_int_equal(vmsim_explore(&scenario, &options, &result, error, sizeof(error)), 0);
	assert_true(result.violated);
	return result;
}

static int minimise(const struct vmsim_schedule *schedule, struct vmsim_minimised *m)
{
	struct vmsim_explore_options options = random_options(1);
	struct vmsim_minimise_limits limits;

	vmsim_minimise_limits_init(&limits);
	limits.certify = 0;
	error[0] = 0;
	return vmsim_minimise(&scenario, &options, schedule, &limits, m, error, sizeof(error));
}

static void test_one_preemption(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 2000; seed += 20) {
		struct vmsim_result found = find(seed);
		struct vmsim_minimised m;

		assert_int_equal(minimise(&found.schedule, &m), 0);
		assert_string_equal(m.violation.oracle, "CHECK");
		assert_int_equal(m.preemptions, 1);
		assert_int_equal(m.steps_before, found.decisions);
		/* The check comes when all have ended: there is nothing to leave out. */
		assert_true(m.steps <= m.steps_before);
		assert_true(m.schedule.nr_picks <= 4);
		assert_false(m.certified);
		vmsim_minimised_free(&m);
		vmsim_result_free(&found);
	}
}

static void test_the_result_replays(void **state)
{
	struct vmsim_result found = find(1), again;
	struct vmsim_explore_options options = random_options(1);
	struct vmsim_minimised m;

	(void)state;
	assert_int_equal(minimise(&found.schedule, &m), 0);
	options.strategy = VMSIM_STRATEGY_REPLAY;
	options.schedule = &m.schedule;
	options.executions = 1;
	assert_int_equal(vmsim_explore(&scenario, &options, &again, error, sizeof(error)), 0);
	assert_string_equal(again.violation.text, m.violation.text);
	assert_int_equal(again.violation.step, m.violation.step);
	vmsim_result_free(&again);
	/* What is smallest stays as it is. */
	found.schedule = (vmsim_schedule_free(&found.schedule), m.schedule);
	m.schedule = (struct vmsim_schedule) { 0 };
	vmsim_minimised_free(&m);
	assert_int_equal(minimise(&found.schedule, &m), 0);
	assert_int_equal(m.preemptions, m.preemptions_before);
	assert_int_equal(m.steps, m.steps_before);
	assert_int_equal(m.schedule.nr_picks, found.schedule.nr_picks);
	vmsim_minimised_free(&m);
	vmsim_result_free(&found);
}

static void test_limits_are_kept(void **state)
{
	struct vmsim_result found = find(1);
	struct vmsim_explore_options options = random_options(1);
	struct vmsim_minimise_limits limits = { .replays = 3 };
	struct vmsim_minimised m;

	(void)state;
	assert_int_equal(vmsim_minimise(&scenario, &options, &found.schedule, &limits, &m, error,
					sizeof(error)), 0);
	assert_int_equal(m.replays, 3);
	assert_true(m.preemptions <= m.preemptions_before);
	vmsim_minimised_free(&m);
	vmsim_result_free(&found);
}

/* By states, or by dfs where there are none to go back to: with no preemption nothing fails. */
static void test_certified(void **state)
{
	static const enum vmsim_backend backends[] = { VMSIM_BACKEND_FIBER, VMSIM_BACKEND_PTHREAD };
	struct vmsim_minimise_limits limits;

	(void)state;
	vmsim_minimise_limits_init(&limits);
	for (unsigned int i = 0; i < 2; i++) {
		struct vmsim_result found = find(1);
		struct vmsim_explore_options options = random_options(1);
		struct vmsim_minimised m;

		options.backend = backends[i];
		assert_int_equal(vmsim_minimise(&scenario, &options, &found.schedule, &limits, &m,
						error, sizeof(error)), 0);
		assert_int_equal(m.preemptions, 1);
		assert_true(m.certified);
		assert_in_range(m.certify_executions, 1, 1000);
		vmsim_minimised_free(&m);
		vmsim_result_free(&found);
	}
}

/* What is not cut down as far as it could be is found out by the search for less. */
static void test_certifying_finds_less(void **state)
{
	struct vmsim_minimise_limits limits = { .replays = 1, .certify = 10000 };
	struct vmsim_explore_options options = random_options(1);
	uint64_t seed = 1;

	(void)state;
	for (;; seed += 20) {
		struct vmsim_result found = find(seed);
		struct vmsim_minimised m;
		bool enough;

		assert_int_equal(vmsim_minimise(&scenario, &options, &found.schedule, &limits, &m,
						error, sizeof(error)), 0);
		enough = m.preemptions_before > 1;
		assert_int_equal(m.improved > 0, enough);
		assert_true(m.certified);
		assert_int_equal(m.preemptions, 1);
		vmsim_minimised_free(&m);
		vmsim_result_free(&found);
		if (enough)
			return;
	}
}

/* A search that does not end within its limit proves nothing. */
static void test_not_certified(void **state)
{
	struct vmsim_minimise_limits limits = { .replays = 10000, .certify = 1 };
	struct vmsim_explore_options options = random_options(1);
	struct vmsim_result found = find(1);
	struct vmsim_minimised m;

	(void)state;
	options.backend = VMSIM_BACKEND_PTHREAD;
	assert_int_equal(vmsim_minimise(&scenario, &options, &found.schedule, &limits, &m, error,
					sizeof(error)), 0);
	assert_int_equal(m.preemptions, 1);
	assert_false(m.certified);
	vmsim_minimised_free(&m);
	vmsim_result_free(&found);
}

static void test_what_cannot_be_minimised(void **state)
{
	struct vmsim_pick misfit[] = { { 'i', 2, 1 } };
	struct vmsim_schedule schedule = { .scenario = "test", .picks = misfit, .nr_picks = 1 };
	struct vmsim_explore_options options = random_options(1);
	struct vmsim_result passes;
	struct vmsim_minimised m;

	(void)state;
	options.strategy = VMSIM_STRATEGY_SCRIPT;
	options.script = "Alpha; Beta; Noise";
	options.executions = 1;
	assert_int_equal(vmsim_explore(&scenario, &options, &passes, error, sizeof(error)), 0);
	assert_false(passes.violated);
	assert_int_equal(minimise(&passes.schedule, &m), -EINVAL);
	assert_string_equal(error, "the schedule breaks no rule: there is nothing to minimise");
	vmsim_minimised_free(&m);
	vmsim_result_free(&passes);
	assert_int_equal(minimise(&schedule, &m), -EINVAL);
	assert_string_equal(error, "the schedule does not fit");
	vmsim_minimised_free(&m);
}

/* A session that follows @plan; returns its preemptions. */
static unsigned int follow(const struct vmsim_pick *plan, size_t n, struct pick_list *executed,
			   unsigned int max_preemptions, bool *abandoned)
{
	struct vmsim_explore_options options = random_options(1);
	struct follow f = {
		.plan = plan, .n = n,
		.max_preemptions = max_preemptions, .max_steps = UINT64_MAX,
	};
	struct vmsim_explorer *x;

	assert_int_equal(session_create(&scenario, &options, &strategy_follow, NULL, &x, error,
					sizeof(error)), 0);
	x->strategy_state = &f;
	assert_int_equal(session_execute(x, 0), 0);
	picks_copy(executed, x->recorded.picks, x->recorded.n);
	*abandoned = x->abandoned;
	session_destroy(x);
	return f.preemptions;
}

static void test_impossible_picks_are_skipped(void **state)
{
	/* No interrupt is pending, Alpha has not 99 steps, and there is no fourth CPU to return. */
	struct vmsim_pick plan[] = {
		{ 'i', 0, 5 }, { 't', 1, 1 }, { 't', 0, 99 }, { 'u', 1, 1 }, { 'n', 1, 1 },
	};
	struct pick_list executed = { 0 };
	bool abandoned;

	(void)state;
	assert_int_equal(follow(plan, 5, &executed, UINT_MAX, &abandoned), 1);
	assert_false(abandoned);
	/* Beta, Alpha to the end, then who is left: those behind the plan are not preempted. */
	assert_int_equal(executed.n, 4);
	assert_int_equal(executed.picks[0].id, 1);
	assert_int_equal(executed.picks[0].count, 1);
	assert_int_equal(executed.picks[1].id, 0);
	assert_true(executed.picks[1].count < 99);
	assert_int_equal(executed.picks[2].id, 1);
	assert_int_equal(executed.picks[3].id, 2);
	free(executed.picks);
}

static void test_too_many_preemptions_are_not_executed(void **state)
{
	struct vmsim_pick plan[] = { { 't', 0, 1 }, { 't', 1, 1 }, { 't', 2, 1 }, { 't', 0, 9 } };
	struct pick_list executed = { 0 };
	bool abandoned;

	(void)state;
	follow(plan, 4, &executed, 1, &abandoned);
	assert_true(abandoned);
	assert_int_equal(executed.n, 2);
	assert_int_equal(follow(plan, 4, &executed, 3, &abandoned), 3);
	assert_false(abandoned);
	free(executed.picks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_preemption),
		cmocka_unit_test(test_the_result_replays),
		cmocka_unit_test(test_limits_are_kept),
		cmocka_unit_test(test_certified),
		cmocka_unit_test(test_certifying_finds_less),
		cmocka_unit_test(test_not_certified),
		cmocka_unit_test(test_what_cannot_be_minimised),
		cmocka_unit_test(test_impossible_picks_are_skipped),
		cmocka_unit_test(test_too_many_preemptions_are_not_executed),
	};

	return vmsim_run_tests(tests);
}
