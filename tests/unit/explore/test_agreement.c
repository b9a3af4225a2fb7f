// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "explore/checkpoint.h"
#include "explore/dpor.h"
#include "explore/local.h"
#include "explore/rehearse.h"
#include "outcomes.h"
#include <string.h>

/*
 * dfs tries everything, and so is right without knowing anything. What dpor and states leave out
 * must not be missed: the same final states, the same failures, deadlocks and livelocks among them.
 */

#define PROGRAMS 200

static void explore(const struct program *program, enum vmsim_strategy id,
		    const struct strategy *strategy, struct outcomes *out)
{
	struct vmsim_explore_options options = outcomes_options(id);

	out->set.n = 0;
	outcomes_explore(program, &options, strategy, UINT64_MAX, out);
}

static struct outcomes with_dfs, with_dpor, with_states;

static void test_dpor_agrees_with_dfs(void **state)
{
	uint64_t seed = 0, dfs = 0, dpor = 0;
	unsigned int branching = 0;

	(void)state;
	for (unsigned int i = 0; i < PROGRAMS; i++, seed++) {
		struct program program;

		seed = outcomes_exhaustible(&program, seed, &with_dfs);
		explore(&program, VMSIM_STRATEGY_DPOR, NULL, &with_dpor);
		assert_true(with_dpor.coverage.exhausted);
		if (!outcomes_same(&with_dfs, &with_dpor)) {
			program_print(&program);
			fail_msg("program %llu: dfs %u outcomes, dpor %u", (unsigned long long)seed,
				 with_dfs.set.n, with_dpor.set.n);
		}
		dfs += with_dfs.executions;
		dpor += with_dpor.executions;
		branching += with_dfs.set.n > 1;
	}
	print_message(
		"%d programs up to seed %llu, %u with several outcomes: dfs %llu executions, dpor %llu\n",
		PROGRAMS, (unsigned long long)seed, branching, (unsigned long long)dfs,
		(unsigned long long)dpor);
	assert_true(branching > PROGRAMS / 3);
	assert_true(dpor < dfs / 10);
}

static void skip_without_states(void)
{
	if (outcomes_can_have_states())
		return;
	print_message("strategy states: not under ThreadSanitizer, and not with pthreads\n");
	skip();
}

static void test_states_agrees_with_dfs(void **state)
{
	uint64_t seed = 0, dfs = 0, transitions = 0;

	(void)state;
	skip_without_states();
	for (unsigned int i = 0; i < PROGRAMS; i++, seed++) {
		struct program program;

		seed = outcomes_exhaustible(&program, seed, &with_dfs);
		explore(&program, VMSIM_STRATEGY_STATES, NULL, &with_states);
		assert_true(with_states.coverage.exhausted);
		if (!outcomes_same(&with_dfs, &with_states)) {
			program_print(&program);
			fail_msg("program %llu: dfs %u outcomes, states %u",
				 (unsigned long long)seed, with_dfs.set.n, with_states.set.n);
		}
		dfs += with_dfs.executions;
		transitions += with_states.coverage.transitions;
	}
	print_message("%d programs: dfs %llu executions, states %llu transitions\n", PROGRAMS,
		      (unsigned long long)dfs, (unsigned long long)transitions);
	assert_true(transitions < dfs);
}

/* What must be noticed: dpor, blind to one kind of object. */
static unsigned int unseen_kind;

static bool is_unseen(const struct access *access)
{
	return object_kind(access->object) == unseen_kind;
}

static void forget(struct footprint *footprint, bool (*which)(const struct access *access))
{
	size_t n = 0;

	for (size_t i = 0; i < footprint->n; i++)
		if (!which(&footprint->at[i]))
			footprint->at[n++] = footprint->at[i];
	footprint->n = n;
}

static int pick_blind(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	forget(&x->footprint, is_unseen);
	return strategy_dpor.pick(x, candidates, n);
}

static bool is_read(const struct access *access)
{
	return access->mode == ACCESS_READ;
}

static int pick_without_reads(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	forget(&x->footprint, is_read);
	return strategy_dpor.pick(x, candidates, n);
}

