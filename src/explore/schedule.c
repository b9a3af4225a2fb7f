// SPDX-License-Identifier: GPL-2.0-only
/*
 * Schedules as text. The format is in docs/schedule.md. What is written is what is accepted: the
 * parser takes text that anybody may have damaged.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <vmsim/explore.h>
#include "trace/scan.h"

#define SCHEDULE_MAX_PICKS 1000000
#define SCHEDULE_COLUMNS 96

/* The thread that runs RCU callbacks comes after those of the scenario. */
#define RCU_THREAD "Rcu"
#define MAX_NAMES (VMSIM_MAX_THREADS + 1)

/* What stands where in a schedule: each item once, in this order; picks any number of times. */
enum schedule_item {
	ITEM_HEADER,
	ITEM_SCENARIO,
	ITEM_VARIANT,
	ITEM_TLB,
	ITEM_PICKS,
	ITEM_END,
	ITEM_COUNT
};

static const char *const item_name[ITEM_COUNT] = {
	"vmsim-schedule", "scenario", "variant", "tlb", "picks", "end",
};

struct schedule_parser {
	struct vmsim_schedule *schedule;
	size_t capacity;
	unsigned long line;
	bool seen[ITEM_COUNT];
	char *error;
	size_t error_size;
};

static int __attribute__((format(printf, 2, 3)))
malformed(struct schedule_parser *parser, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (parser->error_size)
		snprintf(parser->error, parser->error_size, "line %lu: %s", parser->line, what);
	return -EINVAL;
}

