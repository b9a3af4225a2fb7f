// SPDX-License-Identifier: GPL-2.0-only
#include "check/race.h"

/*
 * The last accesses to each eight bytes. One is forgotten when another one comes that is ordered
 * behind it, covers its bytes and conflicts with at least as much: whatever races with the first
 * races with the second.
 */

#define CELL 8
#define RECORDS_AT_ONCE 64

static struct race_record *record_new(struct vmsim_checker *chk)
{
	struct chk_races *races = chk->races;
	struct race_record *record = races->spare;

	if (!record) {
		struct race_record *more = chk_alloc(chk, RECORDS_AT_ONCE * sizeof(*more));

		for (unsigned int i = 0; more && i < RECORDS_AT_ONCE; i++) {
			more[i].next = record;
			record = &more[i];
		}
	}
	if (record)
		races->spare = record->next;
	return record;
}

static void record_free(struct chk_races *races, struct race_record *record)
{
	record->next = races->spare;
	races->spare = record;
}

static bool is_ordered(const struct race_record *before, const struct race_actor *actor)
{
	return before->epoch <= actor->clock[before->actor];
}

/* KCSAN's strict rules: marked accesses never race with each other. */
static bool conflict(const struct race_record *before, const struct race_access *access, u8 mask)
{
	return (before->mask & mask) && (before->write || access->write) &&
	       !(before->marked && access->marked);
}

static bool covers(const struct race_access *access, u8 mask, const struct race_record *before)
{
	return !(before->mask & ~mask) && access->write >= before->write &&
	       access->marked <= before->marked;
}

static bool is_same(const struct race_record *before, const struct race_record *now)
{
	return before->actor == now->actor && before->epoch == now->epoch &&
	       before->mask == now->mask && before->write == now->write &&
	       before->marked == now->marked;
}

/* Judges @access to the bytes @mask of a cell; true: it is there already. */
static bool judge(struct vmsim_checker *chk, const struct race_access *access, u8 mask,
		  struct race_record **list, const struct race_record *now)
{
	/* What was added last, and nothing since: it has been judged. */
	if (*list && is_same(*list, now))
		return true;
	while (*list) {
		struct race_record *before = *list;
		bool ordered = is_ordered(before, access->actor);

		if (!ordered && conflict(before, access, mask))
			race_report(chk, access, before);
		if (ordered && covers(access, mask, before)) {
			*list = before->next;
			record_free(chk->races, before);
			continue;
		}
		list = &before->next;
	}
	return false;
}

static void cell_access(struct vmsim_checker *chk, const struct race_access *access, u64 cell,
			u8 mask)
{
	struct chk_races *races = chk->races;
	unsigned int index = race_index(races, access->actor);
	struct race_record *list = chk_map_get(&races->cells, cell), *record;
	struct race_record now = {
		.ip = access->ip,
		.epoch = access->actor->clock[index],
		.actor = (u16)index,
		.mask = mask,
		.write = access->write,
		.marked = access->marked,
		.freed = access->freed,
	};

	if (judge(chk, access, mask, &list, &now))
		return;
	record = record_new(chk);
	if (!record)
		return;
	*record = now;
	record->next = list;
	if (!chk_map_put(&races->cells, cell, record))
		chk_out_of_memory(chk);
}

/* The bytes of a cell that lie in [@start, @end). */
static u8 cell_mask(u64 cell, u64 start, u64 end)
{
	unsigned int from = start > cell * CELL ? (unsigned int)(start - cell * CELL) : 0;
	unsigned int to = end < (cell + 1) * CELL ? (unsigned int)(end - cell * CELL) : CELL;

	return (u8)((0xff << from) & (0xff >> (CELL - to)));
}

void race_access(struct vmsim_checker *chk, const struct race_access *access)
{
	u64 end = access->addr + access->size;

	for (u64 cell = access->addr / CELL; cell * CELL < end; cell++)
		cell_access(chk, access, cell, cell_mask(cell, access->addr, end));
}

void race_forget(struct vmsim_checker *chk, u64 addr, size_t size)
{
	struct chk_races *races = chk->races;

	for (u64 cell = addr / CELL; cell * CELL < addr + size; cell++) {
		struct race_record *list = chk_map_remove(&races->cells, cell);

		while (list) {
			struct race_record *next = list->next;

			record_free(races, list);
			list = next;
		}
	}
}
