// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What run, explore and replay do once their options are known. */

static const char *variant_name(const struct cli_execution *execution)
{
	return execution->variant ? execution->variant->name : "";
}

/* The variant's object comes last: what the user brings replaces the variant, too. */
static void load(struct cli_execution *execution)
{
	unsigned int n = execution->nr_overrides;

	if (execution->variant && !execution->variant->builtin)
		execution->overrides[n++] = cli_variant_path(execution->scenario,
							     execution->variant);
	execution->overrides[n] = NULL;
	if (n)
		cli_load_overrides(execution->overrides);
}

/* Runs @print into a string that the caller frees; NULL when there is no memory. */
static char *printed(const struct cli_execution *execution, const struct vmsim_result *result,
		     void (*print)(const struct cli_execution *execution,
				   const struct vmsim_result *result, FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print(execution, result, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static void print_schedule(const struct cli_execution *execution, const struct vmsim_result *result,
			   FILE *out)
{
	vmsim_schedule_write(execution->scenario, &result->schedule, out);
}

static void print_timeline(const struct cli_execution *execution, const struct vmsim_result *result,
			   FILE *out)
{
	vmsim_timeline_print(execution->scenario, result, execution->full, out);
}

static json_t *violation_json(const struct vmsim_result *result)
{
	const struct vmsim_violation *violation = &result->violation;

	if (!result->violated)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:I, s:i, s:i}", "oracle", violation->oracle, "rule",
			 violation->rule, "text", violation->text, "step",
			 (json_int_t)violation->step, "cpu", violation->cpu, "tid", violation->tid);
}

static json_t *text_json(char *text)
{
	json_t *json = text ? json_string(text) : json_null();

	free(text);
	return json;
}

static json_t *result_json(const struct cli_execution *execution, const struct vmsim_result *result)
{
	const struct vmsim_explore_options *options = &execution->options;
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:o, s:o}",
				 "scenario", execution->scenario->name,
				 "variant", variant_name(execution),
				 "tlb", vmsim_tlb_name(options->tlb),
				 "strategy", vmsim_strategy_name(options->strategy),
				 "seed", (json_int_t)options->seed,
				 "executions", (json_int_t)result->executions,
				 "failures", (json_int_t)result->failures,
				 "decisions", (json_int_t)result->decisions,
				 "violated", result->violated,
				 "violation", violation_json(result),
				 "schedule", options->strategy == VMSIM_STRATEGY_NATIVE ?
				 json_null() :
				 text_json(printed(execution, result, print_schedule)));

	if (json && execution->timeline)
		json_object_set_new(json, "timeline",
				    text_json(printed(execution, result, print_timeline)));
	return json;
}

static void print_text(const struct cli_execution *execution, const struct vmsim_result *result)
{
	const struct vmsim_violation *violation = &result->violation;

	printf("%s %s, tlb %s, %s: ", execution->scenario->name, variant_name(execution),
	       vmsim_tlb_name(execution->options.tlb), vmsim_strategy_name(execution->options.strategy));
	if (!result->violated) {
		printf("%llu execution%s, nothing wrong\n", (unsigned long long)result->executions,
		       result->executions == 1 ? "" : "s");
		return;
	}
	printf("execution %llu fails\n", (unsigned long long)result->executions);
	printf("violation: %s%s%s: %s\n", violation->oracle, violation->rule[0] ? " " : "",
	       violation->rule, violation->text);
	printf("after %llu decisions, on CPU%d\n", (unsigned long long)violation->step,
	       violation->cpu);
}

static int report(const struct cli_execution *execution, const struct vmsim_result *result)
{
	if (execution->json)
		return cli_print_json(result_json(execution, result));
	if (execution->timeline) {
		print_timeline(execution, result, stdout);
		putchar('\n');
	}
	print_text(execution, result);
	return CLI_OK;
}

static const char *const event_name[VMSIM_EV_COUNT] = {
#define X(id, name, a, b, c) name,
	VMSIM_EVENTS(X)
#undef X
};

/* Recorded events, one JSON object a line. */
static void print_events(const struct cli_execution *execution, const struct vmsim_result *result,
			 FILE *out)
{
	(void)execution;
	for (size_t i = 0; i < result->nr_events; i++) {
		const struct vmsim_event *event = &result->events[i];

		fprintf(out, "{\"seq\": %llu, \"event\": \"%s\", \"cpu\": %d, \"thread\": %d, "
			"\"args\": [\"%#llx\", \"%#llx\", \"%#llx\"]}\n",
			(unsigned long long)event->seq, event_name[event->kind], event->cpu,
			event->tid, (unsigned long long)event->arg[0],
			(unsigned long long)event->arg[1], (unsigned long long)event->arg[2]);
	}
}

static int write_file(const struct cli_execution *execution, const struct vmsim_result *result,
		      const char *path,
		      void (*print)(const struct cli_execution *execution,
				    const struct vmsim_result *result, FILE *out))
{
	FILE *out = fopen(path, "w");
	bool failed = !out;

	if (out) {
		print(execution, result, out);
		failed = ferror(out);
		failed |= fclose(out) != 0;
	}
	if (failed)
		cli_complain("%s: %s", path, strerror(errno));
	return failed ? CLI_FAILED : CLI_OK;
}

static int write_files(const struct cli_execution *execution, const struct vmsim_result *result)
{
	int status = CLI_OK;

	if (execution->save)
		status = write_file(execution, result, execution->save, print_schedule);
	if (!status && execution->trace_out)
		status = write_file(execution, result, execution->trace_out, print_events);
	return status;
}

int cli_execute(struct cli_execution *execution)
{
	struct vmsim_result result = { 0 };
	char error[256] = "";
	int status, err;

	load(execution);
	execution->options.variant = variant_name(execution);
	execution->options.timeline = execution->timeline || execution->trace_out;
	err = vmsim_explore(execution->scenario, &execution->options, &result, error,
			    sizeof(error));
	if (err) {
		cli_complain("%s: %s", execution->scenario->name,
			     error[0] ? error : strerror(-err));
		vmsim_result_free(&result);
		return err == -EINVAL ? CLI_USAGE : CLI_FAILED;
	}
	status = write_files(execution, &result);
	if (!status)
		status = report(execution, &result);
	if (!status && result.violated)
		status = CLI_WRONG;
	vmsim_result_free(&result);
	return status;
}
