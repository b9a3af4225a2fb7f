// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "litmus.h"
#include <stdio.h>
#include <string.h>

/*
 * Every litmus test of the table in every memory model, all schedules: what the model allows is
 * seen, and what it forbids is not.
 */

static unsigned int wrong_under(enum vmsim_memory_model model, const struct litmus *litmus,
				bool allowed)
{
	struct litmus_seen seen;
	bool right;

	if (litmus_run(litmus, model, &seen)) {
		print_message("%s, %s: %s\n", litmus->name, vmsim_memory_model_name(model),
			      seen.error);
		return 1;
	}
	right = seen.exhausted && (seen.hits > 0) == allowed;
	if (!right || getenv("LITMUS_VERBOSE"))
		print_message("%-18s %s: %s, %llu of %llu schedules have %s\n", litmus->name,
			      vmsim_memory_model_name(model), allowed ? "allowed" : "forbidden",
			      (unsigned long long)seen.hits, (unsigned long long)seen.executions,
			      litmus->outcome);
	return !right;
}

static unsigned int wrong_verdicts(enum vmsim_memory_model model)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < litmus_count; i++) {
		const struct litmus *litmus = &litmus_table[i];

		bool allowed = model == VMSIM_MEMORY_SC ? litmus->sc :
			       model == VMSIM_MEMORY_TSO ? litmus->tso : litmus->pso;

		wrong += wrong_under(model, litmus, allowed);
	}
	return wrong;
}

#ifdef MUTANT
/* Linked with an error in the store buffers: the table must notice. */
static void error_shows(void **state)
{
	unsigned int wrong;

	(void)state;
	wrong = wrong_verdicts(VMSIM_MEMORY_TSO);
	wrong += wrong_verdicts(VMSIM_MEMORY_PSO);
	assert_int_equal(wrong_verdicts(VMSIM_MEMORY_SC), 0);
	assert_true(wrong > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_shows),
	};

	return vmsim_run_tests(tests);
}
#else
static void sequential_consistency(void **state)
{
	(void)state;
	assert_int_equal(wrong_verdicts(VMSIM_MEMORY_SC), 0);
}

static void total_store_order(void **state)
{
	(void)state;
	assert_int_equal(wrong_verdicts(VMSIM_MEMORY_TSO), 0);
}

static void partial_store_order(void **state)
{
	(void)state;
	assert_int_equal(wrong_verdicts(VMSIM_MEMORY_PSO), 0);
}

/*
 * The verdicts themselves: each model allows what the stronger ones do, and the kernel's all of it.
 */
static void table_is_consistent(void **state)
{
	(void)state;
	assert_true(litmus_count >= 30);
	for (unsigned int i = 0; i < litmus_count; i++) {
		const struct litmus *litmus = &litmus_table[i];

		assert_true(!litmus->sc || litmus->tso);
		assert_true(!litmus->tso || litmus->pso);
		if (litmus->lkmm && !strcmp(litmus->lkmm, "Never"))
			assert_false(litmus->pso);
		assert_non_null(litmus->source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_consistent),
		cmocka_unit_test(sequential_consistency),
		cmocka_unit_test(total_store_order),
		cmocka_unit_test(partial_store_order),
	};

	return vmsim_run_tests(tests);
}
#endif
