// SPDX-License-Identifier: GPL-2.0-only
#include "explore/open_states.h"
#include <stdlib.h>

#define FIRST_CAPACITY 1024

static size_t *bucket_of(const struct open_states *open, struct image_key key)
{
	return &open->bucket[key.lo & (open->capacity - 1)];
}

static void link_state(struct open_states *open, size_t place)
{
	struct open_state *state = &open->state[place];
	size_t *bucket = bucket_of(open, state->key);

	state->next = *bucket;
	*bucket = place + 1;
}

static void grow(struct open_states *open)
{
	open->capacity = open->capacity ? 2 * open->capacity : FIRST_CAPACITY;
	free(open->bucket);
	open->bucket = calloc(open->capacity, sizeof(*open->bucket));
	open->state = realloc(open->state, open->capacity * sizeof(*open->state));
	if (!open->bucket || !open->state)
		abort();
	for (size_t place = 0; place < open->n; place++)
		link_state(open, place);
}

size_t open_states_push(struct open_states *open, struct image_key key)
{
	size_t place;

	if (open->n == open->capacity)
		grow(open);
	place = open->n++;
	open->state[place].key = key;
	link_state(open, place);
	return place;
}

size_t open_states_find(const struct open_states *open, struct image_key key)
{
	size_t at = open->n ? *bucket_of(open, key) : 0;

	while (at && (open->state[at - 1].key.lo != key.lo || open->state[at - 1].key.hi != key.hi))
		at = open->state[at - 1].next;
	return at ? at - 1 : NOT_OPEN;
}

/* The youngest of all is the youngest of its bucket. */
void open_states_close(struct open_states *open, size_t place)
{
	while (open->n > place) {
		const struct open_state *state = &open->state[--open->n];

		*bucket_of(open, state->key) = state->next;
	}
}

void open_states_free(struct open_states *open)
{
	free(open->state);
	free(open->bucket);
	*open = (struct open_states) { 0 };
}
