// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"
#include <search.h>
#include <stdlib.h>
#include <string.h>

/*
 * With overrides a variant may have no place: what it replaces, they define themselves, and call without
 * asking the library. Such variants are left out, and counted.
 */

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void remember(const char *name, void *data)
{
	void **names = data;
	char *copy;

	if (tfind(name, names, compare))
		return;
	copy = strdup(name);
	if (!copy || !tsearch(copy, names, compare))
		exit(CLI_FAILED);
}

void check_override_add(struct check_input *input, const char *path)
{
	char *checked = cli_checked_override(path);

	if (input->nr_overrides == CLI_MAX_OVERRIDES)
		cli_bad_usage("--override: more than %d files", CLI_MAX_OVERRIDES);
	input->overrides[input->nr_overrides++] = checked;
	if (!cli_visit_functions(checked, remember, &input->overriding))
		cli_bad_usage("%s: cannot read its symbols", path);
}

void check_override_free(struct check_input *input)
{
	for (unsigned int i = 0; i < input->nr_overrides; i++)
		free((void *)input->overrides[i]);
	tdestroy(input->overriding, free);
}

void check_leave_out_add(struct check_input *input, const char *name)
{
	const char *slash = strchr(name, '/');
	char *scenario = slash ? strndup(name, (size_t)(slash - name)) : NULL;

	if (!scenario || !cli_find_variant(cli_find_scenario(scenario), slash + 1))
		cli_bad_usage("--leave-out: %s: expected SCENARIO/VARIANT", name);
	if (input->nr_leave_out == CHECK_LEFT_OUT_MAX)
		cli_bad_usage("--leave-out: more than %d variants", CHECK_LEFT_OUT_MAX);
	input->leave_out[input->nr_leave_out++] = name;
	free(scenario);
}

static bool is_named(const struct check_input *input, const struct vmsim_scenario *scenario,
		     const struct vmsim_variant *variant)
{
	size_t length = strlen(scenario->name);

	for (unsigned int i = 0; i < input->nr_leave_out; i++)
		if (!strncmp(input->leave_out[i], scenario->name, length) &&
		    input->leave_out[i][length] == '/' &&
		    !strcmp(input->leave_out[i] + length + 1, variant->name))
			return true;
	return false;
}

struct search {
	void *const *overriding;
	char found[128];
};

static void look_for(const char *name, void *data)
{
	struct search *search = data;

	if (!search->found[0] && tfind(name, search->overriding, compare) &&
	    cli_is_replaceable(name))
		snprintf(search->found, sizeof(search->found), "%s", name);
}

static void leave_out(struct check *check, const struct vmsim_scenario *scenario,
		      const struct vmsim_variant *variant, const char *function)
{
	json_array_append_new(check->left_out, json_pack("{s:s, s:s, s:s?}", "scenario",
							 scenario->name, "variant", variant->name,
							 "function", function));
}

bool check_is_left_out(struct check *check, const struct vmsim_scenario *scenario,
		       const struct vmsim_variant *variant)
{
	struct search search = { .overriding = &check->input->overriding };

	if (is_named(check->input, scenario, variant)) {
		leave_out(check, scenario, variant, NULL);
		return true;
	}
	if (!check->input->nr_overrides || variant->builtin)
		return false;
	if (variant->part_of)
		look_for(variant->part_of, &search);
	cli_visit_functions(cli_variant_path(scenario, variant, VMSIM_GRANULARITY_SYNC), look_for,
			    &search);
	if (search.found[0])
		leave_out(check, scenario, variant, search.found);
	return search.found[0];
}

void check_override_print(const struct check *check)
{
	size_t i;
	json_t *entry;

	if (!check->input->nr_overrides && !check->input->nr_leave_out)
		return;
	json_array_foreach(check->left_out, i, entry) {
		const char *function = json_string_value(json_object_get(entry, "function"));

		printf("left out: %s %s, ", json_string_value(json_object_get(entry, "scenario")),
		       json_string_value(json_object_get(entry, "variant")));
		if (function)
			printf("which replaces %s(), as the override does\n", function);
		else
			printf("as you said\n");
	}
	printf("variants left out: %zu\n", json_array_size(check->left_out));
}
