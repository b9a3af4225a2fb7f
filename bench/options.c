// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int complain(const struct bench_syntax *syntax, const char *argument, const char *what)
{
	const char *name;

	fprintf(stderr, "%s: %s: %s\n%s\nnames:", syntax->command, argument, what, syntax->usage);
	for (unsigned int i = 0; (name = syntax->name(i)); i++)
		fprintf(stderr, " %s", name);
	fputc('\n', stderr);
	return 2;
}

/* A number from 1 to @most, or 0. */
static unsigned long number(const char *text, unsigned long most)
{
	char *end;
	unsigned long value;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	value = strtoul(text, &end, 10);
	return *end || errno || value > most ? 0 : value;
}

static int parse_number(const struct bench_syntax *syntax, const char *option, const char *text,
			unsigned long most, unsigned long *value)
{
	char what[64];

	*value = number(text, most);
	if (*value)
		return 0;
	snprintf(what, sizeof(what), "needs a number from 1 to %lu", most);
	return complain(syntax, option, what);
}

static int parse_name(const struct bench_syntax *syntax, const char *text,
		      struct bench_options *options)
{
	const char *name;

	for (unsigned int i = 0; (name = syntax->name(i)); i++) {
		if (!strcmp(name, text)) {
			options->wanted |= UINT32_C(1) << i;
			return 0;
		}
	}
	return complain(syntax, text, "unknown name or option");
}

static uint32_t all_names(const struct bench_syntax *syntax)
{
	uint32_t all = 0;

	for (unsigned int i = 0; syntax->name(i); i++)
		all |= UINT32_C(1) << i;
	return all;
}

int bench_parse(const struct bench_syntax *syntax, int argc, char **argv,
		struct bench_options *options)
{
	unsigned long runs = options->runs;
	int err = 0;

	for (int i = 1; i < argc && !err; i++) {
		if (!strcmp(argv[i], "--json"))
			options->json = true;
		else if (!strcmp(argv[i], "--runs"))
			err = parse_number(syntax, "--runs", argv[++i], BENCH_MAX_RUNS, &runs);
		else if (!strcmp(argv[i], syntax->amount))
			err = parse_number(syntax, syntax->amount, argv[++i], syntax->most,
					   &options->amount);
		else
			err = parse_name(syntax, argv[i], options);
	}
	options->runs = (unsigned int)runs;
	if (!options->wanted)
		options->wanted = all_names(syntax);
	return err;
}
