// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include "explore/open_states.h"
#include "explore/sanitize.h"
#include <errno.h>
#include <litmus_gup.h>
#include <linux/compiler.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <string.h>

/* Explicit states: all of them, each once; what is found replays. */

static void test_right_is_exhausted(void **state)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);

	(void)state;
	for (unsigned int readers = 1; readers <= 2; readers++) {
		struct litmus_gup litmus;
		struct vmsim_result result;

		litmus_gup_init(&litmus, readers, 1, LITMUS_GUP_RIGHT);
		result = explore_with(&litmus.scenario, &options);
		if (result.violated)
			fail_msg("%s", result.violation.text);
		assert_true(result.coverage.exhausted);
		assert_true(result.coverage.states > 10 * readers);
		assert_true(result.coverage.transitions > result.coverage.states);
		vmsim_result_free(&result);
	}
}

static void test_bugs_are_found_and_replay(void **state)
{
	struct vmsim_explore_options states = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct vmsim_explore_options replay = explore_options(VMSIM_STRATEGY_REPLAY, UINT64_MAX);

	(void)state;
	replay.executions = 1;
	for (int bug = LITMUS_GUP_RIGHT + 1; bug < LITMUS_GUP_BUGS; bug++) {
		struct litmus_gup litmus;
		struct vmsim_result found, again;

		litmus_gup_init(&litmus, 2, 1, bug);
		found = explore_with(&litmus.scenario, &states);
		assert_true(found.violated);
		assert_false(found.coverage.exhausted);
		for (int backend = VMSIM_BACKEND_FIBER; backend <= VMSIM_BACKEND_PTHREAD;
		     backend++) {
			replay.schedule = &found.schedule;
			replay.backend = backend;
			again = explore_with(&litmus.scenario, &replay);
			assert_true(again.violated);
			assert_string_equal(again.violation.text, found.violation.text);
			vmsim_result_free(&again);
		}
		vmsim_result_free(&found);
	}
}

/* With keep_going, each failing end is counted, and the search goes on to its end. */
static void test_keeps_going(void **state)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct litmus_gup litmus;
	struct vmsim_result result;

	(void)state;
	litmus_gup_init(&litmus, 2, 1, LITMUS_GUP_NO_RECHECK);
	options.keep_going = true;
	result = explore_with(&litmus.scenario, &options);
	assert_true(result.failures > 1);
	assert_true(result.failures < result.executions);
	assert_true(result.coverage.exhausted);
	vmsim_result_free(&result);
}

struct locks {
	spinlock_t a, b;
	bool crossed;
};

static int set_up_locks(struct vmsim_world *world)
{
	struct locks *locks = world->ctx;

	spin_lock_init(&locks->a);
	spin_lock_init(&locks->b);
	return 0;
}

static int take(spinlock_t *first, spinlock_t *second)
{
	spin_lock(first);
	spin_lock(second);
	spin_unlock(second);
	spin_unlock(first);
	return 0;
}

static int take_ab(struct vmsim_world *world)
{
	struct locks *locks = world->ctx;

	return take(&locks->a, &locks->b);
}

static int take_ba(struct vmsim_world *world)
{
	struct locks *locks = world->ctx;

	return take(&locks->b, &locks->a);
}

static const struct vmsim_thread_def crossing[] = {
	{ .name = "A", .cpu = 0, .fn = take_ab },
	{ .name = "B", .cpu = 1, .fn = take_ba },
};

static void test_deadlock_is_a_state(void **state)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct vmsim_scenario scenario = {
		.name = "crossing",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 128 },
		.ctx_size = sizeof(struct locks),
		.bare = true,
		.setup = set_up_locks,
		.threads = crossing,
		.nr_threads = 2,
	};
	struct vmsim_result result;

	(void)state;
	options.oracles = VMSIM_ORACLE_BIT(O20);
	result = explore_with(&scenario, &options);
	assert_true(result.violated);
	assert_string_equal(result.violation.oracle, "O20");
	assert_non_null(strstr(result.violation.text, "deadlock"));
	vmsim_result_free(&result);
}

/* A spin that nobody ends is a cycle of states, not a search without end. */
struct spin {
	atomic_t stop;
};

static int spins(struct vmsim_world *world)
{
	struct spin *spin = world->ctx;

	while (!atomic_read(&spin->stop))
		cpu_relax();
	return 0;
}

static int stops(struct vmsim_world *world)
{
	struct spin *spin = world->ctx;

	atomic_set(&spin->stop, 1);
	return 0;
}

static const struct vmsim_thread_def spinning[] = {
	{ .name = "Spinner", .cpu = 0, .fn = spins },
	{ .name = "Stopper", .cpu = 1, .fn = stops },
};

static void test_spins_are_cycles(void **state)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct vmsim_scenario scenario = {
		.name = "spinning",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 128 },
		.ctx_size = sizeof(struct spin),
		.bare = true,
		.threads = spinning,
		.nr_threads = 2,
	};
	struct vmsim_result result;

	(void)state;
	options.time_limit_ms = 20000;
	result = explore_with(&scenario, &options);
	assert_false(result.violated);
	assert_true(result.coverage.exhausted);
	assert_true(result.coverage.states < 200);
	vmsim_result_free(&result);
}

