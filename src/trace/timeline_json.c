// SPDX-License-Identifier: GPL-2.0-only
#include "trace/lines.h"
#include <inttypes.h>

static void print_string(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void print_key(const char *key, const char *text, FILE *out)
{
	fprintf(out, ", \"%s\": ", key);
	print_string(text, out);
}

static void print_line(const struct timeline *timeline, const struct line *line, FILE *out)
{
	static const char *const kind[] = {
		[LINE_CALL] = "call", [LINE_EVENT] = "event", [LINE_STATE] = "state",
		[LINE_POINT] = "point", [LINE_IRQ] = "irq", [LINE_THREAD] = "thread",
		[LINE_VIOLATION] = "violation",
	};

	fprintf(out, "{\"kind\": \"%s\", \"cpu\": %u, \"step\": %" PRIu64, kind[line->kind],
		timeline->cpu[line->column], line->step);
	print_key("thread", timeline_thread(timeline, line->thread), out);
	print_key("text", line->text, out);
	print_key("place", line->place, out);
	fprintf(out, ", \"mark\": %u}", line->mark);
}

/* One object: the lines in order, the state at the end, and what decides. */
void timeline_json(const struct timeline *timeline, FILE *out)
{
	const struct vmsim_deciding *deciding = &timeline->result->deciding;

	fputs("{\"lines\": [", out);
	for (size_t i = 0; i < timeline->lines.n; i++) {
		fputs(i ? ",\n" : "\n", out);
		print_line(timeline, &timeline->lines.line[i], out);
	}
	fputs("\n]", out);
	print_key("state", timeline->state ? timeline->state : "", out);
	if (deciding->first)
		fprintf(out, ", \"deciding\": {\"first\": %" PRIu64 ", \"second\": %" PRIu64
			", \"passes\": %s}}\n", deciding->first, deciding->second,
			deciding->passes ? "true" : "false");
	else
		fputs(", \"deciding\": null}\n", out);
}
