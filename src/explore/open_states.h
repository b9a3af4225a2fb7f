/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_OPEN_STATES_H
#define VMSIM_OPEN_STATES_H

#include "explore/image.h"

/*
 * States of which it is not known yet whether they lie on a cycle with others: a stack, in the
 * order in which they were found, with a way to ask where a state is (Tarjan, Depth-first search
 * and linear graph algorithms, 1972).
 */
struct open_states {
	struct open_state {
		struct image_key key;
		size_t next;		/* older one in the same bucket, from 1; 0: none */
	} *state;
	size_t n, capacity;
	size_t *bucket;			/* the youngest there, from 1; 0: none */
};

#define NOT_OPEN ((size_t)-1)

/* @key is not open. The result is its place. */
size_t open_states_push(struct open_states *open, struct image_key key);
/* The place of @key, or NOT_OPEN. */
size_t open_states_find(const struct open_states *open, struct image_key key);
/* Closes the state at @place and all that were found after it. */
void open_states_close(struct open_states *open, size_t place);
void open_states_free(struct open_states *open);

#endif
