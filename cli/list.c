// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <registry.h>
#include <stdio.h>
#include <string.h>

static json_t *words(const char *text)
{
	json_t *array = json_array();

	while (text && *text) {
		size_t length = strcspn(text, " ");

		if (length)
			json_array_append_new(array, json_stringn(text, length));
		text += length + (text[length] == ' ');
	}
	return array;
}

static json_t *variants_json(const struct vmsim_scenario *scenario)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < scenario->nr_variants; i++) {
		const struct vmsim_variant *variant = &scenario->variants[i];

		json_array_append_new(array, json_pack("{s:s, s:b, s:s}", "name", variant->name,
						       "builtin", variant->builtin, "source",
						       variant->source ? variant->source : ""));
	}
	return array;
}

static json_t *tlbs_json(unsigned int mask)
{
	json_t *array = json_array();

	for (int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++)
		if (mask >> tlb & 1)
			json_array_append_new(array,
					      json_string(vmsim_tlb_name((enum vmsim_tlb)tlb)));
	return array;
}

static json_t *models_json(unsigned int mask)
{
	json_t *array = json_array();

	for (int model = 0; model < VMSIM_MEMORY_COUNT; model++)
		if (mask >> model & 1)
			json_array_append_new(array, json_string(vmsim_memory_model_name(
							     (enum vmsim_memory_model)model)));
	return array;
}

static unsigned int models_of(const struct vmsim_verdict *verdict)
{
	return verdict->models ? verdict->models : VMSIM_MEMORY_BIT(SC);
}

static json_t *depth_json(const struct vmsim_verdict *verdict)
{
	return verdict->oracle ? json_integer(verdict->depth) : json_null();
}

static json_t *verdicts_json(const struct vmsim_scenario *scenario)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < scenario->nr_verdicts; i++) {
		const struct vmsim_verdict *verdict = &scenario->verdicts[i];

		json_array_append_new(array, json_pack(
			"{s:s, s:o, s:o, s:s?, s:o, s:s}", "variant", verdict->variant, "tlb",
			tlbs_json(verdict->tlb), "memory_models", models_json(models_of(verdict)),
			"oracle", verdict->oracle, "depth", depth_json(verdict), "why",
			verdict->why));
	}
	return array;
}

static json_t *threads_json(const struct vmsim_scenario *scenario)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < scenario->nr_threads; i++)
		json_array_append_new(array, json_pack("{s:s, s:i}", "name",
						       scenario->threads[i].name, "cpu",
						       (int)scenario->threads[i].cpu));
	return array;
}

static json_t *scenario_json(const struct vmsim_scenario *scenario)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "name", scenario->name, "summary",
			 scenario->summary, "seeds", words(scenario->seeds), "tags",
			 words(scenario->tags), "threads", threads_json(scenario), "variants",
			 variants_json(scenario), "verdicts", verdicts_json(scenario));
}

static json_t *all_json(void)
{
	json_t *scenarios = json_array();

	for (size_t i = 0; vmsim_scenarios[i]; i++)
		json_array_append_new(scenarios, scenario_json(vmsim_scenarios[i]));
	return json_pack("{s:o, s:o}", "scenarios", scenarios, "tlb", tlbs_json(VMSIM_ALL_TLBS));
}

/* "ipi, up" */
static void print_names(const json_t *names)
{
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name)
		printf("%s%s", i ? ", " : "", json_string_value(name));
}

/* Under which back-ends; under which memory models, where nothing is flushed. */
static void print_failures(const struct vmsim_scenario *scenario, const char *variant)
{
	for (unsigned int i = 0; i < scenario->nr_verdicts; i++) {
		const struct vmsim_verdict *verdict = &scenario->verdicts[i];
		json_t *where;

		if (!verdict->oracle || strcmp(verdict->variant, variant))
			continue;
		where = scenario->bare ? models_json(models_of(verdict)) : tlbs_json(verdict->tlb);
		printf("  %-20s fails with %d preemption%s (", "", verdict->depth,
		       verdict->depth == 1 ? "" : "s");
		print_names(where);
		puts(")");
		json_decref(where);
	}
}

static void print_scenario(const struct vmsim_scenario *scenario)
{
	printf("%s: %s\n", scenario->name, scenario->summary);
	printf("  seeds %s; tags %s\n", scenario->seeds ? scenario->seeds : "-",
	       scenario->tags ? scenario->tags : "-");
	for (unsigned int i = 0; i < scenario->nr_variants; i++) {
		const struct vmsim_variant *variant = &scenario->variants[i];

		printf("  %-20s %s%s\n", variant->name, variant->source ? variant->source : "",
		       variant->builtin ? " (built in)" : "");
		print_failures(scenario, variant->name);
	}
}

static int print_all(void)
{
	for (size_t i = 0; vmsim_scenarios[i]; i++)
		print_scenario(vmsim_scenarios[i]);
	printf("flush back-ends:");
	for (int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++)
		printf(" %s", vmsim_tlb_name((enum vmsim_tlb)tlb));
	putchar('\n');
	return CLI_OK;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	if (key == 'j')
		*json = true;
	else if (key == ARGP_KEY_ARG)
		cli_bad_usage("list: unexpected argument '%s'", arg);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

int cli_list(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", 'j', NULL, 0, "as JSON (docs/json.md)", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options, .parser = parse,
		.doc = "Lists scenarios, their variants, tags and seeds, and the flush back-ends.",
	};
	bool json = false;

	cli_parse_options(&argp, argc, argv, &json);
	return json ? cli_print_json(all_json()) : print_all();
}
