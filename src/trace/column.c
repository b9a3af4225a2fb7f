// SPDX-License-Identifier: GPL-2.0-only
#include "trace/timeline.h"
#include <string.h>

#define LINE_WIDTH 72
#define WIDE_LINE_WIDTH 100
#define GAP 2
#define MIN_WIDTH 24
#define INDENT 2

void vmsim_columns_init(struct vmsim_columns *columns, unsigned int n, FILE *out)
{
	unsigned int line = n > 2 ? WIDE_LINE_WIDTH : LINE_WIDTH;
	unsigned int width = n ? (line + GAP) / n - GAP : line;

	if (width < MIN_WIDTH)
		width = MIN_WIDTH;
	*columns = (struct vmsim_columns){ .out = out, .n = n ? n : 1, .width = width };
}

/* Brackets stay with the word that they enclose. */
static bool is_break(const char *text, size_t at)
{
	return text[at] == ' ' && !(at && text[at - 1] == '[') && text[at + 1] != ']';
}

/* How many characters of @text go into one line of @width, cut between words if there are some. */
static size_t line_length(const char *text, size_t width)
{
	size_t length = strlen(text);
	size_t cut = width;

	if (length <= width)
		return length;
	while (cut && !is_break(text, cut))
		cut--;
	return cut ? cut : width;
}

static void print_line(const struct vmsim_columns *columns, unsigned int column,
		       unsigned int indent, const char *text, size_t length)
{
	unsigned int left = column * (columns->width + GAP) + indent;

	fprintf(columns->out, "%*s%.*s\n", (int)left, "", (int)length, text);
}

void vmsim_columns_print(const struct vmsim_columns *columns, unsigned int column,
			 const char *text)
{
	unsigned int indent = 0;

	while (*text) {
		size_t length = line_length(text, columns->width - indent);

		print_line(columns, column, indent, text, length);
		text += length;
		while (*text == ' ')
			text++;
		indent = INDENT;
	}
}

void vmsim_columns_paragraph(const struct vmsim_columns *columns, unsigned int indent,
			     const char *text)
{
	const struct vmsim_columns one = { .out = columns->out, .n = 1, .width = LINE_WIDTH };
	unsigned int left = 0;

	while (*text) {
		size_t length = line_length(text, one.width - left);

		print_line(&one, 0, left, text, length);
		text += length;
		while (*text == ' ')
			text++;
		left = indent;
	}
}

static void header_cell(const struct vmsim_columns *columns, unsigned int column, const char *text,
			size_t length)
{
	bool last = column + 1 == columns->n;

	if (last)
		fprintf(columns->out, "%.*s\n", (int)length, text);
	else
		fprintf(columns->out, "%-*.*s", (int)(columns->width + GAP), (int)length, text);
}

void vmsim_columns_header(const struct vmsim_columns *columns, const char *const *name)
{
	static const char dashes[] =
		"------------------------------------------------------------------------";

	for (unsigned int i = 0; i < columns->n; i++)
		header_cell(columns, i, name[i], columns->width);
	for (unsigned int i = 0; i < columns->n; i++) {
		size_t length = strlen(name[i]);

		header_cell(columns, i, dashes, length < columns->width ? length : columns->width);
	}
}
