// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <vmsim/check.h>
#include "explore/schedule.h"

/* Schedules: written as text, and bound to the scenario that they are for. */

#define SCHEDULE_COLUMNS 96

/* Index of the thread with this name, or -1. */
static int scenario_thread(const struct vmsim_scenario *scenario, const char *name)
{
	for (unsigned int i = 0; i < scenario->nr_threads; i++) {
		if (!strcmp(scenario->threads[i].name, name))
			return (int)i;
	}
	return strcmp(name, SCHEDULE_RCU_THREAD) ? -1 : (int)scenario->nr_threads;
}

/**
 * vmsim_schedule_bind() - resolves the thread names of a parsed schedule
 * @scenario: what the schedule shall be replayed in
 * @schedule: parsed; a schedule that is bound already stays as it is
 * @error: set to what does not fit after -EINVAL
 *
 * Return: 0 or -EINVAL.
 */
int vmsim_schedule_bind(const struct vmsim_scenario *scenario, struct vmsim_schedule *schedule,
			char *error, size_t error_size)
{
	uint16_t thread[SCHEDULE_MAX_NAMES];

	if (!scenario || !schedule || (!error && error_size))
		return -EINVAL;
	if (strcmp(scenario->name, schedule->scenario)) {
		snprintf(error, error_size, "the schedule is for scenario '%s', not '%s'",
			 schedule->scenario, scenario->name);
		return -EINVAL;
	}
	if (!schedule->nr_thread_names)
		return 0;
	for (unsigned int i = 0; i < schedule->nr_thread_names; i++) {
		int index = scenario_thread(scenario, schedule->thread_name[i]);

		if (index < 0) {
			snprintf(error, error_size, "scenario '%s' has no thread '%s'",
				 scenario->name, schedule->thread_name[i]);
			return -EINVAL;
		}
		thread[i] = (uint16_t)index;
	}
	for (size_t i = 0; i < schedule->nr_picks; i++) {
		if (schedule->picks[i].kind == 't')
			schedule->picks[i].id = thread[schedule->picks[i].id];
	}
	schedule->nr_thread_names = 0;
	return 0;
}

/**
 * vmsim_schedule_free() - gives back what a schedule holds, and empties it
 */
void vmsim_schedule_free(struct vmsim_schedule *schedule)
{
	if (!schedule)
		return;
	free(schedule->picks);
	memset(schedule, 0, sizeof(*schedule));
}

static const char *thread_name(const struct vmsim_scenario *scenario,
			       const struct vmsim_schedule *schedule, unsigned int id)
{
	if (id < schedule->nr_thread_names)
		return schedule->thread_name[id];
	if (schedule->nr_thread_names || !scenario || id > scenario->nr_threads)
		return NULL;
	return id == scenario->nr_threads ? SCHEDULE_RCU_THREAD : scenario->threads[id].name;
}

static bool thread_name_ok(const char *name)
{
	if (!name || !name_starts(*name) || strlen(name) >= VMSIM_THREAD_NAME_MAX)
		return false;
	while (*name && name_goes_on(*name))
		name++;
	return *name == '\0';
}

/* The text of one pick, or -EINVAL where it has none that could be read back. */
static int pick_text(const struct vmsim_scenario *scenario, const struct vmsim_schedule *schedule,
		     const struct vmsim_pick *pick, char *text, size_t size)
{
	const char *name;
	int used;

	if (pick->count == 0)
		return -EINVAL;
	if (pick->kind == 't') {
		name = thread_name(scenario, schedule, pick->id);
		if (!thread_name_ok(name))
			return -EINVAL;
		if (pick->count == 1)
			return snprintf(text, size, "%s", name);
		return snprintf(text, size, "%s%" PRIu32, name, pick->count);
	}
	if (!pick->kind || !strchr(SCHEDULE_KINDS, pick->kind) || pick->id > largest_id(pick->kind))
		return -EINVAL;
	used = pick->kind == 'r' ? snprintf(text, size, "r") :
				   snprintf(text, size, "%c%u", pick->kind, pick->id);
	if (pick->count > 1)
		used += snprintf(text + used, size - used, "*%" PRIu32, pick->count);
	return used;
}

#define MODELS (VMSIM_MEMORY_PSO + 1)

