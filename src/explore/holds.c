// SPDX-License-Identifier: GPL-2.0-only
#include "explore/grow.h"
#include "explore/holds.h"
#include <stdlib.h>

static bool is_same(const struct holds *a, const struct holds *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned int i = 0; i < a->n; i++)
		if (a->at[i].object != b->at[i].object || a->at[i].shared != b->at[i].shared)
			return false;
	return true;
}

#define SLOTS (1u << 17)

static unsigned int hash(const struct holds *holds)
{
	uint64_t hash = 0;

	for (unsigned int i = 0; i < holds->n; i++)
		hash = (hash ^ holds->at[i].object ^ (uint64_t)holds->at[i].shared << 60) *
		       UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned int)(hash >> 32) % SLOTS;
}

bool holds_init(struct hold_sets *sets)
{
	GROW(sets->set, sets->capacity, 1);
	sets->set[0] = (struct holds) { 0 };
	sets->n = 1;
	sets->slot = calloc(SLOTS, sizeof(*sets->slot));
	return sets->slot;
}

hold_set holds_number(struct hold_sets *sets, const struct holds *holds)
{
	unsigned int at = hash(holds);

	if (!holds->n)
		return 0;
	for (; sets->slot[at]; at = (at + 1) % SLOTS)
		if (is_same(&sets->set[sets->slot[at]], holds))
			return sets->slot[at];
	/* As if it were empty: see above. */
	if (sets->n > (hold_set)-1)
		return 0;
	GROW(sets->set, sets->capacity, sets->n + 1);
	sets->set[sets->n] = *holds;
	sets->slot[at] = (hold_set)sets->n;
	return (hold_set)sets->n++;
}

const struct holds *holds_get(const struct hold_sets *sets, hold_set number)
{
	return &sets->set[number];
}

void holds_free(struct hold_sets *sets)
{
	free(sets->set);
	free(sets->slot);
	*sets = (struct hold_sets) { 0 };
}

void holds_save(const struct hold_sets *sets, struct search_file *file)
{
	search_put_u64(file, sets->n);
	search_put(file, sets->set, sets->n * sizeof(*sets->set));
}

bool holds_load(struct hold_sets *sets, struct search_file *file)
{
	uint64_t n = search_get_u64(file);
	struct holds holds;

	for (uint64_t number = 0; number < n; number++)
		if (!search_get(file, &holds, sizeof(holds)) ||
		    holds_number(sets, &holds) != number)
			return false;
	return n;
}

/* Sorted, so that the order in which things were taken makes no difference. */
void holds_add(struct holds *holds, uint64_t object, bool shared)
{
	unsigned int place = holds->n;

	if (holds->n == HOLDS_MAX)
		return;
	for (; place && holds->at[place - 1].object > object; place--)
		holds->at[place] = holds->at[place - 1];
	holds->at[place] = (struct hold) { object, shared };
	holds->n++;
}

void holds_remove(struct holds *holds, uint64_t object)
{
	for (unsigned int i = 0; i < holds->n; i++) {
		if (holds->at[i].object != object)
			continue;
		holds->n--;
		for (; i < holds->n; i++)
			holds->at[i] = holds->at[i + 1];
		return;
	}
}

bool holds_exclude(const struct holds *a, const struct holds *b)
{
	for (unsigned int i = 0; i < a->n; i++)
		for (unsigned int j = 0; j < b->n; j++)
			if (a->at[i].object == b->at[j].object &&
			    !(a->at[i].shared && b->at[j].shared))
				return true;
	return false;
}
