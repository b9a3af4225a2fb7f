// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"
#include <string.h>

/* What runs complain of is not shown when they end well; that they reached a stub must not be silent. */

static void add(json_t *stubs, const char *name)
{
	size_t i;
	json_t *entry;

	json_array_foreach(stubs, i, entry) {
		if (!strcmp(json_string_value(entry), name))
			return;
	}
	json_array_append_new(stubs, json_string(name));
}

void check_stubs_read(struct check *check, struct check_job *job)
{
	char line[512], name[128];
	int end;

	rewind(job->err);
	while (fgets(line, sizeof(line), job->err)) {
		end = 0;
		if (sscanf(line, "vmsim: %127[A-Za-z0-9_]() was called, which is a stub%n", name,
			   &end) == 1 && end)
			add(check->stubs, name);
	}
}

void check_stubs_print(const struct check *check)
{
	size_t i;
	json_t *entry;

	json_array_foreach(check->stubs, i, entry)
		printf("stub reached: %s()\n", json_string_value(entry));
}
