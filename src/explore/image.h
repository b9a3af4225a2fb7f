/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_IMAGE_H
#define VMSIM_IMAGE_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * DOC: A copy of memory that knows what changed
 *
 * An image follows a range of memory in chunks. image_scan() finds chunks that differ from the
 * copy, whoever wrote them, brings the copy up to date and keeps what was there before in a log; so
 * no write can be forgotten, a checkpoint is a position in the log, and going back is as cheap as
 * what happened since was small. The hash of the whole is the sum of the hashes of its chunks, of
 * which only those that changed are computed. Memory that was never scanned counts as zeroes, and
 * chunks of zeroes count as nothing: so parts that grow and shrink need no bookkeeping.
 */

#define IMAGE_CHUNK 128

struct image;

/* A hash: 128 bits, so that 10^9 states have the same one with a probability of 10^-21. */
struct image_key {
	uint64_t lo, hi;
};

/* Follows @size bytes at @memory, both multiples of IMAGE_CHUNK. NULL: no memory. */
struct image *image_create(char *memory, size_t size);
void image_destroy(struct image *image);

/* Bytes whose changes are followed, but are no part of the hash. False: no memory. */
bool image_exclude(struct image *image, const void *at, size_t size);

/* Looks for changes in [@from, @to); they are rounded to chunks. */
void image_scan(struct image *image, const void *from, const void *to);

struct image_key image_key(const struct image *image);

/* The position in the log; going back to one, in memory, too. */
size_t image_mark(const struct image *image);
void image_rollback(struct image *image, size_t mark);
/* Forgets what was before now: marks become 0. */
void image_settle(struct image *image);

/**
 * struct image_changes - who wants to know of changes
 * @wants: of those in the chunk at an offset
 * @word: four bytes there are not what they were
 */
struct image_changes {
	bool (*wants)(const struct image_changes *changes, size_t chunk);
	void (*word)(struct image_changes *changes, size_t offset);
};

/*
 * Tells of what is not what it was at @mark, bytes left out of the hash excepted. A word that
 * changed twice may be told of twice.
 */
void image_each_change(const struct image *image, size_t mark, struct image_changes *changes);
/* The hash of [@from, @to) alone. */
uint64_t image_part_key(const struct image *image, const void *from, const void *to);

/* Bytes that the log takes. */
size_t image_log_size(const struct image *image);

#endif
