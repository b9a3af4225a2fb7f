// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/*
 * mutate COUNT FILE...: feeds a fuzz target the files, and COUNT mutations of them, the same ones
 * every time. For suites that must not depend on luck, nor on clang.
 */

#define INPUT_MAX 65536

struct input {
	uint8_t *data;
	size_t size;
};

static uint64_t random_state = 1;

static uint64_t random_below(uint64_t n)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % n;
}

static struct input read_input(const char *path)
{
	struct input input = { .data = malloc(INPUT_MAX) };
	FILE *file = fopen(path, "rb");

	if (!file || !input.data) {
		fprintf(stderr, "mutate: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	input.size = fread(input.data, 1, INPUT_MAX, file);
	fclose(file);
	return input;
}

/* Changes of one place. Each takes and returns the size. */

static size_t flip_bit(uint8_t *data, size_t size)
{
	data[random_below(size)] ^= (uint8_t)(1u << random_below(8));
	return size;
}

static size_t set_byte(uint8_t *data, size_t size)
{
	static const uint8_t nasty[] = { 0, ' ', '\n', '0', '9', 'f', '-', '*', '#', 0x7f, 0xff };

	data[random_below(size)] = nasty[random_below(sizeof(nasty))];
	return size;
}

static size_t cut_off(uint8_t *data, size_t size)
{
	(void)data;
	return random_below(size) + 1;
}

static size_t remove_range(uint8_t *data, size_t size)
{
	size_t at = random_below(size), length = random_below(size - at < 64 ? size - at : 64);

	memmove(data + at, data + at + length, size - at - length);
	return size - length;
}

static size_t copy_range(uint8_t *data, size_t size)
{
	size_t length = random_below(size < 64 ? size : 64), from = random_below(size - length + 1);
	size_t to = random_below(size + 1);
	uint8_t piece[64];

	if (size + length > INPUT_MAX)
		return size;
	memcpy(piece, data + from, length);
	memmove(data + to + length, data + to, size - to);
	memcpy(data + to, piece, length);
	return size + length;
}

/* Lines are what texts consist of: one goes, or comes twice. */
static size_t remove_line(uint8_t *data, size_t size)
{
	uint8_t *at = memchr(data, '\n', size), *next;

	for (uint64_t skip = random_below(200); at && skip; skip--) {
		next = memchr(at + 1, '\n', size - (size_t)(at + 1 - data));
		if (!next)
			break;
		at = next;
	}
	next = at ? memchr(at + 1, '\n', size - (size_t)(at + 1 - data)) : NULL;
	if (!next)
		return size;
	memmove(at, next, size - (size_t)(next - data));
	return size - (size_t)(next - at);
}

static size_t grow_number(uint8_t *data, size_t size)
{
	size_t at = random_below(size);

	while (at < size && (data[at] < '0' || data[at] > '9'))
		at++;
	for (size_t n = random_below(20); at < size && n; n--, at++) {
		if (data[at] < '0' || data[at] > '9')
			break;
		data[at] = "0123456789ffffff"[random_below(16)];
	}
	return size;
}

static size_t (*const change[])(uint8_t *data, size_t size) = {
	flip_bit, set_byte, cut_off, remove_range, copy_range, remove_line, grow_number,
	grow_number,
};

static void run_mutation(const struct input *input, uint8_t *buffer)
{
	size_t size = input->size;
	uint8_t *exact;

	memcpy(buffer, input->data, size);
	for (uint64_t changes = 1 + random_below(4); size && changes; changes--)
		size = change[random_below(sizeof(change) / sizeof(change[0]))](buffer, size);
	/* Of exactly that size, so that a read behind it is noticed. */
	exact = malloc(size ? size : 1);
	expect(exact);
	memcpy(exact, buffer, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	uint8_t *buffer = malloc(2 * INPUT_MAX);
	int files = argc - 2;
	struct input *input;

	if (!count || !buffer) {
		fprintf(stderr, "usage: mutate COUNT FILE...\n");
		return 2;
	}
	input = calloc((size_t)files, sizeof(*input));
	expect(input);
	for (int i = 0; i < files; i++) {
		input[i] = read_input(argv[i + 2]);
		LLVMFuzzerTestOneInput(input[i].data, input[i].size);
	}
	for (unsigned long i = 0; i < count; i++)
		run_mutation(&input[random_below((uint64_t)files)], buffer);
	for (int i = 0; i < files; i++)
		free(input[i].data);
	free(input);
	free(buffer);
	printf("%d files, %lu mutations\n", files, count);
	return 0;
}
