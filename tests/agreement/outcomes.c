// SPDX-License-Identifier: GPL-2.0-only
#include "outcomes.h"
#include "leavings.h"
#include "explore/session.h"
#include <string.h>

void outcomes_clear(struct outcomes *o)
{
	o->all.n = o->nr_broken = 0;
	o->all.full = false;
}

static void add_broken(struct outcomes *o, const char *text)
{
	uint64_t outcome = outcome_of_text(text);

	if (!outcome_add(&o->all, outcome))
		return;
	if (o->nr_broken == ARRAY_SIZE(o->broken)) {
		o->all.full = true;
		return;
	}
	o->broken[o->nr_broken].outcome = outcome;
	snprintf(o->broken[o->nr_broken++].text, sizeof(o->broken[0].text), "%s", text);
}

/*
 * Which rule broke, not in which words: who is named in them depends on which of several steps
 * that know nothing of each other came first. Deadlocks and livelocks have the same oracle.
 */
void outcomes_add_execution(struct outcomes *o, const struct vmsim_explorer *x)
{
	const struct vmsim_violation *violation = &x->violation;
	char text[48];

	if (!x->failed) {
		if (!x->abandoned)
			outcome_add(&o->all, leavings);
		return;
	}
	snprintf(text, sizeof(text), "%s %s %.*s", violation->oracle, violation->rule,
		 !strcmp(violation->oracle, "O20") ? 8 : 0, violation->text);
	add_broken(o, text);
}

void outcomes_print_missing(const struct outcomes *a, const struct outcomes *b, FILE *out)
{
	unsigned int states = outcomes_missing(&a->all, &b->all);

	for (unsigned int i = 0; i < a->nr_broken; i++) {
		if (outcome_in(&b->all, a->broken[i].outcome))
			continue;
		fprintf(out, " %s,", a->broken[i].text);
		states--;
	}
	fprintf(out, " %u final states", states);
}