static const char *const memory_model_name[MODELS] = {
	[VMSIM_MEMORY_SC] = "sc",
	[VMSIM_MEMORY_TSO] = "tso",
	[VMSIM_MEMORY_PSO] = "pso",
};

/**
 * vmsim_memory_model_name() - the name of a memory model
 *
 * Return: "sc", "tso", "pso"; NULL: there is no such model.
 */
const char *vmsim_memory_model_name(enum vmsim_memory_model model)
{
	return (unsigned int)model < MODELS ? memory_model_name[model] : NULL;
}

/**
 * vmsim_memory_model_parse() - the memory model of that name
 *
 * Return: enum vmsim_memory_model, or -EINVAL.
 */
int vmsim_memory_model_parse(const char *name)
{
	for (int model = 0; name && model < (int)MODELS; model++)
		if (!strcmp(name, memory_model_name[model]))
			return model;
	return -EINVAL;
}

static void write_oracles(uint64_t oracles, FILE *out)
{
	if (!oracles)
		return;
	fputs("oracles", out);
	for (int oracle = 0; oracle < VMSIM_ORACLE_COUNT; oracle++) {
		if (oracles & UINT64_C(1) << oracle)
			fprintf(out, " %s", vmsim_oracle_name((enum vmsim_oracle)oracle));
	}
	fputc('\n', out);
}

static void write_questions(unsigned int ask, FILE *out)
{
	if (!ask)
		return;
	fputs("ask", out);
	for (int question = 0; question < VMSIM_QUESTION_COUNT; question++) {
		if (ask >> question & 1)
			fprintf(out, " %s", vmsim_question_name((enum vmsim_question)question));
	}
	fputc('\n', out);
}

static int write_picks(const struct vmsim_scenario *scenario,
		       const struct vmsim_schedule *schedule, FILE *out)
{
	char text[VMSIM_THREAD_NAME_MAX + 16];
	int column = 0;

	for (size_t i = 0; i < schedule->nr_picks; i++) {
		int length = pick_text(scenario, schedule, &schedule->picks[i], text, sizeof(text));

		if (length < 0)
			return length;
		if (column && column + 1 + length > SCHEDULE_COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		if (!column)
			column = fprintf(out, "picks");
		column += fprintf(out, " %s", text);
	}
	if (column)
		fputc('\n', out);
	return 0;
}

/**
 * vmsim_schedule_write() - writes a schedule as text
 * @scenario: has the names of the threads; not used for a schedule that is not bound
 * @schedule: what is written
 * @out: where to
 *
 * Return: 0, -EINVAL for what could not be read back, -EIO.
 */
int vmsim_schedule_write(const struct vmsim_scenario *scenario,
			 const struct vmsim_schedule *schedule, FILE *out)
{
	int err;

	if (!schedule || !out || !vmsim_tlb_name(schedule->tlb) ||
	    !label_ok(schedule->scenario, strlen(schedule->scenario)) ||
	    schedule->nr_picks > SCHEDULE_MAX_PICKS || schedule->oracles & ~VMSIM_ORACLES_ALL ||
	    !vmsim_memory_model_name(schedule->memory_model) || schedule->ask & ~VMSIM_ASK_ALL)
		return -EINVAL;
	if (schedule->variant[0] && !label_ok(schedule->variant, strlen(schedule->variant)))
		return -EINVAL;
	fprintf(out, "vmsim-schedule 1\nscenario %s\n", schedule->scenario);
	if (schedule->variant[0])
		fprintf(out, "variant %s\n", schedule->variant);
	fprintf(out, "tlb %s", vmsim_tlb_name(schedule->tlb));
	if (schedule->faulty_nth)
		fprintf(out, " %u", schedule->faulty_nth);
	fputc('\n', out);
	if (schedule->granularity == VMSIM_GRANULARITY_FULL)
		fputs("granularity full\n", out);
	if (schedule->memory_model)
		fprintf(out, "memory %s\n", vmsim_memory_model_name(schedule->memory_model));
	write_questions(schedule->ask, out);
	write_oracles(schedule->oracles, out);
	err = write_picks(scenario, schedule, out);
	if (err)
		return err;
	fprintf(out, "end %zu\n", schedule->nr_picks);
	return ferror(out) ? -EIO : 0;
}
