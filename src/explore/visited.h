/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_VISITED_H
#define VMSIM_VISITED_H

#include "explore/bound.h"
#include "explore/search_file.h"

/*
 * The states that a search has seen. Up to @limit bytes it keeps their hashes, 128 bits each; from
 * there on a few bits for each state: then a new state may be taken for one that was seen, with
 * the probability that visited_omission() tells.
 */
struct visited;

/* @bounded: states have allowances, which takes a quarter more. */
struct visited *visited_create(size_t limit, bool bounded);
void visited_destroy(struct visited *visited);

/*
 * True if @key is new, or was not seen with an allowance as good as this one. Else @allowance
 * becomes one that it was seen with, and that is as good. Without a bound it stays what it is.
 */
bool visited_add(struct visited *visited, struct image_key key, struct allowance *allowance);

/* How many different keys there are; where they are no longer kept, how often one was new. */
uint64_t visited_count(const struct visited *visited);
/* False when states may have been taken for others. */
bool visited_exact(const struct visited *visited);
/* The probability that the next new state is taken for one that was seen; 0 while exact. */
double visited_omission(const struct visited *visited);

/* Into a file, and back into one that was just created. False: it is damaged, or no memory. */
void visited_save(const struct visited *visited, struct search_file *file);
bool visited_load(struct visited *visited, struct search_file *file);

#endif