static int waits_twice(struct vmsim_world *world)
{
	struct spin *spin = world->ctx;

	spins(world);
	atomic_set(&spin->stop, 0);
	return spins(world);
}

static int ends(struct vmsim_world *world)
{
	(void)world;
	return 0;
}

/* From a cycle that nothing leads out of, the schedule goes on to the step limit, as others do. */
static void assert_livelock(const struct vmsim_thread_def *threads, unsigned int nr_threads)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct vmsim_explore_options replay = explore_options(VMSIM_STRATEGY_REPLAY, UINT64_MAX);
	struct vmsim_scenario scenario = {
		.name = "endless",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 3, .frames = 128 },
		.ctx_size = sizeof(struct spin),
		.bare = true,
		.threads = threads,
		.nr_threads = nr_threads,
	};
	struct vmsim_result found, again;

	options.step_limit = replay.step_limit = 500;
	replay.executions = 1;
	found = explore_with(&scenario, &options);
	assert_true(found.violated);
	assert_string_equal(found.violation.oracle, "O20");
	assert_non_null(strstr(found.violation.text, "livelock"));
	replay.schedule = &found.schedule;
	again = explore_with(&scenario, &replay);
	assert_true(again.violated);
	assert_string_equal(again.violation.text, found.violation.text);
	vmsim_result_free(&again);
	vmsim_result_free(&found);
	options.keep_going = true;
	found = explore_with(&scenario, &options);
	assert_true(found.coverage.exhausted);
	vmsim_result_free(&found);
}

/*
 * AddressSanitizer's frames keep something of the steps before, so that the states of three
 * spinners do not come again.
 */
#ifdef WITH_ASAN
#define MAX_SPINNERS 2
#else
#define MAX_SPINNERS 3
#endif

static void test_livelocks_are_found(void **state)
{
	static const struct vmsim_thread_def spinners[] = {
		{ .name = "A", .cpu = 0, .fn = spins },
		{ .name = "B", .cpu = 1, .fn = spins },
		{ .name = "C", .cpu = 2, .fn = spins },
	}, late[] = {
		{ .name = "Ends", .cpu = 0, .fn = ends },
		{ .name = "Stopper", .cpu = 1, .fn = stops },
		{ .name = "Twice", .cpu = 2, .fn = waits_twice },
	};

	(void)state;
	for (unsigned int n = 1; n <= MAX_SPINNERS; n++)
		assert_livelock(spinners, n);
	if (MAX_SPINNERS < 3)
		print_message("three spinners: not under AddressSanitizer\n");
	assert_livelock(late, 3);
}

/* Every fourth shares a bucket with the one before. */
static struct image_key key_of(uint64_t number)
{
	return (struct image_key) { (number - (number % 4 == 3)) << 3, number };
}

static void test_open_states_have_places(void **state)
{
	enum { ALL = 5000, KEPT = 1777 };
	struct open_states open = { 0 };

	(void)state;
	assert_int_equal(open_states_find(&open, key_of(0)), NOT_OPEN);
	for (int round = 0; round < 2; round++) {
		for (size_t i = open.n; i < ALL; i++)
			assert_int_equal(open_states_push(&open, key_of(i)), i);
		for (size_t i = 0; i < ALL; i++)
			assert_int_equal(open_states_find(&open, key_of(i)), i);
		open_states_close(&open, KEPT);
		for (size_t i = 0; i < ALL; i++)
			assert_int_equal(open_states_find(&open, key_of(i)),
					 i < KEPT ? i : NOT_OPEN);
	}
	open_states_free(&open);
}

/*
 * None of them on CPU 0, which the thread for RCU callbacks shares.
 *
 * A read of what nobody else seems to change needs no alternatives, until somebody else does: the
 * search must notice, and begin again.
 */
struct twice {
	int word;
	bool done;
};

static int reads_twice(struct vmsim_world *world)
{
	struct twice *twice = world->ctx;
	int first = READ_ONCE(twice->word);

	if (READ_ONCE(twice->word) != first)
		vmsim_fail("it changed");
	return 0;
}

static int writes_later(struct vmsim_world *world)
{
	struct twice *twice = world->ctx;

	for (int i = 0; i < 3; i++)
		vmsim_point("nothing");
	WRITE_ONCE(twice->word, 1);
	return 0;
}

static const struct vmsim_thread_def twice_and_late[] = {
	{ .name = "Reader", .cpu = 1, .fn = reads_twice },
	{ .name = "Writer", .cpu = 2, .fn = writes_later },
};

static const struct vmsim_thread_def only_reading[] = {
	{ .name = "Reader", .cpu = 1, .fn = reads_twice },
	{ .name = "Second", .cpu = 2, .fn = reads_twice },
};

