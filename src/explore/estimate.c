// SPDX-License-Identifier: GPL-2.0-only
#include "explore/estimate.h"

/* What fewer places say is no rule. */
#define PLACES_ENOUGH 8

void growth_begin(struct growth *growth, uint64_t seen)
{
	*growth = (struct growth) { .first = seen, .branch = seen };
}

static uint64_t larger(const struct growth *growth, uint64_t seen)
{
	uint64_t last = seen - growth->branch;

	return last > growth->largest ? last : growth->largest;
}

void growth_branch(struct growth *growth, uint64_t seen)
{
	growth->largest = larger(growth, seen);
	growth->branch = seen;
	growth->branches++;
}

static unsigned int size_of(double largest)
{
	if (largest < 2)
		return 0;
	if (largest >= 0x1p63)
		return ESTIMATE_SIZES - 1;
	return 63 - (unsigned int)__builtin_clzll((uint64_t)largest);
}

void estimate_learn(struct estimate *estimate, const struct growth *growth, uint64_t seen)
{
	uint64_t largest = larger(growth, seen);
	uint64_t others = seen - growth->first - largest;
	struct estimate_size *size;

	if (growth->branches < 2)
		return;
	largest += !largest;
	size = &estimate->size[size_of((double)largest)];
	size->largest += (double)largest * (growth->branches - 1);
	size->others += (double)others;
	size->places++;
}

/* Of what is larger than all so far no more is known than of those. */
static double part_of_others(const struct estimate *estimate, double largest)
{
	unsigned int at = size_of(largest);

	while (at && estimate->size[at].places < PLACES_ENOUGH)
		at--;
	return estimate->size[at].places ? estimate->size[at].others / estimate->size[at].largest :
					   1;
}

/* More than can be counted is as good as any such number. */
#define TOO_MUCH 1e18

double estimate_from(const struct estimate *estimate, const struct growth *growth, uint64_t left,
		     double below)
{
	double largest = below > (double)growth->largest ? below : (double)growth->largest;
	double before = (double)(growth->branch - growth->first);
	double all;

	if (largest < 1)
		largest = 1;
	all = 1 + before + below +
	      (double)left * largest * part_of_others(estimate, largest);
	return all < TOO_MUCH ? all : TOO_MUCH;
}