/* Locks as if they were data: who releases seems to race with who acquires. */
static int pick_lock_as_data(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	for (size_t i = 0; i < x->footprint.n; i++)
		if (object_kind(x->footprint.at[i].object) == OBJECT_LOCK)
			x->footprint.at[i].mode = ACCESS_WRITE;
	return strategy_dpor.pick(x, candidates, n);
}

/* Who sleeps is woken by nothing. */
static int pick_asleep(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	struct dpor *d = x->strategy_state;
	size_t before = d->step, length = d->length;
	int chosen = strategy_dpor.pick(x, candidates, n);

	if (chosen >= 0 && d->depth == d->length && d->length > length && d->step > before)
		d->node[d->step].sleep |= d->node[before].sleep & d->node[d->step].can;
	return chosen;
}

/* Races are seen, but nothing is tried on their account. */
static int pick_no_backtrack(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	struct dpor *d = x->strategy_state;
	int chosen = strategy_dpor.pick(x, candidates, n);

	for (size_t i = 0; i < d->length; i += 2)
		d->node[i].backtrack = 1ULL << d->node[i].actor;
	return chosen;
}

static void assert_disagrees(int (*pick)(struct vmsim_explorer *x,
					 const struct candidate *candidates, int n))
{
	struct strategy wrong = strategy_dpor;
	uint64_t seed = 0;

	wrong.pick = pick;
	for (unsigned int i = 0; i < PROGRAMS; i++, seed++) {
		struct program program;

		seed = outcomes_exhaustible(&program, seed, &with_dfs);
		explore(&program, VMSIM_STRATEGY_DPOR, &wrong, &with_dpor);
		if (!outcomes_same(&with_dfs, &with_dpor))
			return;
	}
	fail_msg("an error in dpor is not noticed");
}

static void test_blindness_is_noticed(void **state)
{
	static const unsigned int kinds[] = { 0, OBJECT_LOCK, OBJECT_IRQ };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		unseen_kind = kinds[i];
		assert_disagrees(pick_blind);
	}
	assert_disagrees(pick_without_reads);
}

static void test_wrong_rules_are_noticed(void **state)
{
	(void)state;
	assert_disagrees(pick_lock_as_data);
	assert_disagrees(pick_asleep);
	assert_disagrees(pick_no_backtrack);
}

/*
 * Errors put into states. Its calls of these functions come here (-Wl,--wrap): what they say is
 * changed on the way.
 */
static bool never_restarts, never_rehearses;
static bool (*exclude)(const struct holds *a, const struct holds *b);
static void (*leave_out)(const struct vmsim_explorer *x, const char **from, const char **to);

bool __real_local_was_wrong(struct local *local);
bool __wrap_local_was_wrong(struct local *local);
struct image_key __real_checkpoint_key(const struct vmsim_explorer *x);
struct image_key __wrap_checkpoint_key(const struct vmsim_explorer *x);

bool __wrap_local_was_wrong(struct local *local)
{
	return __real_local_was_wrong(local) && !never_restarts;
}

void __real_rehearse(struct vmsim_explorer *x, struct local *local);
void __wrap_rehearse(struct vmsim_explorer *x, struct local *local);

void __wrap_rehearse(struct vmsim_explorer *x, struct local *local)
{
	if (!never_rehearses)
		__real_rehearse(x, local);
}

bool __real_holds_exclude(const struct holds *a, const struct holds *b);
bool __wrap_holds_exclude(const struct holds *a, const struct holds *b);

bool __wrap_holds_exclude(const struct holds *a, const struct holds *b)
{
	return exclude ? exclude(a, b) : __real_holds_exclude(a, b);
}

struct image_key __wrap_checkpoint_key(const struct vmsim_explorer *x)
{
	struct image_key key = __real_checkpoint_key(x);
	const char *from, *to;

	if (!leave_out)
		return key;
	leave_out(x, &from, &to);
	key.lo -= image_part_key(x->image, from, to);
	return (struct image_key) { key.lo, key.lo };
}

static void leave_out_ctx(const struct vmsim_explorer *x, const char **from, const char **to)
{
	*from = x->world.ctx;
	*to = *from + x->scenario->ctx_size;
}

static void leave_out_stack(const struct vmsim_explorer *x, const char **from, const char **to)
{
	*from = x->actor[0].co.stack;
	*to = *from + VMSIM_STACK_SIZE;
}