static struct vmsim_scenario twice_of(const struct vmsim_thread_def *threads)
{
	return (struct vmsim_scenario) {
		.name = "twice",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 3, .frames = 128 },
		.ctx_size = sizeof(struct twice),
		.bare = true,
		.threads = threads,
		.nr_threads = 2,
	};
}

static void test_wrong_assumptions_are_noticed(void **state)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct vmsim_scenario scenario = twice_of(twice_and_late);
	struct vmsim_result result;

	(void)state;
	result = explore_with(&scenario, &options);
	assert_true(result.violated);
	assert_string_equal(result.violation.text, "it changed");
	vmsim_result_free(&result);
}

/* Where nobody changes anything, there is one way through. */
static void test_private_steps_have_no_alternatives(void **state)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct vmsim_scenario scenario = twice_of(only_reading);
	struct vmsim_result result;

	(void)state;
	result = explore_with(&scenario, &options);
	assert_true(result.coverage.exhausted);
	assert_int_equal(result.executions, 1);
	/* Of 16: at the start, where the first one ends, at the end. */
	assert_int_equal(result.coverage.states, 3);
	vmsim_result_free(&result);
}

/* To take a reference unless there is none is one step, whatever is found; so is to put it. */
static int takes_and_puts(struct vmsim_world *world)
{
	atomic_t *refs = world->ctx;

	if (atomic_inc_not_zero(refs) && atomic_dec_and_test(refs))
		vmsim_fail("it was the last one");
	return 0;
}

static const struct vmsim_thread_def one_user[] = {
	{ .name = "User", .cpu = 1, .fn = takes_and_puts },
};

static void test_references_are_one_step_each(void **state)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	static const atomic_t refs[] = { ATOMIC_INIT(0), ATOMIC_INIT(1) };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct vmsim_scenario scenario = twice_of(one_user);
		struct vmsim_result result;

		scenario.nr_threads = 1;
		scenario.ctx_size = sizeof(refs[i]);
		scenario.ctx_init = &refs[i];
		result = explore_with(&scenario, &options);
		assert_false(result.violated);
		assert_true(result.coverage.exhausted);
		assert_int_equal(result.coverage.transitions, 2 + i);
		vmsim_result_free(&result);
	}
}

/*
 * The values of a count that a thread has seen, but of which nothing depends any more, do not tell
 * states apart. What else is left behind on stacks is up to the compiler.
 */
#if defined(__OPTIMIZE__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define LITMUS_STATES 400
#else
#define LITMUS_STATES 2000
#endif

static void test_values_gone_are_no_state(void **state)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct litmus_gup litmus;
	struct vmsim_result result;

	(void)state;
	litmus_gup_init(&litmus, 2, 1, LITMUS_GUP_RIGHT);
	result = explore_with(&litmus.scenario, &options);
	assert_true(result.coverage.exhausted);
	assert_in_range(result.coverage.states, 100, LITMUS_STATES);
	vmsim_result_free(&result);
}

/*
 * Where states do not fit into the memory allowed, the search says so. It may count a few more than
 * the whole search: what it misses also changes the order in which it finds out what is local.
 */
static void test_little_memory_is_told(void **state)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct litmus_gup litmus;
	struct vmsim_result result, small;

	(void)state;
	litmus_gup_init(&litmus, 3, 2, LITMUS_GUP_RIGHT);
	result = explore_with(&litmus.scenario, &options);
	assert_true(result.coverage.exhausted);
	options.memory_limit = 32 * result.coverage.states;
	small = explore_with(&litmus.scenario, &options);
	assert_false(small.coverage.exhausted);
	assert_in_range(small.coverage.states, result.coverage.states / 2,
			result.coverage.states * 11 / 10);
	vmsim_result_free(&result);
	vmsim_result_free(&small);
}

static void test_pthreads_are_refused(void **state)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct litmus_gup litmus;
	struct vmsim_result result;
	char error[256];

	(void)state;
	litmus_gup_init(&litmus, 1, 1, LITMUS_GUP_RIGHT);
	options.backend = VMSIM_BACKEND_PTHREAD;
	assert_int_equal(vmsim_explore(&litmus.scenario, &options, &result, error, sizeof(error)),
			 -EOPNOTSUPP);
	assert_non_null(strstr(error, "fibers"));
	vmsim_result_free(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_is_exhausted),
		cmocka_unit_test(test_bugs_are_found_and_replay),
		cmocka_unit_test(test_keeps_going),
		cmocka_unit_test(test_deadlock_is_a_state),
		cmocka_unit_test(test_spins_are_cycles),
		cmocka_unit_test(test_livelocks_are_found),
		cmocka_unit_test(test_open_states_have_places),
		cmocka_unit_test(test_wrong_assumptions_are_noticed),
		cmocka_unit_test(test_private_steps_have_no_alternatives),
		cmocka_unit_test(test_references_are_one_step_each),
		cmocka_unit_test(test_values_gone_are_no_state),
		cmocka_unit_test(test_little_memory_is_told),
		cmocka_unit_test(test_pthreads_are_refused),
	};

	return vmsim_run_tests(tests);
}
