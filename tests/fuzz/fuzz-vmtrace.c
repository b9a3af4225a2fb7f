// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz.h"
#include "trace/replay.h"
#include <stdio.h>
#include <string.h>

/*
 * A trace that is accepted is replayed, as far as it can be; one that is not says where and why.
 * Few mutations leave the counts at the end right, and nothing of a trace is replayed before all of
 * it has been read: what can be read of the input is replayed, too, with counts that fit.
 */

#define SIZE_MAX_REPLAYED 65536

static void replay(const void *data, size_t size)
{
	struct replay_source source = { .name = "trace", .data = data, .length = size };
	struct vmsim_disagreement list[4];
	struct vmsim_replay_stats stats;
	char error[256] = "";

	if (vmtrace_replay(&source, &stats, list, 4, error, sizeof(error))) {
		expect(!strncmp(error, "trace:", 6));
		return;
	}
	expect(stats.faults_agreed <= stats.faults);
	expect(stats.protection_faults <= stats.faults);
	expect(stats.copies + stats.reuses <= stats.protection_faults);
	expect(stats.anon_agreed <= stats.anon_steps && stats.file_agreed <= stats.file_steps);
}

struct readable {
	uint64_t lines;
	uint64_t exits;
};

static int read_event(void *arg, const struct vmtrace_event *event)
{
	struct readable *readable = arg;

	readable->lines = event->line;
	readable->exits += event->op == VMTRACE_EXIT;
	return 0;
}

/* Up to the last event that could be read, without its remarks. Returns the size. */
static size_t copy_readable(const char *text, size_t size, uint64_t lines, char *copy)
{
	const char *end = text + size;
	size_t length = 0;

	for (; lines; lines--) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		if (!newline)
			break;
		if (*text != '#') {
			memcpy(copy + length, text, (size_t)(newline + 1 - text));
			length += (size_t)(newline + 1 - text);
		}
		text = newline + 1;
	}
	return length;
}

static void replay_readable(const char *text, size_t size)
{
	struct readable readable = { 0 };
	char *copy = malloc(size + 64), error[256];
	size_t length;

	expect(copy);
	vmtrace_parse_memory("trace", text, size, read_event, &readable, error, sizeof(error));
	length = copy_readable(text, size, readable.lines, copy);
	length += (size_t)sprintf(copy + length, "# %llu exit\n",
				  (unsigned long long)readable.exits);
	replay(copy, length);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > SIZE_MAX_REPLAYED)
		return 0;
	replay(data, size);
	if (data[0] != 0x1f)
		replay_readable((const char *)data, size);
	return 0;
}
