// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/smp.h>

/*
 * What strategy states does not try, because all that it leads to is known, and what it does not look
 * at, because no event told of a change, hides nothing. The errors in sleep/ must show.
 */

struct words {
	int a, b, c, plain;
};

static int write_a(struct vmsim_world *world)
{
	WRITE_ONCE(((struct words *)world->ctx)->a, 1);
	return 0;
}

static int write_b(struct vmsim_world *world)
{
	WRITE_ONCE(((struct words *)world->ctx)->b, 1);
	return 0;
}

static int write_c(struct vmsim_world *world)
{
	WRITE_ONCE(((struct words *)world->ctx)->c, 1);
	return 0;
}

/* How an execution goes wrong. */
static const char *wrong;

static struct vmsim_result search(const struct vmsim_thread_def *threads, unsigned int nr_threads)
{
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_STATES, UINT64_MAX);
	struct vmsim_scenario scenario = {
		.name = "sleep",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 3, .frames = 128 },
		.ctx_size = sizeof(struct words),
		.bare = true,
		.threads = threads,
		.nr_threads = nr_threads,
	};

	options.step_limit = 5000;
	return explore_with(&scenario, &options);
}

/* In every order of the threads: which of them is tried first is up to the search. */
static void assert_goes_wrong(int (*const fn[3])(struct vmsim_world *world))
{
	static const uint8_t order[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct vmsim_thread_def threads[] = {
			{ .name = "A", .cpu = 0, .fn = fn[order[i][0]] },
			{ .name = "B", .cpu = 1, .fn = fn[order[i][1]] },
			{ .name = "C", .cpu = 2, .fn = fn[order[i][2]] },
		};
		struct vmsim_result result = search(threads, 3);

		assert_true(result.violated);
		assert_non_null(strstr(result.violation.text, wrong));
		vmsim_result_free(&result);
	}
}

/* Both were written, and c was not. */
static int read_all(struct vmsim_world *world)
{
	struct words *words = world->ctx;

	if (READ_ONCE(words->a) && READ_ONCE(words->b) && !READ_ONCE(words->c))
		vmsim_fail("a and b, but not c");
	return 0;
}

static int write_a_and_b(struct vmsim_world *world)
{
	write_a(world);
	return write_b(world);
}

static void test_who_meets_it_wakes_it(void **state)
{
	(void)state;
	wrong = "a and b, but not c";
	assert_goes_wrong((int (*const[])(struct vmsim_world *)) { write_a_and_b, write_c,
								    read_all });
}

/* For ever, without letting anybody else go first. */
static int toggle(struct vmsim_world *world)
{
	struct words *words = world->ctx;

	while (READ_ONCE(words->a) < 2) {
		WRITE_ONCE(words->a, 1);
		WRITE_ONCE(words->a, 0);
	}
	return 0;
}

static void test_what_may_not_end_does_not_sleep(void **state)
{
	(void)state;
	wrong = "livelock";
	assert_goes_wrong((int (*const[])(struct vmsim_world *)) { toggle, write_b, write_c });
}

/* Of the second write no event tells. */
static int write_two(struct vmsim_world *world)
{
	struct words *words = world->ctx;

	WRITE_ONCE(words->a, 1);
	words->plain = 1;
	return 0;
}

static int read_plain(struct vmsim_world *world)
{
	struct words *words = world->ctx;

	if (READ_ONCE(words->plain) && !READ_ONCE(words->c))
		vmsim_fail("plain, but not c");
	return 0;
}

static void test_what_is_not_told_wakes_all(void **state)
{
	(void)state;
	wrong = "plain, but not c";
	assert_goes_wrong((int (*const[])(struct vmsim_world *)) { write_two, write_c,
								    read_plain });
}

/* Who has let others go first sees that b was written, and c was not. */
static int yield_and_read(struct vmsim_world *world)
{
	struct words *words = world->ctx;
	int first = READ_ONCE(words->a);

	cpu_relax();
	if (!first && READ_ONCE(words->b) && !READ_ONCE(words->c))
		vmsim_fail("b, but not c");
	return 0;
}

static void test_who_yields_wakes_all(void **state)
{
	(void)state;
	wrong = "b, but not c";
	assert_goes_wrong((int (*const[])(struct vmsim_world *)) { yield_and_read, write_b,
								    write_c });
}

/* What it has written to a page, with no event, is there when it looks again. */
static int write_and_look(struct vmsim_world *world)
{
	struct words *words = world->ctx;
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long *word = page_address(page);

	/* As if it were a program's. */
	page->mapping = (void *)words;
	for (unsigned long i = 1; i < 4; i++) {
		*word = i;
		(void)READ_ONCE(words->a);
		if (*word != i)
			vmsim_fail("%lu, not %lu", *word, i);
	}
	page->mapping = NULL;
	__free_page(page);
	return 0;
}

static void test_untold_changes_are_found(void **state)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "A", .cpu = 0, .fn = write_and_look },
		{ .name = "B", .cpu = 1, .fn = write_a_and_b },
		{ .name = "C", .cpu = 2, .fn = write_a },
	};
	struct vmsim_result result = search(threads, 3);

	(void)state;
	if (result.violated)
		fail_msg("%s", result.violation.text);
	assert_true(result.coverage.exhausted);
	vmsim_result_free(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_meets_it_wakes_it),
		cmocka_unit_test(test_what_may_not_end_does_not_sleep),
		cmocka_unit_test(test_what_is_not_told_wakes_all),
		cmocka_unit_test(test_who_yields_wakes_all),
		cmocka_unit_test(test_untold_changes_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
