// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include <linux/atomic.h>
#include <linux/mutex.h>
#include <string.h>

/* Where pct switches: at changes of priorities, wherever they are, and where somebody may go on. */

#define STEPS 12
#define EXECUTIONS 3000

struct pct_world {
	atomic_t counter;
	struct mutex lock;
	int steps, tail;	/* of the long thread */
	int seen;		/* its steps, when the other one began */
	int blocked, late;	/* the other one had to wait; steps since it need not any more */
};

/* In how many executions the other thread began after so many steps. */
static unsigned int began[STEPS + 1];
static unsigned int blocked, late;

/* Steps that leave something behind, and steps that do not. */
static void step(struct pct_world *w, int i)
{
	if (i % 2)
		vmsim_point("step");
	else
		atomic_inc(&w->counter);
}

static int long_thread(struct vmsim_world *world)
{
	struct pct_world *w = world->ctx;

	for (; w->steps < STEPS; w->steps++)
		step(w, w->steps);
	return 0;
}

static int short_thread(struct vmsim_world *world)
{
	struct pct_world *w = world->ctx;

	w->seen = w->steps;
	return 0;
}

static int count_beginning(struct vmsim_world *world)
{
	const struct pct_world *w = world->ctx;

	began[w->seen]++;
	return 0;
}

static int holder(struct vmsim_world *world)
{
	struct pct_world *w = world->ctx;

	mutex_lock(&w->lock);
	for (int i = 0; i < STEPS; i++)
		step(w, i);
	mutex_unlock(&w->lock);
	while (w->tail < STEPS)
		step(w, w->tail++);
	return 0;
}

static int waiter(struct vmsim_world *world)
{
	struct pct_world *w = world->ctx;

	w->blocked = mutex_is_locked(&w->lock);
	mutex_lock(&w->lock);
	w->late = w->tail;
	mutex_unlock(&w->lock);
	return 0;
}

static int set_up_lock(struct vmsim_world *world)
{
	struct pct_world *w = world->ctx;

	mutex_init(&w->lock);
	return 0;
}

static int count_late(struct vmsim_world *world)
{
	const struct pct_world *w = world->ctx;

	blocked += w->blocked;
	late += w->blocked && w->late;
	return 0;
}

static void run(const struct vmsim_thread_def *threads, int (*check)(struct vmsim_world *world),
		unsigned int depth)
{
	const struct vmsim_scenario scenario = {
		.name = "pct",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 128 },
		.bare = true,
		.ctx_size = sizeof(struct pct_world),
		.setup = set_up_lock,
		.threads = threads,
		.nr_threads = 2,
		.check = check,
	};
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_PCT, EXECUTIONS);
	struct vmsim_result result;

	options.pct_depth = depth;
	result = explore_with(&scenario, &options);
	if (result.violated)
		fail_msg("%s", result.violation.text);
	assert_int_equal(result.executions, EXECUTIONS);
	vmsim_result_free(&result);
}

static const struct vmsim_thread_def long_and_short[] = {
	{ .name = "Long", .cpu = 0, .fn = long_thread },
	{ .name = "Short", .cpu = 1, .fn = short_thread },
};

static const struct vmsim_thread_def holder_and_waiter[] = {
	{ .name = "Holder", .cpu = 0, .fn = holder },
	{ .name = "Waiter", .cpu = 1, .fn = waiter },
};

/* Depth 1: nobody is interrupted, and either thread may be first. */
static void test_no_change(void **state)
{
	(void)state;
	memset(began, 0, sizeof(began));
	run(long_and_short, count_beginning, 1);
	assert_true(began[0] > EXECUTIONS / 4 && began[STEPS] > EXECUTIONS / 4);
	assert_int_equal(began[0] + began[STEPS], EXECUTIONS);
}

/*
 * Depth 2: if the long thread is first, it is interrupted, but for changes that are placed behind
 * its end; and in some execution after each of its steps.
 */
static void test_changes_are_everywhere(void **state)
{
	unsigned int between = 0;

	(void)state;
	memset(began, 0, sizeof(began));
	run(long_and_short, count_beginning, 2);
	for (int i = 0; i <= STEPS; i++)
		if (!began[i])
			fail_msg("the other thread never began after %d steps", i);
	for (int i = 1; i < STEPS; i++)
		between += began[i];
	assert_true(between > EXECUTIONS / 4);
}

/* Who has the higher priority, and waited, goes on as soon as it can. */
static void test_woken_goes_first(void **state)
{
	(void)state;
	blocked = late = 0;
	run(holder_and_waiter, count_late, 2);
	assert_true(blocked > EXECUTIONS / 20);
	assert_int_equal(late, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_change),
		cmocka_unit_test(test_changes_are_everywhere),
		cmocka_unit_test(test_woken_goes_first),
	};

	return vmsim_run_tests(tests);
}
