// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"
#include <string.h>

/*
 * What runs complain of is not shown when they end well; that they reached a stub must not be
 * silent. What passes with a stub says nothing about the code that called it: unless somebody has
 * said that this one does not matter, it is a failure.
 */

void check_allow_stub_add(struct check_input *input, const char *name)
{
	if (input->nr_allowed_stubs == CHECK_STUBS_MAX)
		cli_bad_usage("--allow-stub: more than %d functions", CHECK_STUBS_MAX);
	input->allowed_stubs[input->nr_allowed_stubs++] = name;
}

static bool is_allowed(const struct check_input *input, const char *name)
{
	for (unsigned int i = 0; i < input->nr_allowed_stubs; i++)
		if (!strcmp(input->allowed_stubs[i], name))
			return true;
	return false;
}

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
		printf("stub reached: %s()%s\n", json_string_value(entry),
		       is_allowed(check->input, json_string_value(entry)) ? ", as you said" : "");
}

bool check_stubs_ok(const struct check *check)
{
	size_t i;
	json_t *entry;

	json_array_foreach(check->stubs, i, entry) {
		if (!is_allowed(check->input, json_string_value(entry)))
			return false;
	}
	return true;
}
