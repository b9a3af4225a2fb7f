/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_BENCH_HOST_H
#define VMSIM_BENCH_HOST_H

#include "bench.h"

/* Anonymous memory of small pages; NULL with errno. */
char *bench_host_map(size_t pages);
void bench_host_write(char *base, size_t pages);

int bench_host_fork(const struct bench_size *size, struct bench_fork *times);
int bench_host_hold(const struct bench_size *size, struct bench_hold *times);

#endif
