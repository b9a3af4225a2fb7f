// SPDX-License-Identifier: GPL-2.0-only
#include "simulated.h"
#include <errno.h>

/* A fork, as long as it takes; the child, or -errno. */
static int timed_fork(double *elapsed)
{
	double start = bench_cpu_time();
	int child = vmsim_fork(NULL);

	*elapsed = bench_cpu_time() - start;
	return child;
}

static int timed_writes(unsigned long base, size_t pages, double *per_page)
{
	double start = bench_cpu_time();
	int result = bench_write_each_page(base, pages);

	*per_page = (bench_cpu_time() - start) / pages;
	return result;
}

/* The parent writes first, which copies; then the child, which is left alone with its pages. */
static int write_both(struct world *world, int child, unsigned long base, size_t pages,
		      struct bench_fork *times)
{
	int result = timed_writes(base, pages, &times->copy);

	if (!result)
		result = vmsim_become(child);
	if (!result)
		result = timed_writes(base, pages, &times->reuse);
	if (!result)
		result = vmsim_become(world->pid);
	return result;
}

/* A fork of nothing, and one of pages that were written. */
static int time_forks(struct world *world, size_t pages, struct bench_fork *times)
{
	double empty = 0, full = 0;
	unsigned long base = 0;
	int child = timed_fork(&empty);
	int result = child < 0 ? child : vmsim_process_destroy(world->machine, child);

	if (!result)
		result = bench_map_anonymous(pages, &base);
	if (!result)
		result = bench_write_each_page(base, pages);
	if (result)
		return result;
	child = timed_fork(&full);
	if (child < 0)
		return child;
	times->fork = (full - empty) / pages;
	result = write_both(world, child, base, pages, times);
	if (!result)
		result = vmsim_process_destroy(world->machine, child);
	return result ? result : vmsim_munmap(base, pages * BENCH_PAGE);
}

/* The first pass brings the host's memory in behind the frames; the second one is measured. */
int bench_simulated_fork(const struct bench_size *size, struct bench_fork *times)
{
	struct world world;
	int result = bench_create_world(&world, 2 * size->pages);

	if (result)
		return result;
	result = vmsim_attach(world.machine, 0, world.pid);
	for (int pass = 0; pass < 2 && !result; pass++)
		result = time_forks(&world, size->pages, times);
	vmsim_detach();
	return result ? result : bench_destroy_world(&world);
}
