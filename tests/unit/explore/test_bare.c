// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include <errno.h>
#include <linux/sched.h>
#include <string.h>

/* Scenarios without processes: what races is the scenario's own data. */

struct bare_world {
	int begin[2];
	int set_up, threads, with_mm;
	int load, munmap;
};

static void note_mm(struct bare_world *w)
{
	__atomic_fetch_add(&w->with_mm, current->mm != NULL || current->pid != 0, __ATOMIC_RELAXED);
}

static int setup(struct vmsim_world *world)
{
	struct bare_world *w = world->ctx;

	note_mm(w);
	w->set_up = w->begin[0] * 10 + w->begin[1];
	return 0;
}

static int thread(struct vmsim_world *world)
{
	struct bare_world *w = world->ctx;
	uint64_t value;

	note_mm(w);
	vmsim_point("here");
	__atomic_store_n(&w->load, vmsim_load(0x1000, 8, &value), __ATOMIC_RELAXED);
	__atomic_store_n(&w->munmap, vmsim_munmap(0x1000, 4096), __ATOMIC_RELAXED);
	__atomic_fetch_add(&w->threads, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static int check(struct vmsim_world *world)
{
	struct bare_world *w = world->ctx;

	note_mm(w);
	if (w->set_up != 34)
		vmsim_fail("the data did not begin as given, or the set-up did not run");
	if (w->threads != 2)
		vmsim_fail("%d threads ran", w->threads);
	if (w->with_mm)
		vmsim_fail("a thread has an address space");
	if (w->load != -ESRCH || w->munmap != -ESRCH)
		vmsim_fail("memory without an address space: %d %d", w->load, w->munmap);
	return 0;
}

static const struct bare_world begin = { .begin = { 3, 4 } };

static struct vmsim_scenario bare_scenario(void)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "A", .cpu = 0, .fn = thread },
		{ .name = "B", .cpu = 1, .fn = thread },
	};

	return (struct vmsim_scenario) {
		.name = "bare",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 128 },
		.bare = true,
		.ctx_size = sizeof(struct bare_world),
		.ctx_init = &begin,
		.setup = setup,
		.threads = threads,
		.nr_threads = 2,
		.check = check,
	};
}

static void explores(enum vmsim_strategy strategy, enum vmsim_backend backend)
{
	struct vmsim_scenario scenario = bare_scenario();
	struct vmsim_explore_options options = explore_options(strategy, 20);
	struct vmsim_result result;

	options.backend = backend;
	result = explore_with(&scenario, &options);
	if (result.violated)
		fail_msg("%s", result.violation.text);
	assert_int_equal(result.executions, 20);
	vmsim_result_free(&result);
}

static void test_fibers(void **state)
{
	(void)state;
	explores(VMSIM_STRATEGY_RANDOM, VMSIM_BACKEND_FIBER);
}

static void test_pthreads(void **state)
{
	(void)state;
	explores(VMSIM_STRATEGY_PCT, VMSIM_BACKEND_PTHREAD);
}

static void test_native(void **state)
{
	(void)state;
	explores(VMSIM_STRATEGY_NATIVE, VMSIM_BACKEND_PTHREAD);
}

static void test_processes_are_refused(void **state)
{
	struct vmsim_scenario scenario = bare_scenario();
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256];

	(void)state;
	scenario.processes = 1;
	vmsim_explore_options_init(&options);
	assert_int_equal(vmsim_explore(&scenario, &options, &result, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, "scenario bare: bare, but with processes");
	vmsim_result_free(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fibers),
		cmocka_unit_test(test_pthreads),
		cmocka_unit_test(test_native),
		cmocka_unit_test(test_processes_are_refused),
	};

	return vmsim_run_tests(tests);
}