static bool states_disagree(void)
{
	uint64_t seed = 0;

	for (unsigned int i = 0; i < PROGRAMS; i++, seed++) {
		struct program program;

		seed = outcomes_exhaustible(&program, seed, &with_dfs);
		explore(&program, VMSIM_STRATEGY_STATES, NULL, &with_states);
		if (!outcomes_same(&with_dfs, &with_states))
			return true;
	}
	return false;
}

static void test_unseen_memory_is_noticed(void **state)
{
	(void)state;
	skip_without_states();
	leave_out = leave_out_ctx;
	assert_true(states_disagree());
	leave_out = leave_out_stack;
	assert_true(states_disagree());
	leave_out = NULL;
}

/*
 * The reader's second read seems to be nobody else's business when it is first tried: that
 * somebody writes is seen only after it. The writer, whose first step it is, has no other way to
 * come between.
 */
struct pair {
	int word;
	struct rw_semaphore sem;
};

static int reads_twice(struct vmsim_world *world)
{
	struct pair *w = world->ctx;
	int first = READ_ONCE(w->word);

	if (READ_ONCE(w->word) != first)
		vmsim_fail("it changed");
	return 0;
}

static int writes(struct vmsim_world *world)
{
	struct pair *w = world->ctx;

	WRITE_ONCE(w->word, 1);
	return 0;
}

static bool is_found(const struct vmsim_thread_def *threads)
{
	const struct vmsim_scenario scenario = {
		.name = "pair",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 3, .frames = 128 },
		.bare = true,
		.ctx_size = sizeof(struct pair),
		.threads = threads,
		.nr_threads = 2,
	};
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256];
	bool found;

	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_STATES;
	options.executions = UINT64_MAX;
	if (vmsim_explore(&scenario, &options, &result, error, sizeof(error)))
		fail_msg("%s", error);
	found = result.violated;
	assert_true(found || result.coverage.exhausted);
	vmsim_result_free(&result);
	return found;
}

static bool late_write_is_found(void)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "Reader", .cpu = 1, .fn = reads_twice },
		{ .name = "Writer", .cpu = 2, .fn = writes },
	};

	return is_found(threads);
}

/* A lock held by both keeps neither away. */
static int reads_shared(struct vmsim_world *world)
{
	struct pair *w = world->ctx;

	down_read(&w->sem);
	if (READ_ONCE(w->word))
		vmsim_fail("it was written");
	up_read(&w->sem);
	return 0;
}

static int writes_shared(struct vmsim_world *world)
{
	struct pair *w = world->ctx;

	down_read(&w->sem);
	WRITE_ONCE(w->word, 1);
	up_read(&w->sem);
	return 0;
}

/* No event tells of the write: the memory does. */
static int writes_silently(struct vmsim_world *world)
{
	struct pair *w = world->ctx;

	*(volatile int *)&w->word = 1;
	vmsim_point("written");
	return 0;
}

static int reads_once(struct vmsim_world *world)
{
	struct pair *w = world->ctx;

	if (!READ_ONCE(w->word))
		vmsim_fail("it was not written yet");
	return 0;
}

static void test_silent_writes_are_seen(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "Writer", .cpu = 1, .fn = writes_silently },
		{ .name = "Reader", .cpu = 2, .fn = reads_once },
	};

	(void)state;
	skip_without_states();
	assert_true(is_found(threads));
}

static bool shared_write_is_found(void)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "Reader", .cpu = 1, .fn = reads_shared },
		{ .name = "Writer", .cpu = 2, .fn = writes_shared },
	};

	return is_found(threads);
}

static void test_no_restart_is_noticed(void **state)
{
	bool found;

	(void)state;
	skip_without_states();
	assert_true(late_write_is_found());
	never_restarts = never_rehearses = true;
	found = late_write_is_found();
	assert_true(states_disagree());
	never_restarts = false;
	assert_false(found);
	/* The rehearsal alone spares restarts, and nothing else. */
	assert_true(late_write_is_found());
	assert_false(states_disagree());
	never_rehearses = false;
}

static bool hold_nothing_alike(const struct holds *a, const struct holds *b)
{
	return a->n && b->n && !__real_holds_exclude(a, b);
}

