// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "exhaust.h"
#include <linux/atomic.h>
#include <linux/spinlock.h>

/*
 * Plain accesses beside buffered stores: a CPU sees its own stores however it looks, what locks
 * protect needs no marks, and what is next to a buffered word stays as it is.
 */

struct plain_world {
	spinlock_t lock;
	int marked, plain;	/* in one aligned word */
	int guarded;
	atomic_t count;
	int seen_marked, seen_plain, seen_count;
};

/* Every schedule is looked at: no state is like another. */
uint64_t exhaust_key(const struct vmsim_explorer *x)
{
	static uint64_t key;

	(void)x;
	return ++key;
}

static int set_up(struct vmsim_world *world)
{
	struct plain_world *w = world->ctx;

	spin_lock_init(&w->lock);
	return 0;
}

static int owner(struct vmsim_world *world)
{
	struct plain_world *w = world->ctx;

	WRITE_ONCE(w->marked, 1);
	if (w->marked != 1)
		vmsim_fail("a plain load misses the CPU's own store");
	w->marked = 2;
	if (READ_ONCE(w->marked) != 2)
		vmsim_fail("a marked load misses the CPU's own plain store");
	atomic_inc(&w->count);
	if (w->count.counter != 1 && w->count.counter != 2)
		vmsim_fail("a plain load misses the CPU's own increment");
	return 0;
}

static int neighbour(struct vmsim_world *world)
{
	struct plain_world *w = world->ctx;

	w->plain = 7;
	atomic_inc(&w->count);
	return 0;
}

static int final_values(struct vmsim_world *world)
{
	const struct plain_world *w = world->ctx;

	if (w->marked != 2 || w->plain != 7 || w->count.counter != 2)
		vmsim_fail("in the end: %d, %d, %d", w->marked, w->plain, w->count.counter);
	return 0;
}

static int add_under_lock(struct vmsim_world *world)
{
	struct plain_world *w = world->ctx;

	spin_lock(&w->lock);
	/* The kernel's usual pattern: marked for those who look without the lock. */
	WRITE_ONCE(w->guarded, w->guarded + 1);
	spin_unlock(&w->lock);
	return 0;
}

static int added_twice(struct vmsim_world *world)
{
	const struct plain_world *w = world->ctx;

	if (w->guarded != 2)
		vmsim_fail("an addition under a lock is lost: %d", w->guarded);
	return 0;
}

static bool is_set(const void *arg)
{
	const struct plain_world *w = arg;

	return READ_ONCE(w->marked) == 1;
}

/* A condition is seen as the waiting CPU sees it, which is not before the store reaches memory. */
static int waits(struct vmsim_world *world)
{
	struct plain_world *w = world->ctx;

	vmsim_wait_until(is_set, w);
	w->seen_marked = READ_ONCE(w->marked);
	return 0;
}

static int sets(struct vmsim_world *world)
{
	struct plain_world *w = world->ctx;

	WRITE_ONCE(w->marked, 1);
	vmsim_point("set");
	return 0;
}

static int condition_held(struct vmsim_world *world)
{
	const struct plain_world *w = world->ctx;

	if (w->seen_marked != 1)
		vmsim_fail("the condition came true before its time");
	return 0;
}

static void holds(int (*a)(struct vmsim_world *world), int (*b)(struct vmsim_world *world),
		  int (*check)(struct vmsim_world *world), enum vmsim_memory_model model)
{
	const struct vmsim_thread_def threads[] = {
		{ .name = "A", .cpu = 0, .fn = a },
		{ .name = "B", .cpu = 1, .fn = b },
	};
	const struct vmsim_scenario scenario = {
		.name = "plain",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 128 },
		.bare = true,
		.ctx_size = sizeof(struct plain_world),
		.setup = set_up,
		.threads = threads,
		.nr_threads = 2,
		.check = check,
	};
	struct vmsim_explore_options options;
	struct vmsim_explorer *x;
	char error[256];

	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_RANDOM;
	options.memory_model = model;
	assert_int_equal(session_create(&scenario, &options, &exhaust_strategy, NULL, &x, error,
					sizeof(error)), 0);
	while (exhaust_more(x)) {
		assert_int_equal(session_execute(x, 0), 0);
		if (x->failed)
			fail_msg("%s", x->violation.text);
	}
	session_destroy(x);
}

static void own_stores_are_seen(void **state)
{
	(void)state;
	holds(owner, neighbour, final_values, VMSIM_MEMORY_TSO);
	holds(owner, neighbour, final_values, VMSIM_MEMORY_PSO);
}

static void locks_protect_plain_data(void **state)
{
	(void)state;
	holds(add_under_lock, add_under_lock, added_twice, VMSIM_MEMORY_TSO);
	holds(add_under_lock, add_under_lock, added_twice, VMSIM_MEMORY_PSO);
}

static void conditions_see_what_has_reached_memory(void **state)
{
	(void)state;
	holds(waits, sets, condition_held, VMSIM_MEMORY_TSO);
	holds(waits, sets, condition_held, VMSIM_MEMORY_PSO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_stores_are_seen),
		cmocka_unit_test(locks_protect_plain_data),
		cmocka_unit_test(conditions_see_what_has_reached_memory),
	};

	return vmsim_run_tests(tests);
}
