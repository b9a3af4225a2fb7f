// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vmsim bench explore`: how fast the explorer is, beside what other tools were measured with. Each
 * figure is the median of several runs.
 */
#include "bench.h"
#include "explore.h"
#include "options.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FIGURES 32

struct outcome {
	bool built;
	double value;
};

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static int measure(const struct explore_figure *figure, const struct bench_options *options,
		   struct outcome *outcome)
{
	double value[BENCH_MAX_RUNS];

	for (unsigned int run = 0; run < options->runs; run++) {
		int err = figure->measure(figure, (unsigned int)options->amount, &value[run]);

		if (err == -EOPNOTSUPP)
			return 0;
		if (err) {
			fprintf(stderr, "vmsim bench: %s: %s\n", figure->name, strerror(-err));
			return 3;
		}
	}
	qsort(value, options->runs, sizeof(value[0]), compare_doubles);
	*outcome = (struct outcome) { .built = true, .value = value[options->runs / 2] };
	return 0;
}

static bool holds(const struct explore_figure *figure, const struct outcome *outcome)
{
	if (!outcome->built)
		return false;
	return figure->bar == EXPLORE_AT_MOST ? outcome->value <= figure->limit :
						outcome->value >= figure->limit;
}

/* 3.21 M, 25.0 k, 15.1: four signs are enough. */
static const char *short_number(char *text, size_t size, double value)
{
	if (value >= 1e6)
		snprintf(text, size, "%.2f M", value / 1e6);
	else if (value >= 1e4)
		snprintf(text, size, "%.1f k", value / 1e3);
	else
		snprintf(text, size, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
	return text;
}

static void print_bar(const struct explore_figure *figure, const struct outcome *outcome)
{
	char limit[32], text[48] = "";

	if (figure->bar != EXPLORE_NO_BAR)
		snprintf(text, sizeof(text), "%s %s: %s",
			 figure->bar == EXPLORE_AT_MOST ? "<=" : ">=",
			 short_number(limit, sizeof(limit), figure->limit),
			 holds(figure, outcome) ? "holds" : "MISSED");
	printf(" %-18s", outcome->built ? text : "");
}

static void print_peers(const struct explore_figure *figure)
{
	char value[32];

	for (const struct explore_peer *peer = figure->peers; peer && peer->tool; peer++)
		printf("%*s%-32s %12s %s\n", 18, "", peer->tool,
		       short_number(value, sizeof(value), peer->value), figure->unit);
}

static void print_figure(const struct explore_figure *figure, const struct outcome *outcome)
{
	char value[32];

	if (outcome->built)
		printf("%-16s %10s %-10s", figure->name,
		       short_number(value, sizeof(value), outcome->value), figure->unit);
	else
		printf("%-16s %21s", figure->name, "not built");
	print_bar(figure, outcome);
	printf(" %s\n", figure->what);
	print_peers(figure);
}

static json_t *figure_json(const struct explore_figure *figure, const struct outcome *outcome)
{
	json_t *item = json_object(), *peers = json_array();

	json_object_set_new(item, "name", json_string(figure->name));
	json_object_set_new(item, "what", json_string(figure->what));
	json_object_set_new(item, "unit", json_string(figure->unit));
	json_object_set_new(item, "vmsim",
			    outcome->built ? json_real(outcome->value) : json_null());
	if (figure->bar != EXPLORE_NO_BAR) {
		json_object_set_new(item, figure->bar == EXPLORE_AT_MOST ? "at_most" : "at_least",
				    json_real(figure->limit));
		json_object_set_new(item, "holds", json_boolean(holds(figure, outcome)));
	}
	json_object_set_new(item, "peers", peers);
	for (const struct explore_peer *peer = figure->peers; peer && peer->tool; peer++) {
		json_t *entry = json_object();

		json_object_set_new(entry, "tool", json_string(peer->tool));
		json_object_set_new(entry, "value", json_real(peer->value));
		json_array_append_new(peers, entry);
	}
	return item;
}

static int print_json(const struct bench_options *options, const struct outcome *outcomes,
		      double rmw)
{
	json_t *root = json_object(), *list = json_array();
	int result;

	json_object_set_new(root, "atomic_rmw_ns", json_real(rmw));
	json_object_set_new(root, "runs", json_integer(options->runs));
	json_object_set_new(root, "peers_from",
			    json_string("reference/explore.md, measured there"));
	json_object_set_new(root, "figures", list);
	for (unsigned int i = 0; i < explore_nr_figures; i++)
		if (options->wanted >> i & 1)
			json_array_append_new(list, figure_json(&explore_figures[i], &outcomes[i]));
	result = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) ? 3 : 0;
	putchar('\n');
	json_decref(root);
	return result;
}

static const char *figure_name(unsigned int index)
{
	return index < explore_nr_figures ? explore_figures[index].name : NULL;
}

static const struct bench_syntax syntax = {
	.command = "vmsim bench explore",
	.usage = "usage: vmsim bench explore [NAME...] [--json] [--runs N] [--ms N]",
	.amount = "--ms",
	.most = 60000,
	.name = figure_name,
};

int vmsim_bench_explore_main(int argc, char **argv)
{
	struct bench_options options = { .runs = 5, .amount = 300 };
	struct outcome outcomes[MAX_FIGURES] = { 0 };
	int result = bench_parse(&syntax, argc, argv, &options);
	double rmw;

	if (result)
		return result;
	rmw = bench_atomic_rmw();
	if (!options.json)
		printf("A = %.2f ns: one uncontended atomic read-modify-write; medians of %u runs\n"
		       "per second of one core; indented: other tools, from reference/explore.md\n",
		       rmw, options.runs);
	for (unsigned int i = 0; i < explore_nr_figures && !result; i++) {
		if (!(options.wanted >> i & 1))
			continue;
		result = measure(&explore_figures[i], &options, &outcomes[i]);
		if (!result && !options.json)
			print_figure(&explore_figures[i], &outcomes[i]);
	}
	if (!result && options.json)
		result = print_json(&options, outcomes, rmw);
	return result;
}
