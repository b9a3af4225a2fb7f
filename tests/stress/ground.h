/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STRESS_GROUND_H
#define STRESS_GROUND_H

#include <vmsim/vmsim.h>

/* What native stress tests stand on: a machine, whose use is counted before and after. */

/**
 * struct ground - a machine and what was in use of it at first
 * @observer: a process without threads and mappings; first and last of all
 * @failures: how often failed() was called
 */
struct ground {
	struct vmsim_machine *machine;
	int observer;
	struct vmsim_stats before;
	unsigned int failures;
};

int ground_begin(struct ground *ground, const struct vmsim_config *config, uint64_t oracles);
/* When nobody runs and all other processes and files are gone: is everything given back? */
void ground_end(struct ground *ground);
/* When nobody runs: are all counts right? */
void ground_recount(struct ground *ground, const char *when);
/* The first ones are printed. */
void failed(struct ground *ground, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

double now(void);
/* VMSIM_STRESS_SECONDS. */
double stress_seconds(double by_default);
unsigned int pick(uint64_t *random, unsigned int limit);

#endif
