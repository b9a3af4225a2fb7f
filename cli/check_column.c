// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

/*
 * The columns of a verdict table: flush back-ends, and memory models where a verdict names some. In
 * a bare scenario nothing is flushed, so that one back-end says it all.
 */

static unsigned int models_of(const struct vmsim_verdict *verdict)
{
	return verdict->models ? verdict->models : VMSIM_MEMORY_BIT(SC);
}

static unsigned int all_models_of(const struct vmsim_scenario *scenario)
{
	unsigned int models = 0;

	for (unsigned int i = 0; i < scenario->nr_verdicts; i++)
		models |= models_of(&scenario->verdicts[i]);
	return models;
}

static unsigned int backends_of(const struct vmsim_scenario *scenario)
{
	return scenario->bare ? 1u << scenario->config.tlb : VMSIM_ALL_TLBS;
}

unsigned int check_columns(const struct check_input *input, const struct vmsim_scenario *scenario,
			   struct check_column column[CHECK_COLUMNS_MAX])
{
	unsigned int models = all_models_of(scenario), n = 0;
	unsigned int tlbs = backends_of(scenario) & input->tlbs;

	for (int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++)
		for (int model = 0; model < VMSIM_MEMORY_COUNT; model++)
			if (tlbs >> tlb & 1 && models >> model & 1)
				column[n++] = (struct check_column) {
					(enum vmsim_tlb)tlb, (enum vmsim_memory_model)model };
	return n;
}

bool check_same_column(struct check_column a, struct check_column b)
{
	return a.tlb == b.tlb && a.model == b.model;
}

bool check_covers(const struct vmsim_verdict *verdict, struct check_column column)
{
	return verdict->tlb >> column.tlb & 1 && models_of(verdict) >> column.model & 1;
}

const char *check_column_name(const struct vmsim_scenario *scenario, struct check_column column,
			      char name[CHECK_COLUMN_NAME])
{
	const char *tlb = vmsim_tlb_name(column.tlb);
	const char *model = vmsim_memory_model_name(column.model);

	if (scenario->bare)
		return model;
	if (column.model == VMSIM_MEMORY_SC)
		return tlb;
	snprintf(name, CHECK_COLUMN_NAME, "%s, %s", tlb, model);
	return name;
}

static void print_column(const struct vmsim_scenario *scenario, struct check_column column)
{
	char name[CHECK_COLUMN_NAME];

	printf(" %-13s", check_column_name(scenario, column, name));
}

void check_print_header(const struct check_input *input, const struct vmsim_scenario *scenario)
{
	struct check_column column[CHECK_COLUMNS_MAX];
	unsigned int n = check_columns(input, scenario, column);

	printf("%-20s", scenario->name);
	for (unsigned int i = 0; i < n; i++)
		print_column(scenario, column[i]);
}
