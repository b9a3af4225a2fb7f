/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_VISITED_H
#define VMSIM_VISITED_H

#include "explore/image.h"

/*
 * The states that a search has seen. Up to @limit bytes it keeps their hashes, 128 bits each; from
 * there on a few bits for each state: then a new state may be taken for one that was seen, with
 * the probability that visited_omission() tells.
 */
struct visited;

struct visited *visited_create(size_t limit);
void visited_destroy(struct visited *visited);

/* True if @key is new. */
bool visited_add(struct visited *visited, struct image_key key);

uint64_t visited_count(const struct visited *visited);
/* False when states may have been taken for others. */
bool visited_exact(const struct visited *visited);
/* The probability that the next new state is taken for one that was seen; 0 while exact. */
double visited_omission(const struct visited *visited);

#endif
