/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_OUTCOMES_H
#define TEST_OUTCOMES_H

#include "../outcome_set.h"
#include <stdio.h>

struct vmsim_explorer;

/* What can come out of a scenario: final states, rules that break, each under its hash. */
struct outcomes {
	struct outcome_set all;
	struct outcome_text {
		uint64_t outcome;
		char text[48];
	} broken[16];			/* those that are violations: oracle and rule */
	unsigned int nr_broken;
};

void outcomes_clear(struct outcomes *o);
/* What the last execution came to; nothing if it was abandoned. */
void outcomes_add_execution(struct outcomes *o, const struct vmsim_explorer *x);
/* Those of @a that are not among those of @b, in words. */
void outcomes_print_missing(const struct outcomes *a, const struct outcomes *b, FILE *out);

#endif
