/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CHECK_MAP_H
#define VMSIM_CHECK_MAP_H

#include <linux/types.h>

struct vmsim_machine;

/*
 * A hash table from 64-bit keys to pointers, in the machine's memory. Keys 0 and ~0 are reserved.
 * Its user serialises.
 */
struct chk_slot {
	u64 key;
	void *value;
};

struct chk_map {
	struct vmsim_machine *machine;
	struct chk_slot *slot;
	size_t size;		/* a power of two, or 0 */
	size_t used;		/* slots that are not empty, deleted ones included */
	size_t live;
};

void chk_map_init(struct chk_map *map, struct vmsim_machine *machine);
void *chk_map_get(const struct chk_map *map, u64 key);
/* False when there is no memory. Replaces an old value. */
bool chk_map_put(struct chk_map *map, u64 key, void *value);
/* Returns what was there, or NULL. */
void *chk_map_remove(struct chk_map *map, u64 key);
/* Calls @fn for every pair; @fn may remove that pair, and change no other. */
void chk_map_each(struct chk_map *map, void (*fn)(void *arg, u64 key, void *value), void *arg);

#endif
