/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_BOUND_H
#define VMSIM_BOUND_H

#include "explore/image.h"
#include "explore/session.h"

/*
 * A bound on preemptions makes more of a state than the world: what is left of the bound, and who
 * has the CPU, and so goes on for nothing.
 *
 * Not all of these need a visit. With more left, whatever somebody else can do from there is
 * possible, too: to take over from another thread costs one. With as much left, nobody having the
 * CPU is as good as anybody.
 */
struct allowance {
	unsigned int left;
	unsigned int last;	/* an actor, or NOBODY */
};

#define NOBODY MAX_ACTORS

/*
 * The best allowances that a state was seen with: those that have the most left. Plain data, of
 * which zeroes are none.
 */
struct allowances {
	uint32_t lasts : MAX_ACTORS + 1;	/* a bit for each */
	uint32_t left : 32 - (MAX_ACTORS + 1);
};

#define MOST_LEFT ((1u << (32 - (MAX_ACTORS + 1))) - 1)

/* True if nothing among @seen is as good as @one, which then belongs to them. */
static inline bool allowances_add(struct allowances *seen, struct allowance one)
{
	if (seen->lasts && seen->left > one.left)
		return false;
	if (seen->lasts && seen->left == one.left && seen->lasts & (1u << one.last | 1u << NOBODY))
		return false;
	if (seen->left != one.left)
		seen->lasts = 0;
	seen->left = one.left;
	seen->lasts |= 1u << one.last;
	return true;
}

/* One of @seen that is as good as @one. */
static inline struct allowance allowances_for(struct allowances seen, struct allowance one)
{
	bool itself = seen.left == one.left && seen.lasts >> one.last & 1;

	return itself ? one : (struct allowance) {
		.left = seen.left,
		.last = seen.lasts >> NOBODY & 1 ? NOBODY : (unsigned int)__builtin_ctz(seen.lasts),
	};
}

/* What tells the world of @key with one allowance from the same with another. */
static inline struct image_key key_within(struct image_key key, struct allowance allowance)
{
	uint64_t which = (uint64_t)allowance.left * (NOBODY + 1) + allowance.last + 1;

	return (struct image_key) {
		key.lo ^ which * UINT64_C(0x9e3779b97f4a7c15),
		key.hi ^ which * UINT64_C(0xd1342543de82ef95),
	};
}

#endif
