/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_SEARCH_FILE_H
#define VMSIM_SEARCH_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * DOC: Files of searches
 *
 * A file begins with a line that says what it is, and ends with its size and a checksum of all that
 * comes before. It is written beside the one that it replaces, and takes its place when it is whole
 * and on the disk. A file is read only after all of it has been checked, so what follows gets what
 * was put. It holds hashes of memory and addresses: another build, or the same one at other
 * addresses, has no use for it.
 */
struct search_file;

/* NULL: @error says why, as in the rest. What is put afterwards goes into @path, or nowhere. */
struct search_file *search_file_create(const char *path, char *error, size_t size);
void search_put(struct search_file *file, const void *from, size_t size);
/* 0 or -errno; in any case that was the end of it. */
int search_file_commit(struct search_file *file, char *error, size_t size);

/* NULL: it is not there, no such file, damaged or cut off. */
struct search_file *search_file_open(const char *path, char *error, size_t size);
/* False: there is not so much left, which a file of the same build cannot be. */
bool search_get(struct search_file *file, void *to, size_t size);
void search_file_close(struct search_file *file);

static inline void search_put_u64(struct search_file *file, uint64_t number)
{
	search_put(file, &number, sizeof(number));
}

static inline uint64_t search_get_u64(struct search_file *file)
{
	uint64_t number = 0;

	search_get(file, &number, sizeof(number));
	return number;
}

/* Of files that were left before their end: what was got last may not be what was put. */
bool search_file_ended(const struct search_file *file);

#endif
