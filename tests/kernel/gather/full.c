// SPDX-License-Identifier: GPL-2.0-only
#include "../../unit/vmsim_test.h"
#include <linux/mm.h>
#include "trace/symbol.h"
#include <string.h>
#include <sys/mman.h>

/*
 * The kernel's own mm/mmu_gather.c, instrumented: its plain accesses are decisions. Two threads
 * unmap neighbours, so that both gather.
 */

#define AREA 0x10000000UL
#define PAGES 4

static int setup(struct vmsim_world *world)
{
	(void)world;
	return vmsim_mmap(AREA, 2 * PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0) < 0 ? -1 : 0;
}

static int use_and_unmap(unsigned long start)
{
	for (unsigned long i = 0; i < PAGES; i++)
		if (vmsim_store(start + i * PAGE_SIZE, 8, i))
			return -1;
	return vmsim_munmap(start, PAGES * PAGE_SIZE);
}

static int lower(struct vmsim_world *world)
{
	(void)world;
	return use_and_unmap(AREA);
}

static int upper(struct vmsim_world *world)
{
	(void)world;
	return use_and_unmap(AREA + PAGES * PAGE_SIZE);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Lower", .cpu = 0, .fn = lower },
	{ .name = "Upper", .cpu = 1, .fn = upper },
};

static const struct vmsim_scenario scenario = {
	.name = "kernel-full",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 128 },
	.setup = setup,
	.threads = threads,
	.nr_threads = 2,
};

static struct vmsim_result explore(enum vmsim_granularity granularity, uint64_t executions)
{
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256] = "";

	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_RANDOM;
	options.granularity = granularity;
	options.executions = executions;
	options.timeline = executions == 1;
	if (vmsim_explore(&scenario, &options, &result, error, sizeof(error)))
		fail_msg("%s", error);
	if (result.violated)
		fail_msg("%s %s", result.violation.oracle, result.violation.text);
	return result;
}

static unsigned int plain_in_kernel_file(const struct vmsim_result *result)
{
	struct symbols *symbols = symbols_open();
	unsigned int n = 0;
	char place[128];

	for (size_t i = 0; i < result->nr_events; i++) {
		const struct vmsim_event *event = &result->events[i];

		n += (event->kind == VMSIM_EV_PLAIN_READ || event->kind == VMSIM_EV_PLAIN_WRITE) &&
		     symbol_place(symbols, event->ip, place, sizeof(place)) &&
		     strstr(place, "mmu_gather.c:");
	}
	symbols_close(symbols);
	return n;
}

static void test_plain_accesses_are_seen(void **state)
{
	struct vmsim_result sync = explore(VMSIM_GRANULARITY_SYNC, 1);
	struct vmsim_result full = explore(VMSIM_GRANULARITY_FULL, 1);

	(void)state;
	assert_int_equal(plain_in_kernel_file(&sync), 0);
	assert_true(plain_in_kernel_file(&full) > 0);
	assert_true(full.decisions > sync.decisions);
	vmsim_result_free(&sync);
	vmsim_result_free(&full);
}

static void test_no_race(void **state)
{
	struct vmsim_result result = explore(VMSIM_GRANULARITY_FULL, 500);

	(void)state;
	assert_int_equal(result.executions, 500);
	vmsim_result_free(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_accesses_are_seen),
		cmocka_unit_test(test_no_race),
	};

	return vmsim_run_tests(tests);
}
