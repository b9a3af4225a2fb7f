// SPDX-License-Identifier: GPL-2.0-only
/* The work in a native machine with 4 KiB contents; checks are compiled in and not armed. */
#include "simulated.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

/* Page tables, and what per-CPU lists may hold back. */
#define SPARE_FRAMES 2048
#define RW (PROT_READ | PROT_WRITE)

int bench_create_world(struct world *world, size_t pages)
{
	struct vmsim_config config;
	int result;

	vmsim_config_init(&config);
	config.mode = VMSIM_NATIVE;
	config.contents = VMSIM_CONTENTS_BYTES;
	config.tlb = VMSIM_TLB_IPI;
	config.cpus = BENCH_MAX_THREADS;
	config.frames = (pages + SPARE_FRAMES + VMSIM_SECTION_FRAMES - 1) / VMSIM_SECTION_FRAMES *
			VMSIM_SECTION_FRAMES;
	result = vmsim_machine_create(&config, &world->machine);
	if (result)
		return result;
	world->pid = vmsim_process_create(world->machine, "bench");
	return world->pid < 0 ? world->pid : 0;
}

int bench_destroy_world(struct world *world)
{
	int result = vmsim_process_destroy(world->machine, world->pid);

	return result ? result : vmsim_machine_destroy(world->machine);
}

int bench_map_anonymous(size_t pages, unsigned long *base)
{
	long addr = vmsim_mmap(0, pages * BENCH_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS,
			       VMSIM_NO_FILE, 0);

	if (addr < 0)
		return (int)addr;
	*base = (unsigned long)addr;
	return 0;
}

int bench_write_each_page(unsigned long base, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		if (vmsim_store(base + i * BENCH_PAGE, 8, i))
			return -EFAULT;
	return 0;
}

/* Nanoseconds per page of the first write to each page, and of the unmapping. */
static int time_mapping(size_t pages, double *fault, double *munmap)
{
	unsigned long base = 0;
	double start, written;
	int result = bench_map_anonymous(pages, &base);

	if (result)
		return result;
	start = bench_now();
	result = bench_write_each_page(base, pages);
	written = bench_now();
	if (result)
		return result;
	result = vmsim_munmap(base, pages * BENCH_PAGE);
	*munmap = (bench_now() - written) / pages;
	*fault = (written - start) / pages;
	return result;
}

/* The first mapping brings the host's memory in behind the frames; the second one is measured. */
static int faults_and_munmap(const struct bench_size *size, double *fault, double *munmap)
{
	struct world world;
	int result = bench_create_world(&world, size->pages);

	if (result)
		return result;
	result = vmsim_attach(world.machine, 0, world.pid);
	for (int pass = 0; pass < 2 && !result; pass++)
		result = time_mapping(size->pages, fault, munmap);
	vmsim_detach();
	return result ? result : bench_destroy_world(&world);
}

static int map_file(int file, size_t pages, unsigned long *base)
{
	long addr = vmsim_mmap(0, pages * BENCH_PAGE, RW, MAP_SHARED, file, 0);

	if (addr < 0)
		return (int)addr;
	*base = (unsigned long)addr;
	return 0;
}

static int shared_fault(const struct bench_size *size, double *fault)
{
	struct world world;
	unsigned long base = 0;
	double start;
	int file = -1, result = bench_create_world(&world, size->pages);

	if (result)
		return result;
	result = vmsim_attach(world.machine, 0, world.pid);
	if (!result) {
		file = vmsim_file_create(world.machine, "bench", size->pages * BENCH_PAGE);
		result = file < 0 ? file : 0;
	}
	/* The first mapping fills the page cache; it is clean again when the second one is made. */
	for (int pass = 0; pass < 2 && !result; pass++) {
		result = map_file(file, size->pages, &base);
		if (result)
			break;
		start = bench_now();
		result = bench_write_each_page(base, size->pages);
		*fault = (bench_now() - start) / size->pages;
		if (!result)
			result = vmsim_munmap(base, size->pages * BENCH_PAGE);
		if (!result)
			result = vmsim_file_sync(file, 0, size->pages * BENCH_PAGE);
	}
	vmsim_detach();
	if (!result)
		result = vmsim_file_destroy(world.machine, file);
	return result ? result : bench_destroy_world(&world);
}

