/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TREES_RUN_H
#define TREES_RUN_H

#include "trees.h"
#include <sys/types.h>

/**
 * struct outcome - how a run ended; shared with the process that made it
 * @step: the operation under way, or the number of operations
 * @text: what is wrong; empty: nothing that was said
 */
struct outcome {
	unsigned int step;
	char text[512];
};

/**
 * struct list - operations of one run
 * @step: number of each in the seed's endless list
 * @as_6_1: what Linux 6.1 refuses is not asked for, what it does is expected
 * @log, @whole: a line for each step; the number of the one with the whole state
 */
struct list {
	u64 seed, oracles;
	bool as_6_1, log;
	unsigned int nr, whole;
	unsigned int *step;
};

/* Makes the run in a process of its own: what goes wrong there harms nobody. */
pid_t run_start(const struct list *list, struct outcome *outcome, bool loud);
/* After its end: true if nothing was wrong; else outcome->text says what. */
bool run_is_good(int status, struct outcome *outcome);

/* Leaves operations out as long as it still goes wrong (shrink.c). */
void run_shrink(struct list *list, struct outcome *outcome);

#endif
