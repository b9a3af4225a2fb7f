// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "explore/session.h"
#include <linux/rcupdate.h>

/*
 * An execution ends where a rule breaks. Who waited then never came to what it waited for; that
 * other orders exist in which it does, and nothing breaks, has to be found all the same.
 */

struct shared {
	int flag;
	spinlock_t lock;
};

enum { BROKEN = 1, WHOLE = 2 };

static void demand(const struct shared *shared)
{
	if (!READ_ONCE(shared->flag))
		vmsim_fail("the flag is not set");
}

static int reader(struct vmsim_world *world)
{
	rcu_read_lock();
	demand(world->ctx);
	rcu_read_unlock();
	return 0;
}

static int updater(struct vmsim_world *world)
{
	struct shared *shared = world->ctx;

	synchronize_rcu();
	WRITE_ONCE(shared->flag, 1);
	return 0;
}

static int locker(struct vmsim_world *world)
{
	struct shared *shared = world->ctx;

	spin_lock(&shared->lock);
	demand(shared);
	spin_unlock(&shared->lock);
	return 0;
}

static int setter(struct vmsim_world *world)
{
	struct shared *shared = world->ctx;

	spin_lock(&shared->lock);
	WRITE_ONCE(shared->flag, 1);
	spin_unlock(&shared->lock);
	return 0;
}

static int plain_setter(struct vmsim_world *world)
{
	WRITE_ONCE(((struct shared *)world->ctx)->flag, 1);
	return 0;
}

static int set_up(struct vmsim_world *world)
{
	spin_lock_init(&((struct shared *)world->ctx)->lock);
	return 0;
}

static unsigned int outcomes_of(const struct vmsim_scenario *scenario, enum vmsim_strategy strategy)
{
	struct vmsim_explore_options options;
	struct vmsim_explorer *x;
	unsigned int outcomes = 0;
	char error[256];

	vmsim_explore_options_init(&options);
	options.strategy = strategy;
	if (session_create(scenario, &options, NULL, NULL, &x, error, sizeof(error)))
		fail_msg("%s", error);
	while (x->strategy->more(x)) {
		if (session_execute(x, 0))
			fail_msg("%s", x->misfit);
		if (!x->abandoned)
			outcomes |= x->failed ? BROKEN : WHOLE;
	}
	session_destroy(x);
	return outcomes;
}

static void check(int (*looks)(struct vmsim_world *world), int (*sets)(struct vmsim_world *world),
		  unsigned int cpu)
{
	const struct vmsim_thread_def threads[] = {
		{ .name = "Looks", .cpu = 0, .fn = looks },
		{ .name = "Sets", .cpu = cpu, .fn = sets },
	};
	const struct vmsim_scenario scenario = {
		.name = "early-end", .bare = true,
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 128 },
		.ctx_size = sizeof(struct shared), .setup = set_up,
		.threads = threads, .nr_threads = 2,
	};

	assert_int_equal(outcomes_of(&scenario, VMSIM_STRATEGY_DFS), BROKEN | WHOLE);
	assert_int_equal(outcomes_of(&scenario, VMSIM_STRATEGY_DPOR), BROKEN | WHOLE);
}

static void test_waits_for_a_lock(void **state)
{
	(void)state;
	check(locker, setter, 1);
}

static void test_waits_for_readers(void **state)
{
	(void)state;
	check(reader, updater, 1);
}

/* Whoever has a spinlock keeps its CPU. */
static void test_waits_for_the_cpu(void **state)
{
	(void)state;
	check(locker, plain_setter, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_for_a_lock),
		cmocka_unit_test(test_waits_for_readers),
		cmocka_unit_test(test_waits_for_the_cpu),
	};

	return vmsim_run_tests(tests);
}
