// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <string.h>

/* What two runs must have in common to be parts of one (docs/json.md), and back. */

static const char *const model_name[] = {
	[VMSIM_MEMORY_SC] = "sc", [VMSIM_MEMORY_TSO] = "tso", [VMSIM_MEMORY_PSO] = "pso",
};

static const char *const granularity_name[] = {
	[VMSIM_GRANULARITY_SYNC] = "sync", [VMSIM_GRANULARITY_FULL] = "full",
};

static json_t *bound_json(unsigned int preemptions)
{
	return preemptions == VMSIM_UNBOUNDED ? json_null() : json_integer(preemptions);
}

json_t *cli_options_json(const struct cli_execution *execution)
{
	const struct vmsim_explore_options *options = &execution->options;
	json_t *overrides = json_array();

	for (unsigned int i = 0; i < execution->nr_overrides; i++)
		json_array_append_new(overrides, json_string(execution->overrides[i]));
	return json_pack("{s:I, s:i, s:I, s:o, s:s, s:s, s:i, s:I, s:i, s:b, s:I, s:o}",
			 "executions", (json_int_t)options->executions,
			 "depth", (int)options->pct_depth,
			 "step_limit", (json_int_t)options->step_limit,
			 "preemptions", bound_json(options->preemptions),
			 "memory_model", model_name[options->memory_model],
			 "granularity", granularity_name[options->granularity],
			 "ask", (int)options->ask,
			 "oracles", (json_int_t)options->oracles,
			 "faulty_nth", (int)options->faulty_nth,
			 "keep_going", options->keep_going,
			 "time_limit_ms", (json_int_t)options->time_limit_ms,
			 "overrides", overrides);
}

static int index_of(const char *const *names, size_t n, const json_t *name)
{
	for (size_t i = 0; i < n; i++)
		if (json_is_string(name) && !strcmp(names[i], json_string_value(name)))
			return (int)i;
	return -1;
}

bool cli_options_from_json(const json_t *json, struct vmsim_explore_options *options)
{
	const json_t *bound = json_object_get(json, "preemptions");
	int model = index_of(model_name, 3, json_object_get(json, "memory_model"));
	int granularity = index_of(granularity_name, 2, json_object_get(json, "granularity"));
	json_int_t executions, step_limit, oracles, time_limit;
	int depth, keep_going, nth, ask;

	if (model < 0 || granularity < 0 || !bound ||
	    json_unpack((json_t *)json, "{s:I, s:i, s:I, s:i, s:I, s:i, s:b, s:I}", "executions",
			&executions, "depth", &depth, "step_limit", &step_limit, "ask", &ask,
			"oracles", &oracles, "faulty_nth", &nth, "keep_going", &keep_going,
			"time_limit_ms", &time_limit))
		return false;
	options->executions = (uint64_t)executions;
	options->pct_depth = (unsigned int)depth;
	options->step_limit = (uint64_t)step_limit;
	options->ask = (unsigned int)ask;
	options->oracles = (uint64_t)oracles;
	options->faulty_nth = (unsigned int)nth;
	options->keep_going = keep_going;
	options->time_limit_ms = (uint64_t)time_limit;
	options->memory_model = (enum vmsim_memory_model)model;
	options->granularity = (enum vmsim_granularity)granularity;
	options->preemptions = json_is_null(bound) ? VMSIM_UNBOUNDED :
		(unsigned int)json_integer_value(bound);
	return true;
}
