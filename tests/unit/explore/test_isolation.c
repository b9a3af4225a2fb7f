// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include "explore/session.h"
#include <errno.h>
#include <litmus_gup.h>
#include <small_world.h>
#include <string.h>

/*
 * Nothing of an execution is left for the next one, and both kinds of thread have one meaning: the
 * same picks give the same events, and the same world bit by bit.
 */

static void hash_bytes(uint64_t *hash, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*hash = (*hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3ULL;
}

static void hash_range(void *arg, void *from, void *to)
{
	hash_bytes(arg, from, (size_t)((char *)to - (char *)from));
}

static uint64_t world_hash(struct vmsim_explorer *x)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	world_each_range(x->machine, hash_range, &hash);
	return hash;
}

static struct vmsim_explorer *open_session(const struct vmsim_scenario *scenario,
					   struct vmsim_explore_options *options,
					   enum vmsim_backend backend)
{
	struct vmsim_explorer *x;
	char error[256];

	*options = explore_options(VMSIM_STRATEGY_RANDOM, 1);
	options->backend = backend;
	if (session_create(scenario, options, NULL, NULL, &x, error, sizeof(error)))
		fail_msg("%s", error);
	return x;
}

/* The first seed from 1 on whose execution fails, or does not. */
static uint64_t seed_that(struct vmsim_explorer *x, bool fails)
{
	for (uint64_t seed = 1; seed < 100000; seed++) {
		assert_int_equal(session_execute(x, seed), 0);
		if (x->failed == fails)
			return seed;
	}
	fail_msg("no such seed");
	return 0;
}

static uint64_t hash_after(struct vmsim_explorer *x, uint64_t seed)
{
	assert_int_equal(session_execute(x, seed), 0);
	return world_hash(x);
}

/* A; whatever @between leaves behind; A. True if @between left something else. */
static bool comes_back(struct vmsim_explorer *x, uint64_t seed, uint64_t between)
{
	uint64_t first = hash_after(x, seed);
	uint64_t other = hash_after(x, between);

	assert_int_equal(hash_after(x, seed), first);
	return other != first;
}

static void test_worlds_come_back(void **state)
{
	(void)state;
	for (int backend = VMSIM_BACKEND_FIBER; backend <= VMSIM_BACKEND_PTHREAD; backend++) {
		struct vmsim_explore_options options;
		struct vmsim_explorer *x = open_session(&bench_small_world, &options, backend);
		unsigned int others = 0;

		for (uint64_t seed = 1; seed <= 20; seed++)
			others += comes_back(x, seed, seed + 100);
		assert_true(others > 5);
		session_destroy(x);
	}
}

/* An execution that fails leaves its threads where they were. */
static void test_after_a_failure(void **state)
{
	(void)state;
	for (int backend = VMSIM_BACKEND_FIBER; backend <= VMSIM_BACKEND_PTHREAD; backend++) {
		struct vmsim_explore_options options;
		struct vmsim_explorer *x;
		struct litmus_gup litmus;
		uint64_t passes, fails;

		litmus_gup_init(&litmus, 3, 2, LITMUS_GUP_NO_RECHECK);
		x = open_session(&litmus.scenario, &options, backend);
		passes = seed_that(x, false);
		fails = seed_that(x, true);
		assert_true(comes_back(x, passes, fails));
		assert_true(comes_back(x, fails, passes));
		session_destroy(x);
	}
}

/* All that a machine has, but for the stacks: whatever nobody thought of is seen, too. */
struct whole {
	char *at[2];
	size_t size[2];
	char *copy[2];
};

static void whole_copy(struct whole *whole, const struct vmsim_machine *m)
{
	whole->at[0] = (char *)m;
	whole->size[0] = (size_t)(m->stacks - (char *)m);
	whole->at[1] = m->frames;
	whole->size[1] = m->region_size - (size_t)(m->frames - (char *)m);
	for (int i = 0; i < 2; i++) {
		whole->copy[i] = malloc(whole->size[i]);
		assert_non_null(whole->copy[i]);
		memcpy(whole->copy[i], whole->at[i], whole->size[i]);
	}
}

static bool whole_is_back(const struct whole *whole)
{
	return !memcmp(whole->at[0], whole->copy[0], whole->size[0]) &&
	       !memcmp(whole->at[1], whole->copy[1], whole->size[1]);
}

static void puts_all_back(const struct vmsim_scenario *scenario, enum vmsim_tlb tlb,
			  enum vmsim_memory_model model)
{
	struct vmsim_explore_options options;
	struct vmsim_explorer *x;
	struct whole whole;
	char error[256];

	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_RANDOM;
	options.tlb = tlb;
	options.memory_model = model;
	if (session_create(scenario, &options, NULL, NULL, &x, error, sizeof(error)))
		fail_msg("%s", error);
	whole_copy(&whole, x->machine);
	for (uint64_t seed = 1; seed <= 5; seed++) {
		assert_int_equal(session_execute(x, seed), 0);
		assert_false(whole_is_back(&whole));
		world_restore(x);
		assert_true(whole_is_back(&whole));
	}
	free(whole.copy[0]);
	free(whole.copy[1]);
	session_destroy(x);
}

static void test_every_byte_is_put_back(void **state)
{
	struct litmus_gup litmus;

	(void)state;
	for (int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++)
		puts_all_back(&bench_small_world, (enum vmsim_tlb)tlb, VMSIM_MEMORY_SC);
	puts_all_back(&bench_small_world, VMSIM_TLB_BROADCAST, VMSIM_MEMORY_PSO);
	litmus_gup_init(&litmus, 2, 1, LITMUS_GUP_RIGHT);
	puts_all_back(&litmus.scenario, VMSIM_TLB_IPI, VMSIM_MEMORY_SC);
	litmus_gup_init(&litmus, 3, 2, LITMUS_GUP_NO_RECHECK);
	puts_all_back(&litmus.scenario, VMSIM_TLB_IPI, VMSIM_MEMORY_TSO);
}

