// SPDX-License-Identifier: GPL-2.0-only
#include "check/map.h"
#include "machine/internal.h"

#define KEY_EMPTY 0
#define KEY_DELETED (~0ULL)
#define FIRST_SIZE 16

void chk_map_init(struct chk_map *map, struct vmsim_machine *machine)
{
	*map = (struct chk_map) { .machine = machine };
}

static size_t hash(u64 key)
{
	key ^= key >> 31;
	key *= 0x9e3779b97f4a7c15ULL;
	return (size_t)(key ^ key >> 29);
}

static struct chk_slot *find(const struct chk_map *map, u64 key)
{
	BUG_ON(key == KEY_EMPTY || key == KEY_DELETED);
	if (!map->size)
		return NULL;
	for (size_t i = hash(key);; i++) {
		struct chk_slot *slot = &map->slot[i & (map->size - 1)];

		if (slot->key == key)
			return slot;
		if (slot->key == KEY_EMPTY)
			return NULL;
	}
}

void *chk_map_get(const struct chk_map *map, u64 key)
{
	struct chk_slot *slot = find(map, key);

	return slot ? slot->value : NULL;
}

static void insert(struct chk_map *map, u64 key, void *value)
{
	size_t i = hash(key) & (map->size - 1);

	while (map->slot[i].key != KEY_EMPTY)
		i = (i + 1) & (map->size - 1);
	map->slot[i] = (struct chk_slot) { .key = key, .value = value };
	map->used++;
	map->live++;
}

/* Makes room for one more pair: deleted slots go, and the table grows where it is half full. */
static bool make_room(struct chk_map *map)
{
	struct chk_map old = *map;
	size_t size = old.size ? old.size : FIRST_SIZE;

	if (old.size && (old.used + 1) * 4 <= old.size * 3)
		return true;
	while (size < (old.live + 1) * 2)
		size *= 2;
	map->slot = vmsim_watcher_alloc(map->machine, size * sizeof(*map->slot));
	if (!map->slot) {
		map->slot = old.slot;
		return false;
	}
	map->size = size;
	map->used = map->live = 0;
	for (size_t i = 0; i < old.size; i++)
		if (old.slot[i].key != KEY_EMPTY && old.slot[i].key != KEY_DELETED)
			insert(map, old.slot[i].key, old.slot[i].value);
	vmsim_machine_free(map->machine, old.slot);
	return true;
}

bool chk_map_put(struct chk_map *map, u64 key, void *value)
{
	struct chk_slot *slot = find(map, key);

	if (slot) {
		slot->value = value;
		return true;
	}
	if (!make_room(map))
		return false;
	insert(map, key, value);
	return true;
}

void *chk_map_remove(struct chk_map *map, u64 key)
{
	struct chk_slot *slot = find(map, key);

	if (!slot)
		return NULL;
	/* Nobody looks for another one behind it. */
	if (map->slot[(size_t)(slot - map->slot + 1) & (map->size - 1)].key == KEY_EMPTY) {
		slot->key = KEY_EMPTY;
		map->used--;
	} else {
		slot->key = KEY_DELETED;
	}
	map->live--;
	return slot->value;
}

void chk_map_each(struct chk_map *map, void (*fn)(void *arg, u64 key, void *value), void *arg)
{
	for (size_t i = 0; i < map->size; i++)
		if (map->slot[i].key != KEY_EMPTY && map->slot[i].key != KEY_DELETED)
			fn(arg, map->slot[i].key, map->slot[i].value);
}
