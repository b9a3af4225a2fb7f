// SPDX-License-Identifier: GPL-2.0-only
#include "host.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static double timed_writes(char *base, size_t pages)
{
	double start = bench_cpu_time();

	bench_host_write(base, pages);
	return (bench_cpu_time() - start) / pages;
}

/* Waits until the parent has written, and tells how long its own writes took. */
static void be_child(int from_parent, int to_parent, char *base, size_t pages)
{
	double reuse;
	char word;

	if (read(from_parent, &word, 1) == 1 && base) {
		reuse = timed_writes(base, pages);
		if (write(to_parent, &reuse, sizeof(reuse)) != sizeof(reuse))
			_exit(1);
	}
	_exit(0);
}

/* fork() of the process as it is: the processor time of the call. */
static pid_t timed_fork(const int *down, const int *up, char *base, size_t pages, double *elapsed)
{
	double start = bench_cpu_time();
	pid_t pid = fork();

	if (!pid)
		be_child(down[0], up[1], base, pages);
	*elapsed = bench_cpu_time() - start;
	return pid;
}

static int end_child(pid_t pid, int down)
{
	int status, result = write(down, "!", 1) == 1 ? 0 : -errno;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return result || !status ? result : -EIO;
}

/* The parent writes first, which copies; the child is left alone with its pages. */
static int time_forks(const int *down, const int *up, size_t pages, struct bench_fork *times)
{
	double empty, full;
	pid_t pid = timed_fork(down, up, NULL, 0, &empty);
	int result = pid < 0 ? -errno : end_child(pid, down[1]);
	char *base = result ? NULL : bench_host_map(pages);

	if (!base)
		return result ? result : -errno;
	bench_host_write(base, pages);
	pid = timed_fork(down, up, base, pages, &full);
	if (pid < 0)
		return -errno;
	times->fork = (full - empty) / pages;
	times->copy = timed_writes(base, pages);
	result = end_child(pid, down[1]);
	if (!result && read(up[0], &times->reuse, sizeof(times->reuse)) != sizeof(times->reuse))
		result = -EIO;
	munmap(base, pages * BENCH_PAGE);
	return result;
}

int bench_host_fork(const struct bench_size *size, struct bench_fork *times)
{
	int down[2], up[2], result;

	if (pipe(down))
		return -errno;
	if (pipe(up)) {
		result = -errno;
	} else {
		result = time_forks(down, up, size->pages, times);
		close(up[0]);
		close(up[1]);
	}
	close(down[0]);
	close(down[1]);
	return result;
}
