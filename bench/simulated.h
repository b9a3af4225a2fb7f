/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_BENCH_SIMULATED_H
#define VMSIM_BENCH_SIMULATED_H

#include "bench.h"
#include <vmsim/vmsim.h>

/* A native machine with 4 KiB contents, and a process. */
struct world {
	struct vmsim_machine *machine;
	int pid;
};

/* Room for @pages pages, and for what else there must be. */
int bench_create_world(struct world *world, size_t pages);
int bench_destroy_world(struct world *world);
int bench_map_anonymous(size_t pages, unsigned long *base);
int bench_write_each_page(unsigned long base, size_t pages);

int bench_simulated_fork(const struct bench_size *size, struct bench_fork *times);
int bench_simulated_hold(const struct bench_size *size, struct bench_hold *times);

#endif
