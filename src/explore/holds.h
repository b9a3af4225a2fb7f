/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_HOLDS_H
#define VMSIM_HOLDS_H

#include "explore/footprint.h"
#include "explore/search_file.h"

/*
 * What an actor holds between two steps: locks, and a CPU on which interrupts are off or which it
 * may not leave. Sets of such things have numbers; 0 is the empty one. A set that would become too
 * large leaves the rest out: to hold less than one does is never wrong, only dear.
 */
#define HOLDS_MAX 12

struct holds {
	unsigned int n;
	struct hold {
		uint64_t object;
		bool shared;
	} at[HOLDS_MAX];
};

typedef uint16_t hold_set;

struct hold_sets {
	struct holds *set;
	size_t n, capacity;
	hold_set *slot;			/* by hash: numbers; 0: unused */
};

/* Zeroes become no sets but the empty one. False: no memory. */
bool holds_init(struct hold_sets *sets);
/* The number of a set. */
hold_set holds_number(struct hold_sets *sets, const struct holds *holds);
const struct holds *holds_get(const struct hold_sets *sets, hold_set number);
void holds_free(struct hold_sets *sets);
/* Into a file, and back, with the same numbers, where there are no sets yet. */
void holds_save(const struct hold_sets *sets, struct search_file *file);
bool holds_load(struct hold_sets *sets, struct search_file *file);

void holds_add(struct holds *holds, uint64_t object, bool shared);
void holds_remove(struct holds *holds, uint64_t object);
/* True if nobody can hold one of them while somebody else holds the other. */
bool holds_exclude(const struct holds *a, const struct holds *b);

#endif
