// SPDX-License-Identifier: GPL-2.0-only
#include "trace/lines.h"

/*
 * A graph: a cluster for each CPU, a node for each line, arrows for the order on one CPU, dotted
 * ones where another CPU goes on, and one for the order that decides.
 */

static void print_label(const struct line *line, FILE *out)
{
	fputs("label=\"", out);
	for (const char *c = line->text; *c; c++)
		fprintf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	if (line->place[0])
		fprintf(out, "\\n%s", line->place);
	fputc('"', out);
}

static void print_node(const struct line *line, size_t i, FILE *out)
{
	static const char *const shape[] = {
		[LINE_CALL] = "box", [LINE_EVENT] = "box", [LINE_STATE] = "note",
		[LINE_POINT] = "plaintext", [LINE_IRQ] = "cds", [LINE_THREAD] = "plaintext",
		[LINE_VIOLATION] = "octagon",
	};

	fprintf(out, "\t\tn%zu [shape=%s", i, shape[line->kind]);
	if (line->mark || line->kind == LINE_VIOLATION)
		fputs(", color=red", out);
	fputs(", ", out);
	print_label(line, out);
	fputs("];\n", out);
}

static void print_cluster(const struct timeline *timeline, unsigned int column, FILE *out)
{
	size_t last = SIZE_MAX;

	fprintf(out, "\tsubgraph cluster%u {\n\t\tlabel=\"CPU%u\";\n", column,
		timeline->cpu[column]);
	for (size_t i = 0; i < timeline->lines.n; i++) {
		if (timeline->lines.line[i].column != column)
			continue;
		print_node(&timeline->lines.line[i], i, out);
		if (last != SIZE_MAX)
			fprintf(out, "\t\tn%zu -> n%zu;\n", last, i);
		last = i;
	}
	fputs("\t}\n", out);
}

void timeline_dot(const struct timeline *timeline, FILE *out)
{
	const struct line *line = timeline->lines.line;
	size_t marked[3] = { 0 };

	fputs("digraph timeline {\n\tnode [fontname=monospace];\n", out);
	for (unsigned int i = 0; i < timeline->nr_columns; i++)
		print_cluster(timeline, i, out);
	for (size_t i = 1; i < timeline->lines.n; i++)
		if (line[i].column != line[i - 1].column)
			fprintf(out, "\tn%zu -> n%zu [style=dotted];\n", i - 1, i);
	for (size_t i = 0; i < timeline->lines.n; i++)
		marked[line[i].mark] = i;
	if (marked[1] && marked[2])
		fprintf(out, "\tn%zu -> n%zu [color=red, label=decides, constraint=false];\n",
			marked[1], marked[2]);
	fputs("}\n", out);
}
