/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_ESTIMATE_H
#define VMSIM_ESTIMATE_H

#include <stdint.h>

/*
 * How much is left of a depth-first search that sees everything once. What comes first is large,
 * since all that it shares with its siblings is new then; what comes later is small. By how much
 * smaller is learnt from the places that the search has left: what their other branches brought,
 * per branch, as a part of what the largest one did. Large branches share more than small ones, so
 * this is learnt for each size.
 */

/* A size is known up to a factor of two. */
#define ESTIMATE_SIZES 64
/* Before so much was seen, nothing is known. */
#define ESTIMATE_LEAST 1000

struct estimate {
	struct estimate_size {
		double largest, others;
		uint64_t places;
	} size[ESTIMATE_SIZES];
};

/**
 * struct growth - how much was new below a place on the way of the search
 * @first: how much had been seen when it was reached, itself included
 * @branch: ... when the present branch was begun
 * @largest: how much was new in the largest branch
 * @branches: how many were begun
 */
struct growth {
	uint64_t first, branch, largest;
	uint32_t branches;
};

/* @seen: what has been seen so far. The place was reached; another branch of it begins. */
void growth_begin(struct growth *growth, uint64_t seen);
void growth_branch(struct growth *growth, uint64_t seen);

/* The place is left: @growth is whole. */
void estimate_learn(struct estimate *estimate, const struct growth *growth, uint64_t seen);

/*
 * How much will be found from a place on, which has @left branches that were not begun, when there
 * will have been @below in the present one.
 */
double estimate_from(const struct estimate *estimate, const struct growth *growth, uint64_t left,
		     double below);

#endif
