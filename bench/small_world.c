// SPDX-License-Identifier: GPL-2.0-only
#include "small_world.h"
#include <vmsim/vmsim.h>
#include <errno.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define SHARED 0x10000000UL
#define PRIVATE 0x20000000UL
#define RW (PROT_READ | PROT_WRITE)

struct small_world {
	int file;
};

static int setup(struct vmsim_world *world)
{
	struct small_world *w = world->ctx;
	long at;

	w->file = vmsim_file_create(world->machine, "data", PAGE);
	if (w->file < 0)
		return w->file;
	at = vmsim_mmap(SHARED, PAGE, RW, MAP_SHARED | MAP_FIXED, w->file, 0);
	if (at > 0)
		at = vmsim_mmap(PRIVATE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				VMSIM_NO_FILE, 0);
	if (at < 0)
		return (int)at;
	return vmsim_store(SHARED, 8, 1) ? -EFAULT : 0;
}

/* Signals are legal ends of accesses to what others unmap or protect. */
static int writer(struct vmsim_world *world)
{
	(void)world;
	(void)vmsim_store(SHARED, 8, 2);
	(void)vmsim_store(PRIVATE, 8, 3);
	return 0;
}

static int protector(struct vmsim_world *world)
{
	(void)world;
	return vmsim_mprotect(PRIVATE, PAGE, PROT_READ);
}

static int cleaner(struct vmsim_world *world)
{
	struct small_world *w = world->ctx;

	return vmsim_file_sync(w->file, 0, PAGE);
}

static int zapper(struct vmsim_world *world)
{
	(void)world;
	return vmsim_munmap(SHARED, PAGE);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Protector", .cpu = 1, .fn = protector },
	{ .name = "Cleaner", .cpu = 2, .fn = cleaner },
	{ .name = "Zapper", .cpu = 3, .fn = zapper },
};

const struct vmsim_scenario bench_small_world = {
	.name = "small-world",
	.summary = "faults, mprotect, munmap and writeback on four CPUs",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 4, .frames = 128 },
	.ctx_size = sizeof(struct small_world),
	.setup = setup,
	.threads = threads,
	.nr_threads = sizeof(threads) / sizeof(threads[0]),
};
