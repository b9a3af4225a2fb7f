// SPDX-License-Identifier: GPL-2.0-only
#include "bench.h"
#include <atomic_ops.h>
#include <time.h>

#define RMW_COUNT 2000000

double bench_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

double bench_atomic_rmw(void)
{
	volatile AO_t counter = 0;
	double start = bench_now();

	for (unsigned int i = 0; i < RMW_COUNT; i++)
		AO_fetch_and_add_full(&counter, 1);
	return (bench_now() - start) / RMW_COUNT;
}