struct errno_world {
	int seen[2];
};

static int leaves_errno(struct errno_world *w, int index)
{
	w->seen[index] = errno;
	errno = 70 + index;
	vmsim_point("others");
	if (errno != 70 + index)
		vmsim_fail("errno is another thread's: %d", errno);
	return 0;
}

static int first(struct vmsim_world *world)
{
	return leaves_errno(world->ctx, 0);
}

static int second(struct vmsim_world *world)
{
	return leaves_errno(world->ctx, 1);
}

static int check_errno(struct vmsim_world *world)
{
	const struct errno_world *w = world->ctx;

	if (w->seen[0] || w->seen[1])
		vmsim_fail("errno of an earlier execution: %d %d", w->seen[0], w->seen[1]);
	return 0;
}

static void test_errno(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "A", .cpu = 0, .fn = first },
		{ .name = "B", .cpu = 1, .fn = second },
	};
	const struct vmsim_scenario scenario = {
		.name = "errno",
		.bare = true,
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 128 },
		.ctx_size = sizeof(struct errno_world),
		.threads = threads,
		.nr_threads = 2,
		.check = check_errno,
	};

	(void)state;
	for (int backend = VMSIM_BACKEND_FIBER; backend <= VMSIM_BACKEND_PTHREAD; backend++) {
		struct vmsim_explore_options options;
		struct vmsim_explorer *x = open_session(&scenario, &options, backend);

		for (uint64_t seed = 1; seed <= 50; seed++) {
			assert_int_equal(session_execute(x, seed), 0);
			if (x->failed)
				fail_msg("%s", x->violation.text);
		}
		session_destroy(x);
	}
}

static struct vmsim_result replay(const struct vmsim_scenario *scenario,
				  const struct vmsim_schedule *schedule, enum vmsim_backend backend)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_REPLAY, 1);

	options.schedule = schedule;
	options.backend = backend;
	options.timeline = true;
	return explore_with(scenario, &options);
}

/*
 * Stacks of pthreads are the one thing that lies elsewhere: within a terabyte and a bit below the
 * top, which now and then is just below 0x7f0000000000.
 */
static bool on_a_stack(uint64_t value)
{
	return value >> 40 == 0x7f || value >> 40 == 0x7e;
}

static void assert_same_events(const struct vmsim_result *a, const struct vmsim_result *b)
{
	assert_int_equal(a->nr_events, b->nr_events);
	assert_true(a->nr_events > 0);
	for (size_t i = 0; i < a->nr_events; i++) {
		const struct vmsim_event *x = &a->events[i], *y = &b->events[i];

		assert_int_equal(x->seq, y->seq);
		assert_int_equal(x->kind, y->kind);
		assert_int_equal(x->cpu, y->cpu);
		assert_int_equal(x->tid, y->tid);
		for (int arg = 0; arg < 3; arg++)
			if (!on_a_stack(y->arg[arg]))
				assert_int_equal(x->arg[arg], y->arg[arg]);
	}
}

static void same_in_both(const struct vmsim_scenario *scenario,
			 const struct vmsim_result *found)
{
	struct vmsim_result fiber, thread;

	fiber = replay(scenario, &found->schedule, VMSIM_BACKEND_FIBER);
	thread = replay(scenario, &found->schedule, VMSIM_BACKEND_PTHREAD);
	assert_int_equal(fiber.violated, found->violated);
	assert_int_equal(thread.violated, found->violated);
	assert_string_equal(fiber.violation.text, found->violation.text);
	assert_string_equal(thread.violation.text, found->violation.text);
	assert_int_equal(fiber.decisions, thread.decisions);
	assert_same_events(&fiber, &thread);
	vmsim_result_free(&fiber);
	vmsim_result_free(&thread);
}

/* Every failure of the litmus test that seeds find. */
static void test_failures_in_both_back_ends(void **state)
{
	(void)state;
	for (int bug = LITMUS_GUP_INC_FROM_ZERO; bug < LITMUS_GUP_BUGS; bug++) {
		for (int strategy = VMSIM_STRATEGY_RANDOM; strategy <= VMSIM_STRATEGY_PCT;
		     strategy++) {
			for (uint64_t seed = 1; seed <= 8; seed++) {
				struct vmsim_explore_options options;
				struct vmsim_result found;
				struct litmus_gup litmus;

				litmus_gup_init(&litmus, 3, 1, bug);
				options = explore_options(strategy, 50000);
				options.seed = seed * 1000000;
				found = explore_with(&litmus.scenario, &options);
				assert_true(found.violated);
				same_in_both(&litmus.scenario, &found);
				vmsim_result_free(&found);
			}
		}
	}
}

/* Interrupts, faults and RCU, too. */
static void test_memory_in_both_back_ends(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_RANDOM, 1);
		struct vmsim_result found;

		options.seed = seed;
		found = explore_with(&bench_small_world, &options);
		assert_false(found.violated);
		same_in_both(&bench_small_world, &found);
		vmsim_result_free(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worlds_come_back),
		cmocka_unit_test(test_after_a_failure),
		cmocka_unit_test(test_every_byte_is_put_back),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_failures_in_both_back_ends),
		cmocka_unit_test(test_memory_in_both_back_ends),
	};

	return vmsim_run_tests(tests);
}
