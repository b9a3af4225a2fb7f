// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include <litmus_gup.h>
#include <string.h>

/* The litmus on which explorers are compared: what is right passes, what is wrong is found. */

static struct vmsim_result explore(struct litmus_gup *litmus, enum vmsim_strategy strategy,
				   uint64_t executions)
{
	struct vmsim_explore_options options = explore_options(strategy, executions);

	return explore_with(&litmus->scenario, &options);
}

static void test_right_passes(void **state)
{
	(void)state;
	for (unsigned int readers = 1; readers <= LITMUS_GUP_READERS; readers++) {
		for (int strategy = VMSIM_STRATEGY_RANDOM; strategy <= VMSIM_STRATEGY_PCT;
		     strategy++) {
			struct litmus_gup litmus;
			struct vmsim_result result;

			litmus_gup_init(&litmus, readers, 2, LITMUS_GUP_RIGHT);
			result = explore(&litmus, strategy, 3000);
			if (result.violated)
				fail_msg("%s", result.violation.text);
			assert_int_equal(result.executions, 3000);
			vmsim_result_free(&result);
		}
	}
}

/* Each bug is found, and by nothing but what it breaks. */
static void finds(enum litmus_gup_bug bug, const char *const *texts)
{
	for (int strategy = VMSIM_STRATEGY_RANDOM; strategy <= VMSIM_STRATEGY_PCT; strategy++) {
		struct litmus_gup litmus;
		struct vmsim_result result;
		bool known = false;

		litmus_gup_init(&litmus, 3, 1, bug);
		result = explore(&litmus, strategy, 20000);
		assert_true(result.violated);
		for (const char *const *text = texts; *text; text++)
			known |= !strcmp(result.violation.text, *text);
		if (!known)
			fail_msg("unexpected: %s", result.violation.text);
		vmsim_result_free(&result);
	}
}

static void test_increment_from_zero(void **state)
{
	static const char *const texts[] = {
		"the page is freed twice", "the page was freed 2 times", NULL
	};

	(void)state;
	finds(LITMUS_GUP_INC_FROM_ZERO, texts);
}

static void test_no_recheck(void **state)
{
	static const char *const texts[] = { "a reader uses somebody else's page", NULL };

	(void)state;
	finds(LITMUS_GUP_NO_RECHECK, texts);
}

static void test_put_first(void **state)
{
	static const char *const texts[] = { "a reader uses somebody else's page", NULL };

	(void)state;
	finds(LITMUS_GUP_PUT_FIRST, texts);
}

/* What dpor needs to exhaust the litmus: executions, those included that it cut. */
static uint64_t dpor_needs(unsigned int readers, unsigned int rounds)
{
	struct litmus_gup litmus;
	struct vmsim_result result;
	uint64_t needed;

	litmus_gup_init(&litmus, readers, rounds, LITMUS_GUP_RIGHT);
	result = explore(&litmus, VMSIM_STRATEGY_DPOR, UINT64_MAX);
	assert_false(result.violated);
	assert_true(result.coverage.exhausted);
	needed = result.executions + result.coverage.blocked;
	vmsim_result_free(&result);
	return needed;
}

/*
 * With one reader, as many as there are classes of schedules: counted by hand. With two, few more
 * than there are executions that are not cut.
 */
static void test_dpor_counts(void **state)
{
	(void)state;
	assert_int_equal(dpor_needs(1, 1), 7);
	assert_int_equal(dpor_needs(1, 2), 13);
	assert_in_range(dpor_needs(2, 1), 14, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_passes),
		cmocka_unit_test(test_increment_from_zero),
		cmocka_unit_test(test_no_recheck),
		cmocka_unit_test(test_put_first),
		cmocka_unit_test(test_dpor_counts),
	};

	return vmsim_run_tests(tests);
}
