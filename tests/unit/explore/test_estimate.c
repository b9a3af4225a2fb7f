// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include "outcomes.h"
#include "explore/estimate.h"
#include "explore/sanitize.h"
#include "explore/session.h"
#include <litmus_gup.h>

/* How much is left: on the way, of searches whose end is known. */

static bool learns = true;

void __real_estimate_learn(struct estimate *estimate, const struct growth *growth, uint64_t seen);
void __wrap_estimate_learn(struct estimate *estimate, const struct growth *growth, uint64_t seen);

void __wrap_estimate_learn(struct estimate *estimate, const struct growth *growth, uint64_t seen)
{
	if (learns)
		__real_estimate_learn(estimate, growth, seen);
}

/*
 * A tree in which each place has two branches, of which the second brings half of what the first
 * one did.
 */
struct tree {
	struct estimate estimate;
	struct growth way[64];
	unsigned int depth, left[64];
	uint64_t seen;
};

static void walk(struct tree *tree, uint64_t size, uint64_t *until)
{
	struct growth *growth = &tree->way[tree->depth];
	unsigned int *left = &tree->left[tree->depth];
	uint64_t first = (size - 1) * 2 / 3;

	growth_begin(growth, ++tree->seen);
	*left = size > 1 ? 2 : 0;
	tree->depth++;
	while (*left && tree->seen < *until) {
		growth_branch(growth, tree->seen);
		--*left;
		walk(tree, *left ? first : size - 1 - first, until);
	}
	if (tree->seen >= *until)
		return;
	tree->depth--;
	estimate_learn(&tree->estimate, growth, tree->seen);
}

static double expected(const struct tree *tree)
{
	double all = (double)(tree->seen - tree->way[tree->depth - 1].branch);

	for (unsigned int i = tree->depth; i; i--)
		all = estimate_from(&tree->estimate, &tree->way[i - 1], tree->left[i - 1], all);
	return all;
}

static void test_trees_that_are_alike_everywhere(void **state)
{
	const uint64_t size = 1000000;

	(void)state;
	for (unsigned int tenths = 1; tenths < 10; tenths++) {
		struct tree tree = { 0 };
		uint64_t until = size * tenths / 10;

		walk(&tree, size, &until);
		assert_true(tree.depth > 1);
		assert_in_range((uint64_t)expected(&tree), size / 10 * 8, size / 10 * 12);
	}
}

static uint64_t states_seen(struct vmsim_explorer *x, double *all)
{
	struct vmsim_coverage coverage = { 0 };

	x->strategy->cover(x, &coverage);
	*all = (double)coverage.states + coverage.states_left;
	if (!(coverage.states_left > 0))
		*all = 0;
	return coverage.states;
}

struct litmus_size {
	unsigned int readers, rounds;
};

/* Runs it until @states have been seen, or to its end; how many that were, and were expected. */
static uint64_t search(const struct litmus_size *size, uint64_t states, double *all)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct litmus_gup litmus;
	struct vmsim_explorer *x;
	char error[256];
	uint64_t seen = 0;

	litmus_gup_init(&litmus, size->readers, size->rounds, LITMUS_GUP_RIGHT);
	if (session_create(&litmus.scenario, &options, NULL, NULL, &x, error, sizeof(error)))
		fail_msg("%s", error);
	while (seen < states && x->strategy->more(x)) {
		if (session_execute(x, 0))
			fail_msg("%s", x->misfit);
		seen = states_seen(x, all);
	}
	session_destroy(x);
	return seen;
}

/* By how much the estimate is too large or too small when a part was seen; 0: there is none. */
static double factor(const struct litmus_size *size, uint64_t states, unsigned int percent)
{
	double all, wrong;
	uint64_t seen = search(size, states * percent / 100, &all);

	wrong = all > (double)states ? all / (double)states : (double)states / all;
	print_message("%ux%u, at %3u %% of %llu states: %.3g expected, factor %.2f\n",
		      size->readers, size->rounds, (unsigned int)(100 * seen / states),
		      (unsigned long long)states, all, wrong);
	return all > 0 ? wrong : 0;
}

/* What was tried first is asleep later: how little is left then is not known before it was seen. */
static double most_wrong(unsigned int percent)
{
	return percent < 30 ? 40 : percent < 50 ? 8 : 3;
}

static void test_known_sizes(void **state)
{
	static const struct litmus_size size[] = {
		{ 3, 2 },
#ifndef WITH_ASAN
		{ 3, 3 }, { 2, 10 },
#endif
	};

	(void)state;
	if (!outcomes_can_have_states()) {
		print_message("strategy states: not under ThreadSanitizer\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		double all;
		uint64_t states = search(&size[i], UINT64_MAX, &all);

		for (unsigned int percent = 10; percent <= 90; percent += 20) {
			double wrong = factor(&size[i], states, percent);

			assert_true(wrong >= 1 && wrong < most_wrong(percent));
		}
		learns = false;
		assert_true(factor(&size[i], states, 50) > 10);
		learns = true;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees_that_are_alike_everywhere),
		cmocka_unit_test(test_known_sizes),
	};

	return vmsim_run_tests(tests);
}
