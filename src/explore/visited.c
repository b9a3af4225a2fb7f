// SPDX-License-Identifier: GPL-2.0-only
#include "explore/visited.h"
#include <stdlib.h>
#include <sys/mman.h>

#define FIRST_SLOTS 4096
#define BITS_PER_STATE 3

/**
 * struct visited - see visited.h
 * @slot: open addressing; a key of zeroes is an empty slot
 * @bits: instead of @slot, once that has become too large
 */
struct visited {
	struct image_key *slot;
	size_t slots;
	uint64_t *bits;
	size_t nr_bits, bits_set;
	uint64_t count;
	size_t limit;
};

static void *pages(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

struct visited *visited_create(size_t limit)
{
	struct visited *visited = calloc(1, sizeof(*visited));

	if (!visited)
		return NULL;
	visited->limit = limit;
	visited->slots = FIRST_SLOTS;
	visited->slot = pages(visited->slots * sizeof(*visited->slot));
	if (visited->slot)
		return visited;
	free(visited);
	return NULL;
}

void visited_destroy(struct visited *visited)
{
	if (!visited)
		return;
	if (visited->slot)
		munmap(visited->slot, visited->slots * sizeof(*visited->slot));
	if (visited->bits)
		munmap(visited->bits, visited->nr_bits / 8);
	free(visited);
}

static bool is_empty(struct image_key key)
{
	return !(key.lo | key.hi);
}

static bool slot_add(struct visited *visited, struct image_key key)
{
	for (size_t i = key.lo;; i++) {
		struct image_key *slot = &visited->slot[i & (visited->slots - 1)];

		if (slot->lo == key.lo && slot->hi == key.hi)
			return false;
		if (!is_empty(*slot))
			continue;
		*slot = key;
		return true;
	}
}

static bool bits_add(struct visited *visited, struct image_key key)
{
	bool new = false;

	for (unsigned int i = 0; i < BITS_PER_STATE; i++) {
		size_t bit = (key.lo + i * (key.hi | 1)) & (visited->nr_bits - 1);

		if (visited->bits[bit / 64] >> bit % 64 & 1)
			continue;
		visited->bits[bit / 64] |= 1ULL << bit % 64;
		visited->bits_set++;
		new = true;
	}
	return new;
}

static void each_slot(struct visited *visited, const struct image_key *old, size_t slots,
		      bool (*add)(struct visited *visited, struct image_key key))
{
	for (size_t i = 0; i < slots; i++)
		if (!is_empty(old[i]))
			add(visited, old[i]);
}

/* Twice as many slots, with both tables there for a while. False: that would be too much. */
static bool grow(struct visited *visited)
{
	struct image_key *old = visited->slot;
	size_t slots = visited->slots;
	struct image_key *slot;

	if (3 * slots * sizeof(*slot) > visited->limit)
		return false;
	slot = pages(2 * slots * sizeof(*slot));
	if (!slot)
		return false;
	visited->slot = slot;
	visited->slots = 2 * slots;
	each_slot(visited, old, slots, slot_add);
	munmap(old, slots * sizeof(*old));
	return true;
}

/* The largest power of two of bits that fits beside the table. */
static void turn_to_bits(struct visited *visited)
{
	size_t size = visited->slots * sizeof(*visited->slot);
	size_t bytes = 4096;

	while (2 * bytes + size <= visited->limit)
		bytes *= 2;
	visited->bits = pages(bytes);
	if (!visited->bits)
		abort();
	visited->nr_bits = bytes * 8;
	each_slot(visited, visited->slot, visited->slots, bits_add);
	munmap(visited->slot, size);
	visited->slot = NULL;
}

bool visited_add(struct visited *visited, struct image_key key)
{
	bool new;

	if (is_empty(key))
		key.lo = 1;
	if (visited->slot && (visited->count + 1) * 4 > visited->slots * 3 && !grow(visited))
		turn_to_bits(visited);
	new = visited->slot ? slot_add(visited, key) : bits_add(visited, key);
	visited->count += new;
	return new;
}

uint64_t visited_count(const struct visited *visited)
{
	return visited->count;
}

bool visited_exact(const struct visited *visited)
{
	return visited->slot;
}

double visited_omission(const struct visited *visited)
{
	double full = visited->bits ? (double)visited->bits_set / (double)visited->nr_bits : 0;

	return full * full * full;
}
