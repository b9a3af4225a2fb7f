// SPDX-License-Identifier: GPL-2.0-only
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "explore/grow.h"
#include "explore/image.h"
#include "explore/sanitize.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* One chunk as it was. */
struct log_entry {
	uint64_t chunk;
	struct image_key hash;
	char old[IMAGE_CHUNK];
};

struct exclusion {
	size_t at, size;
};

/**
 * struct image - see image.h
 * @copy: of the memory, at the same offsets
 * @hash: of each chunk
 * @masked: bit per chunk: it has excluded bytes
 */
struct image {
	char *memory, *copy;
	size_t size, chunks;
	struct image_key *hash;
	uint64_t *masked;
	struct exclusion *exclusion;
	unsigned int exclusions;
	struct image_key key;
	struct log_entry *log;
	size_t logged, log_capacity;
};

/* Address space; what is never touched costs nothing. */
static void *reserve(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void give_back(void *at, size_t size)
{
	if (at)
		munmap(at, size);
}

static size_t masked_size(const struct image *image)
{
	return (image->chunks / 64 + 1) * sizeof(uint64_t);
}

struct image *image_create(char *memory, size_t size)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return NULL;
	image->memory = memory;
	image->size = size;
	image->chunks = size / IMAGE_CHUNK;
	image->copy = reserve(size);
	image->hash = reserve(image->chunks * sizeof(*image->hash));
	image->masked = reserve(masked_size(image));
	if (image->copy && image->hash && image->masked)
		return image;
	image_destroy(image);
	return NULL;
}

void image_destroy(struct image *image)
{
	if (!image)
		return;
	give_back(image->copy, image->size);
	give_back(image->hash, image->chunks * sizeof(*image->hash));
	give_back(image->masked, masked_size(image));
	free(image->exclusion);
	free(image->log);
	free(image);
}

bool image_exclude(struct image *image, const void *at, size_t size)
{
	size_t start = (size_t)((const char *)at - image->memory);
	struct exclusion *grown = realloc(image->exclusion,
					  (image->exclusions + 1) * sizeof(*grown));

	if (!grown)
		return false;
	image->exclusion = grown;
	grown[image->exclusions++] = (struct exclusion) { start, size };
	for (size_t chunk = start / IMAGE_CHUNK; chunk * IMAGE_CHUNK < start + size; chunk++)
		image->masked[chunk / 64] |= 1ULL << chunk % 64;
	return true;
}

typedef uint64_t wide __attribute__((vector_size(32)));

/* Two chunks, of which the first may be part of a stack. */
static inline NO_SANITIZE bool differs(const char *memory, const char *copy)
{
	const wide *a = (const void *)memory, *b = (const void *)copy;
	wide difference = (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]);

	return difference[0] | difference[1] | difference[2] | difference[3];
}

static NO_SANITIZE void copy_chunk(char *to, const char *from)
{
	raw_copy(to, from, IMAGE_CHUNK);
}

static NO_SANITIZE bool is_zero(const char *chunk)
{
	const uint64_t *word = (const void *)chunk;
	uint64_t any = 0;

	for (unsigned int i = 0; i < IMAGE_CHUNK / sizeof(uint64_t); i++)
		any |= word[i];
	return !any;
}

static NO_SANITIZE struct image_key hash_bytes(const char *chunk, size_t number)
{
	XXH128_hash_t hash;

	if (is_zero(chunk))
		return (struct image_key) { 0 };
	hash = XXH3_128bits_withSeed(chunk, IMAGE_CHUNK, number);
	return (struct image_key) { hash.low64, hash.high64 };
}

static struct image_key hash_masked(const struct image *image, size_t number)
{
	size_t start = number * IMAGE_CHUNK;
	char chunk[IMAGE_CHUNK];

	memcpy(chunk, image->copy + start, sizeof(chunk));
	for (unsigned int i = 0; i < image->exclusions; i++) {
		const struct exclusion *hole = &image->exclusion[i];
		size_t from = hole->at > start ? hole->at - start : 0;
		size_t to = hole->at + hole->size > start ? hole->at + hole->size - start : 0;

		if (to > sizeof(chunk))
			to = sizeof(chunk);
		if (from < to)
			memset(chunk + from, 0, to - from);
	}
	return hash_bytes(chunk, number);
}

