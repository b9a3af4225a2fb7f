/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_OUTCOME_SET_H
#define TEST_OUTCOME_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MAX_OUTCOMES 4096

/* What can come of a program or a scenario: hashes, in order. */
struct outcome_set {
	uint64_t at[MAX_OUTCOMES];
	unsigned int n;
	bool full;	/* there were more */
};

static inline unsigned int outcome_place(const struct outcome_set *set, uint64_t outcome)
{
	unsigned int low = 0, high = set->n;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (set->at[middle] < outcome)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline bool outcome_in(const struct outcome_set *set, uint64_t outcome)
{
	unsigned int place = outcome_place(set, outcome);

	return place < set->n && set->at[place] == outcome;
}

/* True if it is new. */
static inline bool outcome_add(struct outcome_set *set, uint64_t outcome)
{
	unsigned int place = outcome_place(set, outcome);

	if (outcome_in(set, outcome))
		return false;
	if (set->n == MAX_OUTCOMES) {
		set->full = true;
		return false;
	}
	memmove(&set->at[place + 1], &set->at[place], (set->n - place) * sizeof(set->at[0]));
	set->at[place] = outcome;
	set->n++;
	return true;
}

/* How many of @a are not in @b. */
static inline unsigned int outcomes_missing(const struct outcome_set *a,
					    const struct outcome_set *b)
{
	unsigned int missing = 0;

	for (unsigned int i = 0; i < a->n; i++)
		missing += !outcome_in(b, a->at[i]);
	return missing;
}

static inline uint64_t outcome_of_text(const char *text)
{
	uint64_t hash = 14695981039346656037u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

#endif
