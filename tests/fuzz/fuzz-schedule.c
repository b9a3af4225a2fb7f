// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz.h"
#include <stdio.h>
#include <string.h>
#include <vmsim/vmsim.h>

/* A schedule that is accepted is written, in both forms, and reads back as the same text. */

typedef int (*writer)(const struct vmsim_scenario *scenario, const struct vmsim_schedule *schedule,
		      FILE *out);

static char *written(const struct vmsim_schedule *schedule, writer write, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	expect(out && write(NULL, schedule, out) == 0);
	if (write == vmsim_schedule_write_line)
		fputc('\n', out);
	fclose(out);
	return text;
}

static void round_trip(const struct vmsim_schedule *schedule, writer write)
{
	struct vmsim_schedule again;
	char *first, *second, error[128];
	size_t size, size_again;

	first = written(schedule, write, &size);
	expect(vmsim_schedule_parse(first, size, &again, error, sizeof(error)) == 0);
	second = written(&again, write, &size_again);
	expect(size == size_again && !memcmp(first, second, size));
	vmsim_schedule_free(&again);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "Writer" }, { .name = "Zapper" },
	};
	static const struct vmsim_scenario scenario = {
		.name = "lost-dirty", .threads = threads, .nr_threads = 2,
	};
	struct vmsim_schedule schedule;
	char error[128] = "";

	if (vmsim_schedule_parse((const char *)data, size, &schedule, error, sizeof(error))) {
		expect(!strncmp(error, "line ", 5) && !strchr(error, '\n'));
		return 0;
	}
	round_trip(&schedule, vmsim_schedule_write);
	round_trip(&schedule, vmsim_schedule_write_line);
	vmsim_schedule_bind(&scenario, &schedule, error, sizeof(error));
	vmsim_schedule_free(&schedule);
	return 0;
}