static bool name_starts(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool name_goes_on(char c)
{
	return name_starts(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

/* Names of scenarios and variants: what can be a file name, and nothing a terminal acts upon. */
static bool label_char(char c)
{
	return name_goes_on(c) || (c >= '0' && c <= '9') || c == '.' || c == '+';
}

static bool label_ok(const char *at, size_t length)
{
	if (length == 0 || length >= sizeof(((struct vmsim_schedule *)0)->scenario) || *at == '.')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!label_char(at[i]))
			return false;
	}
	return true;
}

static int parse_label(struct schedule_parser *parser, struct vmsim_scan line, char *label)
{
	size_t length = scan_left(&line);

	if (!label_ok(line.at, length))
		return malformed(parser, "not a name of at most 63 letters, digits and -_.+");
	memcpy(label, line.at, length);
	label[length] = '\0';
	return 0;
}

static int parse_header(struct schedule_parser *parser, struct vmsim_scan line)
{
	if (!scan_equals(line, "1"))
		return malformed(parser, "unknown version of the format");
	return 0;
}

static int parse_tlb(struct schedule_parser *parser, struct vmsim_scan line)
{
	struct vmsim_scan word = scan_word(&line);
	char name[32];
	uint64_t nth = 0;
	int tlb;

	if (scan_left(&word) >= sizeof(name))
		return malformed(parser, "unknown flush back-end");
	memcpy(name, word.at, scan_left(&word));
	name[scan_left(&word)] = '\0';
	tlb = vmsim_tlb_parse(name);
	if (tlb < 0)
		return malformed(parser, "unknown flush back-end");
	if (!scan_done(&line) &&
	    !(scan_char(&line, ' ') && scan_number(&line, 10, UINT32_MAX, &nth) && scan_done(&line)))
		return malformed(parser, "the number of the lost flush is no number");
	parser->schedule->tlb = (enum vmsim_tlb)tlb;
	parser->schedule->faulty_nth = (unsigned int)nth;
	return 0;
}

static int append_pick(struct schedule_parser *parser, struct vmsim_pick pick)
{
	struct vmsim_schedule *schedule = parser->schedule;

	if (schedule->nr_picks == SCHEDULE_MAX_PICKS)
		return malformed(parser, "more than %d picks", SCHEDULE_MAX_PICKS);
	if (schedule->nr_picks == parser->capacity) {
		size_t capacity = parser->capacity ? parser->capacity * 2 : 64;
		void *picks = realloc(schedule->picks, capacity * sizeof(*schedule->picks));

		if (!picks)
			return -ENOMEM;
		schedule->picks = picks;
		parser->capacity = capacity;
	}
	schedule->picks[schedule->nr_picks++] = pick;
	return 0;
}

/* The index of a thread name in the schedule's table; new names are added. */
static int name_index(struct schedule_parser *parser, const char *at, size_t length)
{
	struct vmsim_schedule *schedule = parser->schedule;
	unsigned int i;

	if (length >= VMSIM_THREAD_NAME_MAX)
		return malformed(parser, "thread name of more than %d characters",
				 VMSIM_THREAD_NAME_MAX - 1);
	for (i = 0; i < schedule->nr_thread_names; i++) {
		if (strlen(schedule->thread_name[i]) == length &&
		    !memcmp(schedule->thread_name[i], at, length))
			return (int)i;
	}
	if (i == MAX_NAMES)
		return malformed(parser, "more than %d threads", MAX_NAMES);
	memcpy(schedule->thread_name[i], at, length);
	schedule->thread_name[i][length] = '\0';
	schedule->nr_thread_names++;
	return (int)i;
}

/* "Writer17" */
static int parse_thread_pick(struct schedule_parser *parser, struct vmsim_scan word)
{
	const char *start = word.at;
	uint64_t count = 1;
	int id;

	while (!scan_done(&word) && name_goes_on(*word.at))
		word.at++;
	id = name_index(parser, start, (size_t)(word.at - start));
	if (id < 0)
		return id;
	if (!scan_done(&word) && !scan_number(&word, 10, UINT32_MAX, &count))
		return malformed(parser, "bad number of picks of a thread");
	if (!scan_done(&word) || count == 0)
		return malformed(parser, "bad number of picks of a thread");
	return append_pick(parser, (struct vmsim_pick){ 't', (uint16_t)id, (uint32_t)count });
}

static uint64_t largest_id(char kind)
{
	return kind == 'n' ? 1 : VMSIM_MAX_CPUS - 1;
}

/* "i0", "i0*3", "r", "r*2" */
static int parse_other_pick(struct schedule_parser *parser, struct vmsim_scan word)
{
	char kind = *word.at++;
	uint64_t id = 0, count = 1;

	if (!strchr("irpun", kind) || kind == '\0')
		return malformed(parser, "unknown pick");
	if (kind != 'r' && !scan_number(&word, 10, largest_id(kind), &id))
		return malformed(parser, "bad number in a pick");
	if (scan_char(&word, '*') &&
	    (!scan_number(&word, 10, UINT32_MAX, &count) || count == 0))
		return malformed(parser, "bad repetition of a pick");
	if (!scan_done(&word))
		return malformed(parser, "unexpected characters in a pick");
	return append_pick(parser, (struct vmsim_pick){ kind, (uint16_t)id, (uint32_t)count });
}

static int parse_picks(struct schedule_parser *parser, struct vmsim_scan line)
{
	for (;;) {
		struct vmsim_scan word = scan_word(&line);
		int err;

		if (scan_done(&word))
			return malformed(parser, "a pick is missing");
		err = name_starts(*word.at) ? parse_thread_pick(parser, word) :
					      parse_other_pick(parser, word);
		if (err)
			return err;
		if (scan_done(&line))
			return 0;
		line.at++;
	}
}

static int parse_end(struct schedule_parser *parser, struct vmsim_scan line)
{
	uint64_t count;

	if (!scan_number(&line, 10, SCHEDULE_MAX_PICKS, &count) || !scan_done(&line))
		return malformed(parser, "bad number of picks at the end");
	if (count != parser->schedule->nr_picks)
		return malformed(parser, "%" PRIu64 " picks were announced, %zu are there", count,
				 parser->schedule->nr_picks);
	return 0;
}

static int parse_item(struct schedule_parser *parser, enum schedule_item item,
		      struct vmsim_scan line)
{
	switch (item) {
	case ITEM_HEADER:
		return parse_header(parser, line);
	case ITEM_SCENARIO:
		return parse_label(parser, line, parser->schedule->scenario);
	case ITEM_VARIANT:
		return parse_label(parser, line, parser->schedule->variant);
	case ITEM_TLB:
		return parse_tlb(parser, line);
	case ITEM_PICKS:
		return parse_picks(parser, line);
	default:
		return parse_end(parser, line);
	}
}

/* Each item may be there once, after the items that come before it, and nothing after the end. */
static int check_order(struct schedule_parser *parser, enum schedule_item item)
{
	if (parser->seen[ITEM_END])
		return malformed(parser, "text after the end");
	if (item != ITEM_PICKS && parser->seen[item])
		return malformed(parser, "a second '%s'", item_name[item]);
	for (unsigned int before = 0; before < item; before++) {
		bool optional = before == ITEM_VARIANT || before == ITEM_PICKS;

		if (!optional && !parser->seen[before])
			return malformed(parser, "'%s' is missing", item_name[before]);
	}
	for (unsigned int after = item + 1; after < ITEM_COUNT; after++) {
		if (parser->seen[after])
			return malformed(parser, "'%s' after '%s'", item_name[item],
					 item_name[after]);
	}
	parser->seen[item] = true;
	return 0;
}

static int parse_line(struct schedule_parser *parser, struct vmsim_scan line)
{
	struct vmsim_scan word;
	int err;

	if (scan_done(&line) || *line.at == '#')
		return 0;
	word = scan_word(&line);
	if (!scan_char(&line, ' '))
		return malformed(parser, "a line is a word, a blank and what it says");
	for (int item = 0; item < ITEM_COUNT; item++) {
		if (!scan_equals(word, item_name[item]))
			continue;
		err = check_order(parser, (enum schedule_item)item);
		return err ? err : parse_item(parser, (enum schedule_item)item, line);
	}
	return malformed(parser, "unknown line");
}

static int parse_text(struct schedule_parser *parser, struct vmsim_scan text)
{
	struct vmsim_scan line;

	while (!scan_done(&text)) {
		int err;

		parser->line++;
		if (!scan_line(&text, &line))
			return malformed(parser, "the line does not end");
		err = parse_line(parser, line);
		if (err)
			return err;
	}
	parser->line++;
	if (!parser->seen[ITEM_HEADER])
		return malformed(parser, "'vmsim-schedule' is missing");
	if (!parser->seen[ITEM_END])
		return malformed(parser, "'end' is missing: the schedule was cut off");
	return 0;
}

/**
 * vmsim_schedule_parse() - reads a schedule
 * @text: the text, @length bytes
 * @schedule: filled; empty after a failure
 * @error: set to "line N: what" after -EINVAL
 *
 * Threads are known by name only, until vmsim_schedule_bind().
 *
 * Return: 0, -EINVAL for anything but a well-formed schedule, -ENOMEM.
 */
int vmsim_schedule_parse(const char *text, size_t length, struct vmsim_schedule *schedule,
			 char *error, size_t error_size)
{
	struct schedule_parser parser = {
		.schedule = schedule, .error = error, .error_size = error_size,
	};
	int err;

	if (!schedule || (!text && length) || (!error && error_size))
		return -EINVAL;
	memset(schedule, 0, sizeof(*schedule));
	err = parse_text(&parser, scan_text(text ? text : "", length));
	if (err == -ENOMEM && error_size)
		snprintf(error, error_size, "line %lu: out of memory", parser.line);
	if (err)
		vmsim_schedule_free(schedule);
	return err;
}

/* Index of the thread with this name, or -1. */
static int scenario_thread(const struct vmsim_scenario *scenario, const char *name)
{
	for (unsigned int i = 0; i < scenario->nr_threads; i++) {
		if (!strcmp(scenario->threads[i].name, name))
			return (int)i;
	}
	return strcmp(name, RCU_THREAD) ? -1 : (int)scenario->nr_threads;
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
	uint16_t thread[MAX_NAMES];

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
	return id == scenario->nr_threads ? RCU_THREAD : scenario->threads[id].name;
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
	if (!pick->kind || !strchr("irpun", pick->kind) || pick->id > largest_id(pick->kind))
		return -EINVAL;
	used = pick->kind == 'r' ? snprintf(text, size, "r") :
				   snprintf(text, size, "%c%u", pick->kind, pick->id);
	if (pick->count > 1)
		used += snprintf(text + used, size - used, "*%" PRIu32, pick->count);
	return used;
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
	    schedule->nr_picks > SCHEDULE_MAX_PICKS)
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
	err = write_picks(scenario, schedule, out);
	if (err)
		return err;
	fprintf(out, "end %zu\n", schedule->nr_picks);
	return ferror(out) ? -EIO : 0;
}
