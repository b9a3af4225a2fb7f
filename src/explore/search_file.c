// SPDX-License-Identifier: GPL-2.0-only
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "explore/search_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char first_line[] = "vmsim-search 1\n";
#define FIRST_LINE (sizeof(first_line) - 1)
#define PART 65536

struct trailer {
	uint64_t length, sum;
};

/**
 * struct search_file - see search_file.h
 * @temporary: where it is written; NULL: it is read
 * @left: of one that is read, what was not got yet
 * @err: the first thing that went wrong
 */
struct search_file {
	char *path, *temporary;
	FILE *file;
	XXH3_state_t *sum;
	uint64_t length, left;
	int err;
};

static void destroy(struct search_file *file)
{
	if (file->file)
		fclose(file->file);
	XXH3_freeState(file->sum);
	free(file->path);
	free(file->temporary);
	free(file);
}

static void complain(char *error, size_t size, const char *path, const char *what)
{
	snprintf(error, size, "%s: %s", path, what);
}

static struct search_file *make(const char *path)
{
	struct search_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->path = strdup(path);
	file->sum = XXH3_createState();
	if (file->path && file->sum && XXH3_64bits_reset(file->sum) == XXH_OK)
		return file;
	destroy(file);
	return NULL;
}

/* Beside the other one, where a rename is possible. */
static void open_temporary(struct search_file *file)
{
	int fd;

	if (asprintf(&file->temporary, "%s.XXXXXX", file->path) < 0) {
		file->temporary = NULL;
		return;
	}
	fd = mkstemp(file->temporary);
	if (fd >= 0)
		file->file = fdopen(fd, "w");
}

struct search_file *search_file_create(const char *path, char *error, size_t size)
{
	struct search_file *file = make(path);

	if (file)
		open_temporary(file);
	if (file && file->file) {
		search_put(file, first_line, FIRST_LINE);
		return file;
	}
	complain(error, size, path, strerror(file ? errno : ENOMEM));
	if (file)
		destroy(file);
	return NULL;
}

static void put(struct search_file *file, const void *from, size_t size)
{
	if (!file->err && fwrite(from, 1, size, file->file) != size)
		file->err = errno ? errno : EIO;
}

void search_put(struct search_file *file, const void *from, size_t size)
{
	/* Of what is empty there may not even be an array. */
	if (!size)
		return;
	put(file, from, size);
	XXH3_64bits_update(file->sum, from, size);
	file->length += size;
}

/* On the disk, and then in its place. */
static void finish(struct search_file *file)
{
	if (!file->err && (fflush(file->file) || fsync(fileno(file->file))))
		file->err = errno;
	if (fclose(file->file) && !file->err)
		file->err = errno;
	file->file = NULL;
	if (!file->err && rename(file->temporary, file->path))
		file->err = errno;
	if (file->err)
		unlink(file->temporary);
}

int search_file_commit(struct search_file *file, char *error, size_t size)
{
	struct trailer trailer = { file->length, XXH3_64bits_digest(file->sum) };
	int err;

	put(file, &trailer, sizeof(trailer));
	finish(file);
	err = file->err;
	if (err)
		complain(error, size, file->path, strerror(err));
	destroy(file);
	return -err;
}

/* Reading. */

static const char *check_first_line(struct search_file *file)
{
	char line[FIRST_LINE];

	if (!search_get(file, line, sizeof(line)))
		return "not a saved search";
	if (!memcmp(line, first_line, FIRST_LINE))
		return NULL;
	if (!memcmp(line, first_line, sizeof("vmsim-search ") - 1))
		return "a saved search of another version";
	return "not a saved search";
}

/* Reads all but the trailer. False: less than @length is there. */
static bool add_up(struct search_file *file, uint64_t length)
{
	char part[PART];

	rewind(file->file);
	while (length) {
		size_t size = length < sizeof(part) ? (size_t)length : sizeof(part);

		if (fread(part, 1, size, file->file) != size)
			return false;
		XXH3_64bits_update(file->sum, part, size);
		length -= size;
	}
	return true;
}

static const char *check_sum(struct search_file *file)
{
	struct trailer trailer;

	if (!add_up(file, file->length) ||
	    fread(&trailer, 1, sizeof(trailer), file->file) != sizeof(trailer))
		return "cannot be read";
	if (trailer.length != file->length)
		return "cut off";
	if (trailer.sum != XXH3_64bits_digest(file->sum))
		return "damaged";
	rewind(file->file);
	return NULL;
}

static const char *check(struct search_file *file)
{
	const char *wrong;
	off_t end;

	file->file = fopen(file->path, "r");
	if (!file->file)
		return strerror(errno);
	if (fseeko(file->file, 0, SEEK_END) || (end = ftello(file->file)) < 0)
		return "not a file that can be read twice";
	rewind(file->file);
	file->left = (uint64_t)end;
	wrong = check_first_line(file);
	if (wrong)
		return wrong;
	if ((uint64_t)end < FIRST_LINE + sizeof(struct trailer))
		return "cut off";
	file->length = (uint64_t)end - sizeof(struct trailer);
	return check_sum(file);
}

struct search_file *search_file_open(const char *path, char *error, size_t size)
{
	struct search_file *file = make(path);
	const char *wrong = file ? check(file) : strerror(ENOMEM);
	char line[FIRST_LINE];

	if (wrong) {
		complain(error, size, path, wrong);
		if (file)
			destroy(file);
		return NULL;
	}
	file->left = file->length;
	search_get(file, line, sizeof(line));
	return file;
}

bool search_get(struct search_file *file, void *to, size_t size)
{
	if (file->err || file->left < size ||
	    (size && fread(to, 1, size, file->file) != size)) {
		file->err = EIO;
		return false;
	}
	file->left -= size;
	return true;
}

bool search_file_ended(const struct search_file *file)
{
	return !file->err && !file->left;
}

void search_file_close(struct search_file *file)
{
	destroy(file);
}