/* Who holds a lock with others keeps them away from it. */
static bool share_nothing(const struct holds *a, const struct holds *b)
{
	for (unsigned int i = 0; i < a->n; i++)
		for (unsigned int j = 0; j < b->n; j++)
			if (a->at[i].object == b->at[j].object)
				return true;
	return false;
}

static bool always(const struct holds *a, const struct holds *b)
{
	(void)a;
	(void)b;
	return true;
}

static void test_wrong_exclusion_is_noticed(void **state)
{
	static bool (*const errors[])(const struct holds *a, const struct holds *b) = {
		hold_nothing_alike, always,
	};

	(void)state;
	skip_without_states();
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		exclude = errors[i];
		if (!states_disagree())
			fail_msg("error %zu is not noticed", i);
	}
	exclude = share_nothing;
	assert_false(shared_write_is_found());
	exclude = NULL;
	assert_true(shared_write_is_found());
}

/* What one shard finds is added to @out; returns the number of its executions. */
static uint64_t explore_shard(const struct program *program, enum vmsim_strategy strategy,
			      unsigned int shard, unsigned int shards, struct outcomes *out)
{
	struct vmsim_explore_options options = outcomes_options(strategy);

	options.shard = shard;
	options.shards = shards;
	outcomes_explore(program, &options, NULL, UINT64_MAX, out);
	assert_true(out->coverage.exhausted);
	return out->executions;
}

/* Shards together do everything; those of dfs do nothing twice. */
static void shards_cover(enum vmsim_strategy strategy)
{
	uint64_t seed = 0;

	for (unsigned int i = 0; i < 20; i++, seed++) {
		struct program program;
		uint64_t executions = 0;

		seed = outcomes_exhaustible(&program, seed, &with_dfs);
		with_dpor.set.n = 0;
		for (unsigned int shard = 0; shard < 3; shard++)
			executions += explore_shard(&program, strategy, shard, 3, &with_dpor);
		assert_true(outcomes_same(&with_dfs, &with_dpor));
		if (strategy == VMSIM_STRATEGY_DFS)
			assert_int_equal(executions, with_dfs.executions);
	}
}

static void test_shards_of_dfs(void **state)
{
	(void)state;
	shards_cover(VMSIM_STRATEGY_DFS);
}

static void test_shards_of_dpor(void **state)
{
	(void)state;
	shards_cover(VMSIM_STRATEGY_DPOR);
}

/* More preemptions, more schedules; enough of them, all. */
static void test_preemptions_bound_dfs(void **state)
{
	struct vmsim_explore_options options;
	struct vmsim_scenario scenario;
	struct program program;
	uint64_t last = 0, all;

	(void)state;
	outcomes_exhaustible(&program, 40, &with_dfs);
	all = with_dfs.executions;
	program_scenario(&program, &scenario);
	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_DFS;
	options.step_limit = 300;
	options.executions = UINT64_MAX;
	options.keep_going = true;
	for (options.preemptions = 0; last < all; options.preemptions++) {
		struct vmsim_result result;
		char error[256];

		assert_int_equal(vmsim_explore(&scenario, &options, &result, error, sizeof(error)),
				 0);
		assert_true(result.coverage.exhausted);
		assert_int_equal(result.coverage.preemptions, options.preemptions);
		assert_true(result.executions > last);
		last = result.executions;
		vmsim_result_free(&result);
	}
	assert_true(options.preemptions > 2);
	assert_int_equal(last, all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dpor_agrees_with_dfs),
		cmocka_unit_test(test_states_agrees_with_dfs),
		cmocka_unit_test(test_blindness_is_noticed),
		cmocka_unit_test(test_wrong_rules_are_noticed),
		cmocka_unit_test(test_unseen_memory_is_noticed),
		cmocka_unit_test(test_no_restart_is_noticed),
		cmocka_unit_test(test_silent_writes_are_seen),
		cmocka_unit_test(test_wrong_exclusion_is_noticed),
		cmocka_unit_test(test_shards_of_dfs),
		cmocka_unit_test(test_shards_of_dpor),
		cmocka_unit_test(test_preemptions_bound_dfs),
	};

	return vmsim_run_tests(tests);
}