struct poller {
	struct world *world;
	unsigned long addr;
	int running, stop;
	int result;
};

/* The remote CPU: it loads a page of its own again and again, and so polls for interrupts. */
static void *poll_remotely(void *arg)
{
	struct poller *poller = arg;
	uint64_t value;

	poller->result = vmsim_attach(poller->world->machine, 1, poller->world->pid);
	__atomic_store_n(&poller->running, 1, __ATOMIC_RELEASE);
	while (!poller->result && !__atomic_load_n(&poller->stop, __ATOMIC_ACQUIRE))
		poller->result = vmsim_load(poller->addr, 8, &value);
	vmsim_detach();
	return NULL;
}

static int time_flush_calls(unsigned long addr, size_t calls, double *call)
{
	double start = bench_now();

	for (size_t i = 0; i < calls; i++) {
		int result = vmsim_store(addr, 8, i);

		if (!result)
			result = vmsim_madvise(addr, BENCH_PAGE, MADV_DONTNEED);
		if (result)
			return result < 0 ? result : -EFAULT;
	}
	*call = (bench_now() - start) / calls;
	return 0;
}

static int flush_call(const struct bench_size *size, bool remote, double *call)
{
	struct world world;
	struct poller poller = { .world = &world };
	pthread_t thread;
	unsigned long base = 0;
	int result = bench_create_world(&world, 2);

	if (result)
		return result;
	result = vmsim_attach(world.machine, 0, world.pid);
	if (!result)
		result = bench_map_anonymous(2, &base);
	if (!result)
		result = bench_write_each_page(base, 2);
	if (!result && remote) {
		poller.addr = base + BENCH_PAGE;
		result = -pthread_create(&thread, NULL, poll_remotely, &poller);
		while (!result && !__atomic_load_n(&poller.running, __ATOMIC_ACQUIRE))
			sched_yield();
	}
	if (!result)
		result = time_flush_calls(base, size->calls, call);
	if (remote && poller.running) {
		__atomic_store_n(&poller.stop, 1, __ATOMIC_RELEASE);
		vmsim_detach();
		pthread_join(thread, NULL);
		if (!result && poller.result)
			result = -EFAULT;
	} else {
		vmsim_detach();
	}
	return result ? result : bench_destroy_world(&world);
}

struct faulters {
	struct world world;
	size_t pages;
	unsigned long base[BENCH_MAX_THREADS];
};

/* As in faults_and_munmap(), a first mapping warms up. */
static int prepare_faults(void *arg, unsigned int cpu)
{
	struct faulters *faulters = arg;
	double fault, munmap;
	int result = vmsim_attach(faulters->world.machine, cpu, faulters->world.pid);

	if (!result)
		result = time_mapping(faulters->pages, &fault, &munmap);
	return result ? result : bench_map_anonymous(faulters->pages, &faulters->base[cpu]);
}

static int take_faults(void *arg, unsigned int cpu)
{
	struct faulters *faulters = arg;

	return bench_write_each_page(faulters->base[cpu], faulters->pages);
}

static void leave_machine(void *arg, unsigned int cpu)
{
	vmsim_detach();
}

static int faults_by(const struct bench_size *size, unsigned int threads, double *fault)
{
	static const struct bench_crew crew = { prepare_faults, take_faults, leave_machine };
	struct faulters faulters = { .pages = size->pages };
	double elapsed;
	int result = bench_create_world(&faulters.world, threads * size->pages);

	if (!result)
		result = bench_crew_run(&crew, threads, &faulters, &elapsed);
	if (result)
		return result;
	*fault = elapsed / (threads * size->pages);
	return bench_destroy_world(&faulters.world);
}

const struct bench_world bench_simulated = {
	.name = "vmsim",
	.faults_and_munmap = faults_and_munmap,
	.shared_fault = shared_fault,
	.flush_call = flush_call,
	.faults_by = faults_by,
	.fork = bench_simulated_fork,
	.hold = bench_simulated_hold,
};
