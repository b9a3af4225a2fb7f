// SPDX-License-Identifier: GPL-2.0-only
#include "outcomes.h"
#include "leavings.h"
#include "explore/session.h"
#include <string.h>

void outcomes_clear(struct outcomes *o)
{
	o->n = o->nr_broken = 0;
	o->full = false;
}

static unsigned int place_of(const struct outcomes *o, uint64_t outcome)
{
	unsigned int low = 0, high = o->n;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (o->at[middle] < outcome)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has(const struct outcomes *o, uint64_t outcome)
{
	unsigned int place = place_of(o, outcome);

	return place < o->n && o->at[place] == outcome;
}

static void add(struct outcomes *o, uint64_t outcome, const char *broken)
{
	unsigned int place = place_of(o, outcome);

	if (has(o, outcome))
		return;
	o->full |= o->n == MAX_OUTCOMES || o->nr_broken == 16;
	if (o->full)
		return;
	memmove(&o->at[place + 1], &o->at[place], (o->n - place) * sizeof(o->at[0]));
	o->at[place] = outcome;
	o->n++;
	if (!broken)
		return;
	o->broken[o->nr_broken].outcome = outcome;
	snprintf(o->broken[o->nr_broken++].text, sizeof(o->broken[0].text), "%s", broken);
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 14695981039346656037u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
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
			add(o, leavings, NULL);
		return;
	}
	snprintf(text, sizeof(text), "%s %s %.*s", violation->oracle, violation->rule,
		 !strcmp(violation->oracle, "O20") ? 8 : 0, violation->text);
	add(o, hash_text(text), text);
}

unsigned int outcomes_missing(const struct outcomes *a, const struct outcomes *b)
{
	unsigned int missing = 0;

	for (unsigned int i = 0; i < a->n; i++)
		missing += !has(b, a->at[i]);
	return missing;
}

void outcomes_print_missing(const struct outcomes *a, const struct outcomes *b, FILE *out)
{
	unsigned int states = outcomes_missing(a, b);

	for (unsigned int i = 0; i < a->nr_broken; i++) {
		if (has(b, a->broken[i].outcome))
			continue;
		fprintf(out, " %s,", a->broken[i].text);
		states--;
	}
	fprintf(out, " %u final states", states);
}
