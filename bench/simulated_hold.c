// SPDX-License-Identifier: GPL-2.0-only
#include "simulated.h"
#include <linux/mm.h>
#include <errno.h>

static int take(unsigned long base, unsigned int flags, struct page **pages, double *total)
{
	double start = bench_cpu_time();
	int taken = flags & FOLL_PIN ?
			    pin_user_pages_fast(base, BENCH_HELD_PAGES, flags & ~FOLL_PIN, pages) :
			    get_user_pages_fast(base, BENCH_HELD_PAGES, flags, pages);

	*total += bench_cpu_time() - start;
	if (taken == (int)BENCH_HELD_PAGES)
		return 0;
	return taken < 0 ? taken : -EFAULT;
}

static void unpin(struct page **pages, double *total)
{
	double start = bench_cpu_time();

	unpin_user_pages(pages, BENCH_HELD_PAGES);
	*total += bench_cpu_time() - start;
}

/* As the host's: a buffer is pinned for long, and for writing. */
static int time_calls(unsigned long base, size_t calls, struct bench_hold *times)
{
	struct page *pages[BENCH_HELD_PAGES];
	int result = 0;

	for (size_t i = 0; i < calls && !result; i++) {
		result = take(base, 0, pages, &times->gup);
		for (size_t j = 0; j < BENCH_HELD_PAGES && !result; j++)
			put_page(pages[j]);
		if (!result)
			result = take(base, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM, pages,
				      &times->pin);
		if (!result)
			unpin(pages, &times->unpin);
	}
	times->gup /= calls * BENCH_HELD_PAGES;
	times->pin /= calls * BENCH_HELD_PAGES;
	times->unpin /= calls * BENCH_HELD_PAGES;
	return result;
}

int bench_simulated_hold(const struct bench_size *size, struct bench_hold *times)
{
	struct world world;
	unsigned long base = 0;
	int result = bench_create_world(&world, BENCH_HELD_PAGES);

	if (result)
		return result;
	*times = (struct bench_hold){ 0 };
	result = vmsim_attach(world.machine, 0, world.pid);
	if (!result)
		result = bench_map_anonymous(BENCH_HELD_PAGES, &base);
	if (!result)
		result = bench_write_each_page(base, BENCH_HELD_PAGES);
	if (!result)
		result = time_calls(base, size->calls / 8 + 1, times);
	vmsim_detach();
	return result ? result : bench_destroy_world(&world);
}
