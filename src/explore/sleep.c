// SPDX-License-Identifier: GPL-2.0-only
#include "explore/grow.h"
#include "explore/sleep.h"
#include "explore/step.h"
#include <stdlib.h>

/* More is not looked through again and again. */
#define MOST_ACCESSES 512

void sleep_free(struct sleep *sleep)
{
	free(sleep->doing);
	free(sleep->access);
}

struct sleepers sleep_first(struct sleep *sleep)
{
	sleep->n = sleep->accesses = 0;
	return (struct sleepers) { 0 };
}

void sleep_leave(struct sleep *sleep, const struct sleepers *sleepers)
{
	sleep->n = sleepers->first;
	sleep->accesses = sleepers->accesses;
}

bool sleep_has(const struct sleep *sleep, const struct sleepers *sleepers, struct candidate pick)
{
	for (size_t i = 0; i < sleepers->n; i++) {
		const struct candidate *sleeper = &sleep->doing[sleepers->first + i].pick;

		if (sleeper->kind == pick.kind && sleeper->id == pick.id)
			return true;
	}
	return false;
}

/* Who concerns whom. */

/* The same for a lock and for its word, which is looked at to see whether the lock is held. */
static unsigned int bit_of(const struct access *access)
{
	uint64_t hash = object_id(access->object) * UINT64_C(0x9e3779b97f4a7c15);

	return (unsigned int)(hash >> 56) % (SLEEP_WORDS * 64);
}

static bool has_bit(const uint64_t *bits, unsigned int bit)
{
	return bits[bit / 64] >> bit % 64 & 1;
}

static bool bits_meet(const uint64_t *a, const uint64_t *b)
{
	uint64_t common = 0;

	for (unsigned int i = 0; i < SLEEP_WORDS; i++)
		common |= a[i] & b[i];
	return common;
}

/* Which of two frames goes to whom is a difference between states. */
static bool both_take_frames(const struct access *a, const struct access *b)
{
	return a->object == object_name(OBJECT_FRAMES, 0) && b->object == a->object &&
	       a->mode == ACCESS_PART_WRITE && b->mode == ACCESS_PART_WRITE;
}

static bool access_concerns(const struct sleep *sleep, const struct access *access,
			    const struct doing *doing)
{
	for (size_t i = doing->first; i < doing->end; i++) {
		const struct access *other = &sleep->access[i];

		if (accesses_conflict(access, other) || both_take_frames(access, other))
			return true;
	}
	return false;
}

static bool accesses_concern(const struct sleep *sleep, const struct doing *a,
			     const struct doing *b)
{
	for (size_t i = a->first; i < a->end; i++) {
		const struct access *access = &sleep->access[i];

		if (has_bit(access_only_reads(access) ? b->changes : b->all, bit_of(access)) &&
		    access_concerns(sleep, access, b))
			return true;
	}
	return false;
}

static bool concerns(const struct sleep *sleep, const struct doing *a, const struct doing *b)
{
	if (!a->alone || !b->alone || a->actor == b->actor || a->cpu == b->cpu)
		return true;
	return (bits_meet(a->all, b->changes) || bits_meet(a->changes, b->all)) &&
	       accesses_concern(sleep, a, b);
}

/* The stacks. */

static void push(struct sleep *sleep, const struct doing *doing)
{
	GROW(sleep->doing, sleep->capacity, sleep->n + 1);
	sleep->doing[sleep->n++] = *doing;
}

struct sleepers sleep_after(struct sleep *sleep, const struct sleepers *before,
			    const struct doing *doing)
{
	struct sleepers after = { .first = sleep->n, .accesses = sleep->accesses };

	for (size_t i = 0; i < before->n; i++) {
		struct doing sleeper = sleep->doing[before->first + i];

		if (!concerns(sleep, &sleeper, doing))
			push(sleep, &sleeper);
	}
	after.n = sleep->n - after.first;
	return after;
}

static unsigned int cpu_of(const struct vmsim_explorer *x, struct candidate pick)
{
	return pick.kind == 't' ? x->actor[pick.id].cpu->id : pick.id;
}

static void add_access(struct sleep *sleep, struct doing *doing, const struct access *access)
{
	unsigned int bit = bit_of(access);

	sleep->access[sleep->accesses++] = *access;
	doing->all[bit / 64] |= 1ULL << bit % 64;
	if (!access_only_reads(access))
		doing->changes[bit / 64] |= 1ULL << bit % 64;
}

struct doing sleep_doing(struct sleep *sleep, const struct vmsim_explorer *x, struct candidate pick,
			 const struct access *at, size_t n)
{
	struct doing doing = {
		.pick = pick,
		.alone = n <= MOST_ACCESSES && (pick.kind == 't' || pick.kind == 'i'),
		.first = sleep->accesses,
	};

	if (doing.alone) {
		doing.actor = step_actor(x, &pick);
		doing.cpu = cpu_of(x, pick);
		GROW(sleep->access, sleep->access_capacity, sleep->accesses + n);
		for (size_t i = 0; i < n; i++)
			add_access(sleep, &doing, &at[i]);
	}
	doing.end = sleep->accesses;
	return doing;
}

void sleep_add(struct sleep *sleep, struct sleepers *sleepers, const struct doing *doing)
{
	if (!doing->alone) {
		sleep_forget(sleep, doing);
		return;
	}
	push(sleep, doing);
	sleepers->n++;
}

void sleep_forget(struct sleep *sleep, const struct doing *doing)
{
	sleep->accesses = doing->first;
}

void sleep_save(const struct sleep *sleep, struct search_file *file)
{
	search_put_u64(file, sleep->n);
	search_put(file, sleep->doing, sleep->n * sizeof(*sleep->doing));
	search_put_u64(file, sleep->accesses);
	search_put(file, sleep->access, sleep->accesses * sizeof(*sleep->access));
}

bool sleep_load(struct sleep *sleep, struct search_file *file)
{
	sleep->n = search_get_u64(file);
	GROW(sleep->doing, sleep->capacity, sleep->n);
	if (!search_get(file, sleep->doing, sleep->n * sizeof(*sleep->doing)))
		return false;
	sleep->accesses = search_get_u64(file);
	GROW(sleep->access, sleep->access_capacity, sleep->accesses);
	return search_get(file, sleep->access, sleep->accesses * sizeof(*sleep->access));
}
