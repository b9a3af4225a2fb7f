// SPDX-License-Identifier: GPL-2.0-only
#include "bench.h"
#include <atomic_ops.h>
#include <time.h>

#define RMW_COUNT 2000000

static double read_clock(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

double bench_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

double bench_cpu_time(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

double bench_atomic_rmw(void)
{
	volatile AO_t counter = 0;
	double start = bench_cpu_time();

	for (unsigned int i = 0; i < RMW_COUNT; i++)
		AO_fetch_and_add_full(&counter, 1);
	return (bench_cpu_time() - start) / RMW_COUNT;
}
