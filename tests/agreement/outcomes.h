/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_OUTCOMES_H
#define TEST_OUTCOMES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct vmsim_explorer;

#define MAX_OUTCOMES 4096

/* What can come out of a scenario: final states, rules that break, each under its hash. */
struct outcomes {
	uint64_t at[MAX_OUTCOMES];	/* sorted */
	unsigned int n;
	struct outcome_text {
		uint64_t outcome;
		char text[48];
	} broken[16];			/* those that are violations: oracle and rule */
	unsigned int nr_broken;
	bool full;			/* there were more */
};

void outcomes_clear(struct outcomes *o);
/* What the last execution came to; nothing if it was abandoned. */
void outcomes_add_execution(struct outcomes *o, const struct vmsim_explorer *x);
/* How many of @a are not among those of @b. */
unsigned int outcomes_missing(const struct outcomes *a, const struct outcomes *b);
/* Those, in words. */
void outcomes_print_missing(const struct outcomes *a, const struct outcomes *b, FILE *out);

#endif
