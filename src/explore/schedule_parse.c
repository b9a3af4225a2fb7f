// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads schedules (docs/schedule.md): text that anybody may have damaged.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <vmsim/check.h>
#include "explore/schedule.h"
#include "trace/scan.h"

/* What stands where in a schedule: each item once, in this order; picks any number of times. */
enum schedule_item {
	ITEM_HEADER,
	ITEM_SCENARIO,
	ITEM_VARIANT,
	ITEM_TLB,
	ITEM_GRANULARITY,
	ITEM_MEMORY,
	ITEM_ASK,
	ITEM_ORACLES,
	ITEM_PICKS,
	ITEM_END,
	ITEM_COUNT
};

static const char *const item_name[ITEM_COUNT] = {
	"vmsim-schedule", "scenario", "variant", "tlb", "granularity", "memory", "ask", "oracles",
	"picks", "end",
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

/* What @parse makes of a short word; negative: nothing. */
static int look_up(struct vmsim_scan word, int (*parse)(const char *name))
{
	size_t length = scan_left(&word);
	char name[32];

	if (length >= sizeof(name) || memchr(word.at, '\0', length))
		return -EINVAL;
	memcpy(name, word.at, length);
	name[length] = '\0';
	return parse(name);
}

static int parse_tlb(struct schedule_parser *parser, struct vmsim_scan line)
{
	uint64_t nth = 0;
	int tlb = look_up(scan_word(&line), vmsim_tlb_parse);

	if (tlb < 0)
		return malformed(parser, "unknown flush back-end");
	if (!scan_done(&line) && !(scan_char(&line, ' ') &&
				   scan_number(&line, 10, UINT32_MAX, &nth) && scan_done(&line)))
		return malformed(parser, "the number of the lost flush is no number");
	parser->schedule->tlb = (enum vmsim_tlb)tlb;
	parser->schedule->faulty_nth = (unsigned int)nth;
	return 0;
}

/* Absent: sync. */
static int parse_granularity(struct schedule_parser *parser, struct vmsim_scan line)
{
	if (!scan_equals(line, "full"))
		return malformed(parser, "unknown granularity");
	parser->schedule->granularity = VMSIM_GRANULARITY_FULL;
	return 0;
}

static int parse_memory(struct schedule_parser *parser, struct vmsim_scan line)
{
	int model = look_up(line, vmsim_memory_model_parse);

	/* What is meant without this line is not written with one: a schedule has one text. */
	if (model <= VMSIM_MEMORY_SC)
		return malformed(parser, "unknown memory model");
	parser->schedule->memory_model = (enum vmsim_memory_model)model;
	return 0;
}

static int parse_questions(struct schedule_parser *parser, struct vmsim_scan line)
{
	do {
		int question = look_up(scan_word(&line), vmsim_question_parse);

		if (question < 0)
			return malformed(parser, "unknown question");
		parser->schedule->ask |= 1u << question;
	} while (scan_char(&line, ' '));
	return 0;
}

static int parse_oracles(struct schedule_parser *parser, struct vmsim_scan line)
{
	do {
		int oracle = look_up(scan_word(&line), vmsim_oracle_parse);

		if (oracle < 0)
			return malformed(parser, "unknown oracle");
		parser->schedule->oracles |= UINT64_C(1) << oracle;
	} while (scan_char(&line, ' '));
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
	if (i == SCHEDULE_MAX_NAMES)
		return malformed(parser, "more than %d threads", SCHEDULE_MAX_NAMES);
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

/* "i0", "i0*3", "r", "r*2" */
static int parse_other_pick(struct schedule_parser *parser, struct vmsim_scan word)
{
	char kind = *word.at++;
	uint64_t id = 0, count = 1;

	if (!strchr(SCHEDULE_KINDS, kind) || kind == '\0')
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
	case ITEM_GRANULARITY:
		return parse_granularity(parser, line);
	case ITEM_MEMORY:
		return parse_memory(parser, line);
	case ITEM_ASK:
		return parse_questions(parser, line);
	case ITEM_ORACLES:
		return parse_oracles(parser, line);
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
		bool optional = before == ITEM_VARIANT || before == ITEM_GRANULARITY ||
				before == ITEM_MEMORY || before == ITEM_ASK ||
				before == ITEM_ORACLES || before == ITEM_PICKS;

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

/*
 * Cuts the next item off: up to a newline, or to a "; ", but not within a comment. False: it does
 * not end. @newline: the line ends with it.
 */
static bool cut_item(struct vmsim_scan *text, struct vmsim_scan *item, bool *newline)
{
	const char *semicolon;

	if (!scan_line(text, item))
		return false;
	*newline = true;
	semicolon = memmem(item->at, scan_left(item), "; ", 2);
	if (!semicolon || *item->at == '#')
		return true;
	*newline = false;
	item->end = semicolon;
	text->at = semicolon + 2;
	return true;
}

static int parse_text(struct schedule_parser *parser, struct vmsim_scan text)
{
	struct vmsim_scan item;
	bool newline = true;

	while (!scan_done(&text)) {
		int err;

		parser->line += newline;
		if (!cut_item(&text, &item, &newline))
			return malformed(parser, "the line does not end");
		err = parse_line(parser, item);
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
