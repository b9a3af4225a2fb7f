// SPDX-License-Identifier: GPL-2.0-only
#include "explore/visited.h"
#include <stdlib.h>
#include <sys/mman.h>

#define FIRST_SLOTS 4096
#define BITS_PER_STATE 3

/**
 * struct visited - see visited.h
 * @slot: open addressing; a key of zeroes is an empty slot
 * @allowances: under a bound, of the key in the same slot
 * @bits: instead of both, once they have become too large
 */
struct visited {
	struct image_key *slot;
	struct allowances *allowances;
	size_t slots;
	bool bounded;
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

/* The old ones are forgotten. False: no memory, or more than @visited may use. */
static bool make_slots(struct visited *visited, size_t slots)
{
	visited->slots = slots;
	visited->slot = pages(slots * sizeof(*visited->slot));
	visited->allowances = NULL;
	if (visited->slot && visited->bounded)
		visited->allowances = pages(slots * sizeof(*visited->allowances));
	return visited->slot && !visited->bounded == !visited->allowances;
}

static void free_slots(const struct visited *visited)
{
	if (visited->slot)
		munmap(visited->slot, visited->slots * sizeof(*visited->slot));
	if (visited->allowances)
		munmap(visited->allowances, visited->slots * sizeof(*visited->allowances));
}

static size_t slot_size(const struct visited *visited)
{
	return sizeof(*visited->slot) + (visited->bounded ? sizeof(*visited->allowances) : 0);
}

struct visited *visited_create(size_t limit, bool bounded)
{
	struct visited *visited = calloc(1, sizeof(*visited));

	if (!visited)
		return NULL;
	visited->limit = limit;
	visited->bounded = bounded;
	if (make_slots(visited, FIRST_SLOTS))
		return visited;
	visited_destroy(visited);
	return NULL;
}

void visited_destroy(struct visited *visited)
{
	if (!visited)
		return;
	free_slots(visited);
	if (visited->bits)
		munmap(visited->bits, visited->nr_bits / 8);
	free(visited);
}

static bool is_empty(struct image_key key)
{
	return !(key.lo | key.hi);
}

/* Where @key is, or belongs. */
static size_t slot_of(const struct visited *visited, struct image_key key)
{
	for (size_t i = key.lo;; i++) {
		const struct image_key *slot = &visited->slot[i & (visited->slots - 1)];

		if ((slot->lo == key.lo && slot->hi == key.hi) || is_empty(*slot))
			return i & (visited->slots - 1);
	}
}

static bool slot_add(struct visited *visited, struct image_key key, struct allowance *allowance)
{
	size_t i = slot_of(visited, key);
	bool empty = is_empty(visited->slot[i]);

	visited->slot[i] = key;
	visited->count += empty;
	if (!visited->bounded)
		return empty;
	if (allowances_add(&visited->allowances[i], *allowance))
		return true;
	*allowance = allowances_for(visited->allowances[i], *allowance);
	return false;
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

/* Twice as many slots, with both tables there for a while. False: that would be too much. */
static bool grow(struct visited *visited)
{
	struct visited old = *visited;

	if (3 * old.slots * slot_size(visited) > visited->limit)
		return false;
	if (!make_slots(visited, 2 * old.slots)) {
		free_slots(visited);
		*visited = old;
		return false;
	}
	for (size_t i = 0; i < old.slots; i++) {
		size_t to;

		if (is_empty(old.slot[i]))
			continue;
		to = slot_of(visited, old.slot[i]);
		visited->slot[to] = old.slot[i];
		if (visited->bounded)
			visited->allowances[to] = old.allowances[i];
	}
	free_slots(&old);
	return true;
}

static bool must_grow(const struct visited *visited)
{
	return (visited->count + 1) * 4 > visited->slots * 3;
}

static void slot_to_bits(struct visited *visited, size_t i)
{
	struct allowances seen;

	if (!visited->bounded) {
		bits_add(visited, visited->slot[i]);
		return;
	}
	seen = visited->allowances[i];
	for (unsigned int left = seen.lasts; left; left &= left - 1) {
		struct allowance one = { seen.left, (unsigned int)__builtin_ctz(left) };

		bits_add(visited, key_within(visited->slot[i], one));
	}
}

/* The largest power of two of bits that fits beside the table. */
static void turn_to_bits(struct visited *visited)
{
	size_t size = visited->slots * slot_size(visited);
	size_t bytes = 4096;

	while (2 * bytes + size <= visited->limit)
		bytes *= 2;
	visited->bits = pages(bytes);
	if (!visited->bits)
		abort();
	visited->nr_bits = bytes * 8;
	for (size_t i = 0; i < visited->slots; i++)
		if (!is_empty(visited->slot[i]))
			slot_to_bits(visited, i);
	free_slots(visited);
	visited->slot = NULL;
	visited->allowances = NULL;
}

bool visited_add(struct visited *visited, struct image_key key, struct allowance *allowance)
{
	bool new;

	if (is_empty(key))
		key.lo = 1;
	if (visited->slot && must_grow(visited) && !grow(visited))
		turn_to_bits(visited);
	if (visited->slot)
		return slot_add(visited, key, allowance);
	new = bits_add(visited, visited->bounded ? key_within(key, *allowance) : key);
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

static void save_slots(const struct visited *visited, struct search_file *file)
{
	for (size_t i = 0; i < visited->slots; i++) {
		if (is_empty(visited->slot[i]))
			continue;
		search_put(file, &visited->slot[i], sizeof(visited->slot[i]));
		if (visited->bounded)
			search_put(file, &visited->allowances[i], sizeof(visited->allowances[i]));
	}
}

/* The number of bits is 0 where states are kept. */
void visited_save(const struct visited *visited, struct search_file *file)
{
	search_put_u64(file, visited->bits ? visited->nr_bits : 0);
	search_put_u64(file, visited->count);
	search_put_u64(file, visited->bits_set);
	if (visited->bits)
		search_put(file, visited->bits, visited->nr_bits / 8);
	else
		save_slots(visited, file);
}

static bool load_slot(struct visited *visited, struct search_file *file)
{
	struct allowances seen;
	struct image_key key;
	size_t i;

	if (!search_get(file, &key, sizeof(key)) ||
	    (visited->bounded && !search_get(file, &seen, sizeof(seen))))
		return false;
	if (must_grow(visited) && !grow(visited))
		return false;
	i = slot_of(visited, key);
	visited->slot[i] = key;
	if (visited->bounded)
		visited->allowances[i] = seen;
	visited->count++;
	return true;
}

static bool load_bits(struct visited *visited, struct search_file *file, size_t nr_bits)
{
	visited->bits = pages(nr_bits / 8);
	if (!visited->bits)
		return false;
	visited->nr_bits = nr_bits;
	free_slots(visited);
	visited->slot = NULL;
	visited->allowances = NULL;
	return search_get(file, visited->bits, nr_bits / 8);
}

bool visited_load(struct visited *visited, struct search_file *file)
{
	uint64_t nr_bits = search_get_u64(file), count = search_get_u64(file);

	visited->bits_set = search_get_u64(file);
	if (nr_bits) {
		visited->count = count;
		return load_bits(visited, file, nr_bits);
	}
	while (visited->count < count)
		if (!load_slot(visited, file))
			return false;
	return true;
}
