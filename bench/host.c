// SPDX-License-Identifier: GPL-2.0-only
/* The same work by system calls on the host's kernel. */
#include "host.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define RW (PROT_READ | PROT_WRITE)

char *bench_host_map(size_t pages)
{
	char *base = mmap(NULL, pages * BENCH_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	/* The simulated machine has small pages only. */
	madvise(base, pages * BENCH_PAGE, MADV_NOHUGEPAGE);
	return base;
}

void bench_host_write(char *base, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		*(volatile uint64_t *)(base + i * BENCH_PAGE) = i;
}

static int faults_and_munmap(const struct bench_size *size, double *fault, double *unmap)
{
	char *base = bench_host_map(size->pages);
	double start, written;

	if (!base)
		return -errno;
	start = bench_now();
	bench_host_write(base, size->pages);
	written = bench_now();
	munmap(base, size->pages * BENCH_PAGE);
	*unmap = (bench_now() - written) / size->pages;
	*fault = (written - start) / size->pages;
	return 0;
}

/* A file that has no name any more, on the file system of $TMPDIR or /var/tmp. */
static int open_file(void)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/vmsim-bench-XXXXXX", folder ? folder : "/var/tmp");
	fd = mkstemp(path);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

static int time_shared_mapping(int fd, size_t pages, double *fault)
{
	size_t length = pages * BENCH_PAGE;
	char *base = mmap(NULL, length, RW, MAP_SHARED, fd, 0);
	double start;
	int result = 0;

	if (base == MAP_FAILED)
		return -errno;
	madvise(base, length, MADV_NOHUGEPAGE);
	start = bench_now();
	bench_host_write(base, pages);
	*fault = (bench_now() - start) / pages;
	munmap(base, length);
	if (fsync(fd))
		result = -errno;
	return result;
}

/* The first mapping fills the page cache; it is clean again when the second one is made. */
static int shared_fault(const struct bench_size *size, double *fault)
{
	int fd = open_file();
	int result;

	if (fd < 0)
		return fd;
	result = ftruncate(fd, (off_t)(size->pages * BENCH_PAGE)) ? -errno : 0;
	for (int pass = 0; pass < 2 && !result; pass++)
		result = time_shared_mapping(fd, size->pages, fault);
	close(fd);
	return result;
}

struct poller {
	const volatile uint64_t *word;
	int running, stop;
};

static void *poll_remotely(void *arg)
{
	struct poller *poller = arg;

	__atomic_store_n(&poller->running, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&poller->stop, __ATOMIC_ACQUIRE))
		(void)*poller->word;
	return NULL;
}

static void time_flush_calls(char *page, size_t calls, double *call)
{
	double start = bench_now();

	for (size_t i = 0; i < calls; i++) {
		*(volatile uint64_t *)page = i;
		madvise(page, BENCH_PAGE, MADV_DONTNEED);
	}
	*call = (bench_now() - start) / calls;
}

static int flush_call(const struct bench_size *size, bool remote, double *call)
{
	char *base = bench_host_map(2);
	struct poller poller = { .running = 0 };
	pthread_t thread;
	int result;

	if (!base)
		return -errno;
	bench_host_write(base, 2);
	poller.word = (const volatile uint64_t *)(base + BENCH_PAGE);
	if (remote) {
		result = -pthread_create(&thread, NULL, poll_remotely, &poller);
		if (result)
			return result;
		while (!__atomic_load_n(&poller.running, __ATOMIC_ACQUIRE))
			sched_yield();
	}
	time_flush_calls(base, size->calls, call);
	if (remote) {
		__atomic_store_n(&poller.stop, 1, __ATOMIC_RELEASE);
		pthread_join(thread, NULL);
	}
	munmap(base, 2 * BENCH_PAGE);
	return 0;
}

struct faulters {
	size_t pages;
	char *base[BENCH_MAX_THREADS];
};

static int prepare_faults(void *arg, unsigned int index)
{
	struct faulters *faulters = arg;

	faulters->base[index] = bench_host_map(faulters->pages);
	return faulters->base[index] ? 0 : -ENOMEM;
}

static int take_faults(void *arg, unsigned int index)
{
	struct faulters *faulters = arg;

	bench_host_write(faulters->base[index], faulters->pages);
	return 0;
}

static void unmap(void *arg, unsigned int index)
{
	struct faulters *faulters = arg;

	if (faulters->base[index])
		munmap(faulters->base[index], faulters->pages * BENCH_PAGE);
}

static int faults_by(const struct bench_size *size, unsigned int threads, double *fault)
{
	static const struct bench_crew crew = { prepare_faults, take_faults, unmap };
	struct faulters faulters = { .pages = size->pages };
	double elapsed;
	int result = bench_crew_run(&crew, threads, &faulters, &elapsed);

	*fault = elapsed / (threads * size->pages);
	return result;
}

const struct bench_world bench_host = {
	.name = "host",
	.faults_and_munmap = faults_and_munmap,
	.shared_fault = shared_fault,
	.flush_call = flush_call,
	.faults_by = faults_by,
	.fork = bench_host_fork,
	.hold = bench_host_hold,
};
