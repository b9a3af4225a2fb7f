// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What run, explore and replay do once their options are known. */

static const char *variant_name(const struct cli_execution *execution)
{
	return execution->variant ? execution->variant->name : "";
}

/*
 * The variant's object comes after what the user brings, which replaces it, too. What is explored
 * at full granularity has the instrumented library in the library's place.
 */
static void load(struct cli_execution *execution)
{
	enum vmsim_granularity granularity = execution->options.granularity;
	unsigned int n = execution->nr_overrides;

	if (execution->variant && !execution->variant->builtin)
		execution->overrides[n++] = cli_variant_path(execution->scenario,
							     execution->variant, granularity);
	if (granularity == VMSIM_GRANULARITY_FULL)
		execution->overrides[n++] = cli_full_library();
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

/* What goes into a bug report. */
static void print_line(const struct cli_execution *execution, const struct vmsim_result *result,
		       FILE *out)
{
	vmsim_schedule_write_line(execution->scenario, &result->schedule, out);
}

static void print_timeline(const struct cli_execution *execution, const struct vmsim_result *result,
			   FILE *out)
{
	vmsim_timeline_print(execution->scenario, result, VMSIM_TIMELINE_TEXT, execution->full,
			     out);
}

static void print_timeline_json(const struct cli_execution *execution,
				const struct vmsim_result *result, FILE *out)
{
	vmsim_timeline_print(execution->scenario, result, VMSIM_TIMELINE_JSON, execution->full,
			     out);
}

static json_t *picture_json(const struct cli_execution *execution,
			    const struct vmsim_result *result)
{
	char *text = printed(execution, result, print_timeline_json);
	json_t *json = text ? json_loads(text, 0, NULL) : NULL;

	free(text);
	return json ? json : json_null();
}

/* Decisions are taken by a strategy that can say how far it came. */
static bool explores(const struct cli_execution *execution)
{
	switch (execution->options.strategy) {
	case VMSIM_STRATEGY_SCRIPT:
	case VMSIM_STRATEGY_REPLAY:
	case VMSIM_STRATEGY_NATIVE:
		return false;
	default:
		return true;
	}
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

static json_t *minimised_json(const struct cli_execution *execution,
			      const struct vmsim_result *result)
{
	const struct vmsim_minimised *minimised = &execution->minimised;

	if (!result->violated)
		return json_null();
	return json_pack("{s:i, s:i, s:I, s:I, s:b, s:I, s:I, s:f}",
			 "preemptions", (int)minimised->preemptions,
			 "preemptions_before", (int)minimised->preemptions_before,
			 "decisions", (json_int_t)minimised->steps,
			 "decisions_before", (json_int_t)minimised->steps_before,
			 "certified", minimised->certified,
			 "replays", (json_int_t)minimised->replays,
			 "certify_executions", (json_int_t)minimised->certify_executions,
			 "seconds", (double)minimised->time_ns / 1e9);
}

/* Of which search this is, and of which part. */
static void set_search(json_t *json, const struct cli_execution *execution)
{
	const struct vmsim_explore_options *options = &execution->options;

	json_object_set_new(json, "options", cli_options_json(execution));
	json_object_set_new(json, "shard", execution->shard ?
			    json_pack("{s:i, s:i}", "index", (int)options->shard + 1, "of",
				      (int)options->shards) : json_null());
}

static json_t *result_json(const struct cli_execution *execution, const struct vmsim_result *result)
{
	const struct vmsim_explore_options *options = &execution->options;
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:o, s:o, s:o}",
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
				 "coverage", explores(execution) ? cli_coverage_json(result) :
				 json_null(),
				 "schedule", options->strategy == VMSIM_STRATEGY_NATIVE ?
				 json_null() :
				 text_json(printed(execution, result, print_schedule)));

	if (json && result->violated && options->strategy != VMSIM_STRATEGY_NATIVE)
		json_object_set_new(json, "line",
				    text_json(printed(execution, result, print_line)));
	if (json && explores(execution))
		set_search(json, execution);
	if (json && execution->minimise)
		json_object_set_new(json, "minimised", minimised_json(execution, result));
	if (json && execution->timeline) {
		json_object_set_new(json, "timeline",
				    text_json(printed(execution, result, print_timeline)));
		json_object_set_new(json, "picture", picture_json(execution, result));
	}
	return json;
}

static void print_violation(const struct cli_execution *execution,
			    const struct vmsim_result *result)
{
	const struct vmsim_violation *violation = &result->violation;

	if (execution->options.keep_going)
		printf("%llu of %llu executions fail\n", (unsigned long long)result->failures,
		       (unsigned long long)result->executions);
	else
		printf("execution %llu fails\n", (unsigned long long)result->executions);
	if (execution->options.strategy == VMSIM_STRATEGY_PORTFOLIO)
		printf("found by %s\n", vmsim_strategy_name(result->coverage.found_by));
	printf("violation: %s%s%s: %s\n", violation->oracle, violation->rule[0] ? " " : "",
	       violation->rule, violation->text);
	printf("after %llu decisions, on CPU%d\n", (unsigned long long)violation->step,
	       violation->cpu);
}

