// SPDX-License-Identifier: GPL-2.0-only
#include "programs.h"
#include <linux/mm.h>
#include <sys/mman.h>

/* Plain accesses of instrumented code are decisions at full granularity, and only there. */

static int add_one(struct vmsim_world *world)
{
	shared(world)->data++;
	return 0;
}

static int check_two(struct vmsim_world *world)
{
	if (shared(world)->data != 2)
		vmsim_fail("%ld", shared(world)->data);
	return 0;
}

static const struct program counter = {
	.thread = { add_one, add_one },
	.cpu = { 0, 1 },
	.check = check_two,
};

/* Two increments of a plain counter: one is lost only where somebody comes in between. */
static struct vmsim_result count(enum vmsim_granularity granularity, enum vmsim_strategy strategy)
{
	struct vmsim_explore_options options = program_options(granularity);

	options.strategy = strategy;
	options.oracles = VMSIM_ORACLE_BIT(O20);
	return program_explore(&counter, &options);
}

static void test_lost_update_needs_full(void **state)
{
	struct vmsim_result result;

	(void)state;
	for (int strategy = VMSIM_STRATEGY_RANDOM; strategy <= VMSIM_STRATEGY_PCT; strategy++) {
		result = count(VMSIM_GRANULARITY_SYNC, strategy);
		assert_false(result.violated);
		vmsim_result_free(&result);
		result = count(VMSIM_GRANULARITY_FULL, strategy);
		assert_true(result.violated);
		assert_string_equal(result.violation.oracle, "CHECK");
		assert_string_equal(result.violation.text, "1");
		vmsim_result_free(&result);
	}
}

static int add_one_locked(struct vmsim_world *world)
{
	spin_lock(&shared(world)->lock);
	shared(world)->data++;
	spin_unlock(&shared(world)->lock);
	return 0;
}

/* Exhaustive strategies: the two orders, and whatever comes in between. */
static void test_exhaustive(void **state)
{
	static const enum vmsim_strategy strategies[] = {
		VMSIM_STRATEGY_DFS,
		VMSIM_STRATEGY_DPOR,
		VMSIM_STRATEGY_STATES,
	};
	struct program locked = {
		.thread = { add_one_locked, add_one_locked },
		.cpu = { 0, 1 },
		.check = check_two,
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct vmsim_explore_options options = program_options(VMSIM_GRANULARITY_FULL);
		struct vmsim_result result = count(VMSIM_GRANULARITY_FULL, strategies[i]);

		assert_true(result.violated);
		assert_string_equal(result.violation.text, "1");
		vmsim_result_free(&result);
		options.strategy = strategies[i];
		options.executions = 100000;
		result = program_explore(&locked, &options);
		assert_false(result.violated);
		assert_true(result.coverage.exhausted);
		vmsim_result_free(&result);
	}
}

static void test_replay(void **state)
{
	struct vmsim_result found = count(VMSIM_GRANULARITY_FULL, VMSIM_STRATEGY_RANDOM);
	struct vmsim_explore_options options = program_options(VMSIM_GRANULARITY_FULL);
	struct vmsim_result again;

	(void)state;
	assert_int_equal(found.schedule.granularity, VMSIM_GRANULARITY_FULL);
	options.strategy = VMSIM_STRATEGY_REPLAY;
	options.oracles = VMSIM_ORACLE_BIT(O20);
	options.schedule = &found.schedule;
	options.executions = 1;
	for (int backend = VMSIM_BACKEND_FIBER; backend <= VMSIM_BACKEND_PTHREAD; backend++) {
		options.backend = backend;
		again = program_explore(&counter, &options);
		assert_true(again.violated);
		assert_int_equal(again.decisions, found.decisions);
		assert_string_equal(again.violation.text, found.violation.text);
		vmsim_result_free(&again);
	}
	vmsim_result_free(&found);
}

/* Whoever watches, the code does the same: a schedule found by some is replayed before all. */
static int use_and_unmap(unsigned long start)
{
	for (unsigned long i = 0; i < 3; i++)
		if (vmsim_store(start + i * PAGE_SIZE, 8, i))
			return -1;
	return vmsim_munmap(start, 3 * PAGE_SIZE);
}

static int map_lower(struct vmsim_world *world)
{
	(void)world;
	return vmsim_mmap(0x10000000, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0) < 0
		       ? -1
		       : use_and_unmap(0x10000000);
}

static int map_upper(struct vmsim_world *world)
{
	(void)world;
	return vmsim_mmap(0x10010000, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0) < 0
		       ? -1
		       : use_and_unmap(0x10010000);
}

static void test_watchers_change_nothing(void **state)
{
	static const struct program program = { .thread = { map_lower, map_upper },
						.cpu = { 0, 1 } };

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct vmsim_explore_options options =
			program_options(seed & 2 ? VMSIM_GRANULARITY_FULL : VMSIM_GRANULARITY_SYNC);
		struct vmsim_result result;

		options.seed = seed;
		options.executions = 1;
		options.oracles = seed % 2 ? VMSIM_ORACLE_BIT(O20) : 0;
		/* Replays the execution with everything recorded, or says that it does not fit. */
		options.timeline = true;
		result = program_explore(&program, &options);
		assert_false(result.violated);
		assert_true(result.nr_events > 100);
		vmsim_result_free(&result);
	}
}

/* Events of one execution, of one kind, and their sizes in the order in which they came. */
static unsigned int seen(program_fn fn, enum vmsim_event_kind kind, uint64_t *sizes,
			 unsigned int max)
{
	const struct program program = { .thread = { fn } };
	struct vmsim_explore_options options = program_options(VMSIM_GRANULARITY_FULL);
	struct vmsim_result result;
	unsigned int n = 0;

	options.executions = 1;
	options.timeline = true;
	result = program_explore(&program, &options);
	assert_false(result.violated);
	for (size_t i = 0; i < result.nr_events; i++)
		if (result.events[i].kind == kind && !result.events[i].arg[2] && n++ < max)
			sizes[n - 1] = result.events[i].arg[1];
	vmsim_result_free(&result);
	return n;
}

static int touch_sizes(struct vmsim_world *world)
{
	struct shared *s = shared(world);
	volatile char local = 0;

	s->bytes[0] = 1;
	*(short *)(s->bytes + 8) = 1;
	*(int *)(s->bytes + 16) = 1;
	*(long *)(s->bytes + 24) = local;
	memset(s->bytes, local, world->machine ? 64 : 1);
	return 0;
}

static int reads_and_stack(struct vmsim_world *world)
{
	char local[64];

	memcpy(local, shared(world)->bytes, world->machine ? 64 : 1);
	for (unsigned int i = 0; i < 64; i++)
		*(volatile char *)&local[i] = 0;
	return local[7];
}

static void test_events(void **state)
{
	static const uint64_t expected[] = { 1, 2, 4, 8, 64 };
	uint64_t sizes[8];

	(void)state;
	assert_int_equal(seen(touch_sizes, VMSIM_EV_PLAIN_WRITE, sizes, 8), 5);
	assert_memory_equal(sizes, expected, sizeof(expected));
	/* What lies on a stack is nobody else's. */
	assert_int_equal(seen(reads_and_stack, VMSIM_EV_PLAIN_WRITE, sizes, 8), 0);
	assert_int_equal(seen(reads_and_stack, VMSIM_EV_WRITE, sizes, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_update_needs_full),
		cmocka_unit_test(test_exhaustive),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_watchers_change_nothing),
		cmocka_unit_test(test_events),
	};

	return vmsim_run_tests(tests);
}