static struct image_key hash_of(const struct image *image, size_t number)
{
	if (image->masked[number / 64] >> number % 64 & 1)
		return hash_masked(image, number);
	return hash_bytes(image->copy + number * IMAGE_CHUNK, number);
}

static void replace_hash(struct image *image, size_t number, struct image_key hash)
{
	image->key.lo += hash.lo - image->hash[number].lo;
	image->key.hi += hash.hi - image->hash[number].hi;
	image->hash[number] = hash;
}

static struct log_entry *log_room(struct image *image)
{
	GROW(image->log, image->log_capacity, image->logged + 1);
	return &image->log[image->logged++];
}

static void chunk_changed(struct image *image, size_t number)
{
	struct log_entry *entry = log_room(image);
	char *copy = image->copy + number * IMAGE_CHUNK;

	entry->chunk = number;
	entry->hash = image->hash[number];
	memcpy(entry->old, copy, IMAGE_CHUNK);
	copy_chunk(copy, image->memory + number * IMAGE_CHUNK);
	replace_hash(image, number, hash_of(image, number));
}

static size_t first_chunk(const struct image *image, const void *from)
{
	return (size_t)((const char *)from - image->memory) / IMAGE_CHUNK;
}

static size_t end_chunk(const struct image *image, const void *to)
{
	return ((size_t)((const char *)to - image->memory) + IMAGE_CHUNK - 1) / IMAGE_CHUNK;
}

/* Most of what is looked at has not changed: so many chunks are compared at once. */
#define CHUNKS_AT_ONCE 16

static NO_SANITIZE void scan_chunks(struct image *image, size_t first, size_t end)
{
	for (size_t number = first; number < end; number++)
		if (differs(image->memory + number * IMAGE_CHUNK,
			    image->copy + number * IMAGE_CHUNK))
			chunk_changed(image, number);
}

NO_SANITIZE void image_scan(struct image *image, const void *from, const void *to)
{
	size_t end = end_chunk(image, to), next;

	for (size_t number = first_chunk(image, from); number < end; number = next) {
		size_t at = number * IMAGE_CHUNK;

		next = number + CHUNKS_AT_ONCE < end ? number + CHUNKS_AT_ONCE : end;
		if (!raw_same(image->memory + at, image->copy + at, (next - number) * IMAGE_CHUNK))
			scan_chunks(image, number, next);
	}
}

struct image_key image_key(const struct image *image)
{
	return image->key;
}

size_t image_mark(const struct image *image)
{
	return image->logged;
}

void image_rollback(struct image *image, size_t mark)
{
	while (image->logged > mark) {
		const struct log_entry *entry = &image->log[--image->logged];
		size_t at = entry->chunk * IMAGE_CHUNK;

		memcpy(image->copy + at, entry->old, IMAGE_CHUNK);
		copy_chunk(image->memory + at, entry->old);
		replace_hash(image, entry->chunk, entry->hash);
	}
}

void image_settle(struct image *image)
{
	image->logged = 0;
}

static bool is_excluded(const struct image *image, size_t at)
{
	for (unsigned int i = 0; i < image->exclusions; i++)
		if (at - image->exclusion[i].at < image->exclusion[i].size)
			return true;
	return false;
}

static NO_SANITIZE void each_word_changed(const struct image *image, const struct log_entry *entry,
					  struct image_changes *changes)
{
	size_t start = entry->chunk * IMAGE_CHUNK;
	bool masked = image->masked[entry->chunk / 64] >> entry->chunk % 64 & 1;

	for (size_t at = 0; at < IMAGE_CHUNK; at += sizeof(uint32_t))
		if (memcmp(entry->old + at, image->copy + start + at, sizeof(uint32_t)) &&
		    !(masked && is_excluded(image, start + at)))
			changes->word(changes, start + at);
}

void image_each_change(const struct image *image, size_t mark, struct image_changes *changes)
{
	for (size_t i = mark; i < image->logged; i++)
		if (changes->wants(changes, image->log[i].chunk * IMAGE_CHUNK))
			each_word_changed(image, &image->log[i], changes);
}

uint64_t image_part_key(const struct image *image, const void *from, const void *to)
{
	size_t end = end_chunk(image, to);
	uint64_t key = 0;

	for (size_t number = first_chunk(image, from); number < end; number++)
		key += image->hash[number].lo;
	return key;
}

size_t image_log_size(const struct image *image)
{
	return image->logged * sizeof(*image->log);
}