static void print_minimised(const struct vmsim_minimised *minimised)
{
	printf("cut down: %u preemption%s (%u before), %llu decisions (%llu before), %s\n",
	       minimised->preemptions, minimised->preemptions == 1 ? "" : "s",
	       minimised->preemptions_before, (unsigned long long)minimised->steps,
	       (unsigned long long)minimised->steps_before,
	       minimised->certified ? "fewer preemptions do not fail" :
	       "fewer preemptions may fail, too");
}

static void print_text(const struct cli_execution *execution, const struct vmsim_result *result)
{
	const struct vmsim_explore_options *options = &execution->options;

	printf("%s %s, tlb %s, ", execution->scenario->name, variant_name(execution),
	       vmsim_tlb_name(options->tlb));
	if (options->memory_model != VMSIM_MEMORY_SC)
		printf("memory model %s, ", vmsim_memory_model_name(options->memory_model));
	printf("%s: ", vmsim_strategy_name(options->strategy));
	if (result->violated)
		print_violation(execution, result);
	else
		printf("%llu execution%s, nothing wrong\n", (unsigned long long)result->executions,
		       result->executions == 1 ? "" : "s");
	if (result->violated && execution->minimise) {
		print_minimised(&execution->minimised);
		fputs("again: vmsim replay --line '", stdout);
		print_line(execution, result, stdout);
		puts("'");
	}
	if (explores(execution))
		cli_print_coverage(&execution->options, result);
}

static void print_all(const struct cli_execution *execution, const struct vmsim_result *result)
{
	if (execution->dot) {
		vmsim_timeline_print(execution->scenario, result, VMSIM_TIMELINE_DOT,
				     execution->full, stdout);
		return;
	}
	if (execution->timeline) {
		print_timeline(execution, result, stdout);
		putchar('\n');
	}
	print_text(execution, result);
}

int cli_report(const struct cli_execution *execution, const struct vmsim_result *result)
{
	int status = CLI_OK;

	if (execution->json)
		status = cli_print_json(result_json(execution, result));
	else
		print_all(execution, result);
	return status ? status : result->violated ? CLI_WRONG : CLI_OK;
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

/* The schedule of a failure again, now with its events. */
static int draw(const struct cli_execution *execution, struct vmsim_result *result, char *error,
		size_t size)
{
	struct vmsim_explore_options options = execution->options;
	struct vmsim_result drawn;
	int err;

	options.strategy = VMSIM_STRATEGY_REPLAY;
	options.schedule = &result->schedule;
	options.executions = 1;
	options.shard = 0;
	options.shards = 1;
	options.save_search = options.resume = NULL;
	options.stop = NULL;
	options.timeline = true;
	err = vmsim_explore(execution->scenario, &options, &drawn, error, size);
	if (!err) {
		drawn.executions = result->executions;
		drawn.failures = result->failures;
		drawn.coverage = result->coverage;
		vmsim_result_free(result);
		*result = drawn;
		return 0;
	}
	vmsim_result_free(&drawn);
	return err;
}

/* Cuts the failure of @result down: its schedule becomes the smallest one. */
static int minimise(struct cli_execution *execution, struct vmsim_result *result, char *error,
		    size_t size)
{
	struct vmsim_minimised *minimised = &execution->minimised;
	struct vmsim_minimise_limits limits;
	struct vmsim_schedule larger = result->schedule;
	int err;

	vmsim_minimise_limits_init(&limits);
	err = vmsim_minimise(execution->scenario, &execution->options, &larger, &limits, minimised,
			     error, size);
	if (err)
		return err;
	vmsim_schedule_free(&larger);
	result->schedule = minimised->schedule;
	minimised->schedule = (struct vmsim_schedule) { 0 };
	result->violation = minimised->violation;
	result->decisions = minimised->steps;
	return 0;
}

static int explore(struct cli_execution *execution, struct vmsim_result *result, char *error,
		   size_t size)
{
	bool events = execution->timeline || execution->trace_out;
	int err;

	if (isatty(STDERR_FILENO))
		execution->options.progress = cli_show_progress;
	execution->options.timeline = events && !execution->minimise;
	err = vmsim_explore(execution->scenario, &execution->options, result, error, size);
	if (err || !execution->minimise || !result->violated)
		return err;
	err = minimise(execution, result, error, size);
	if (!err && events)
		err = draw(execution, result, error, size);
	return err;
}

static volatile int stopped;

static void note_stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* Who wants a search to be saved may end it at any time. */
static void stop_at_signals(struct vmsim_explore_options *options)
{
	struct sigaction action = { .sa_handler = note_stop, .sa_flags = (int)SA_RESETHAND };

	if (!options->save_search)
		return;
	options->stop = &stopped;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

int cli_execute(struct cli_execution *execution)
{
	struct vmsim_result result = { 0 };
	char error[256] = "";
	int status, err;

	if (execution->options.save_search || execution->options.resume)
		cli_fix_addresses();
	load(execution);
	stop_at_signals(&execution->options);
	execution->options.variant = variant_name(execution);
	err = explore(execution, &result, error, sizeof(error));
	if (err) {
		cli_complain("%s: %s", execution->scenario->name,
			     error[0] ? error : strerror(-err));
		vmsim_result_free(&result);
		return err == -EINVAL || err == -EOPNOTSUPP ? CLI_USAGE : CLI_FAILED;
	}
	status = write_files(execution, &result);
	if (!status)
		status = cli_report(execution, &result);
	vmsim_result_free(&result);
	return status;
}
