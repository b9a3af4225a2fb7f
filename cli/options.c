// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <errno.h>
#include <registry.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void complain(const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	/* What comes from files and arguments must not break the line. */
	for (char *c = line; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	fprintf(stderr, "vmsim: %s\n", line);
}

void cli_complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
}

void cli_bad_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	exit(CLI_USAGE);
}

/* argp's second line of advice goes nowhere: the first one says it all. */
static FILE *no_advice(void)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	return nowhere ? nowhere : stderr;
}

static const struct argp *inner;

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_INIT)
		state->err_stream = no_advice();
	return inner->parser ? inner->parser(key, arg, state) : ARGP_ERR_UNKNOWN;
}

void cli_parse_options(const struct argp *argp, int argc, char **argv, void *input)
{
	struct argp outer = *argp;

	inner = argp;
	outer.parser = parse_option;
	argp_err_exit_status = CLI_USAGE;
	if (argp_parse(&outer, argc, argv, 0, NULL, input))
		exit(CLI_USAGE);
}

uint64_t cli_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number < min || number > max)
		cli_bad_usage("--%s: '%s' is no number from %llu to %llu", option, text,
			      (unsigned long long)min, (unsigned long long)max);
	return number;
}

const struct vmsim_scenario *cli_find_scenario(const char *name)
{
	const struct vmsim_scenario *scenario = vmsim_scenario_named(name);

	if (!scenario)
		cli_bad_usage("unknown scenario '%s'; see vmsim list", name);
	return scenario;
}

const struct vmsim_variant *cli_find_variant(const struct vmsim_scenario *scenario,
					     const char *name)
{
	for (unsigned int i = 0; i < scenario->nr_variants; i++) {
		const struct vmsim_variant *variant = &scenario->variants[i];

		if (name ? !strcmp(variant->name, name) : variant->builtin)
			return variant;
	}
	if (name)
		cli_bad_usage("scenario '%s' has no variant '%s'; see vmsim list", scenario->name,
			      name);
	return NULL;
}

void cli_parse_tlb(const char *text, enum vmsim_tlb *tlb, unsigned int *nth)
{
	const char *colon = strchr(text, ':');
	char name[32];
	int found;

	snprintf(name, sizeof(name), "%.*s", colon ? (int)(colon - text) : (int)strlen(text), text);
	found = vmsim_tlb_parse(name);
	if (found < 0)
		cli_bad_usage("--tlb: unknown flush back-end '%s'", text);
	if (colon && found != VMSIM_TLB_FAULTY)
		cli_bad_usage("--tlb: only 'faulty' takes a number");
	*tlb = (enum vmsim_tlb)found;
	*nth = colon ? (unsigned int)cli_number("tlb", colon + 1, 1, UINT32_MAX) : 0;
}

/* A bit for each name of a list; @what: of these names. */
static uint64_t parse_list(const char *text, const char *option, const char *what,
			   int (*parse)(const char *name))
{
	char *list = strdup(text), *rest = list, *name;
	uint64_t bits = 0;

	while ((name = strsep(&rest, ",|"))) {
		int bit = parse(name);

		if (bit < 0)
			cli_bad_usage("--%s: unknown %s '%s'", option, what, name);
		bits |= UINT64_C(1) << bit;
	}
	free(list);
	return bits;
}

uint64_t cli_parse_oracles(const char *text)
{
	return parse_list(text, "oracles", "oracle", vmsim_oracle_parse);
}

unsigned int cli_parse_tlbs(const char *text)
{
	return (unsigned int)parse_list(text, "tlb", "flush back-end", vmsim_tlb_parse);
}

unsigned int cli_parse_questions(const char *text)
{
	return (unsigned int)parse_list(text, "ask", "question", vmsim_question_parse);
}

enum vmsim_backend cli_parse_backend(const char *name)
{
	if (!strcmp(name, "fiber"))
		return VMSIM_BACKEND_FIBER;
	if (!strcmp(name, "pthread"))
		return VMSIM_BACKEND_PTHREAD;
	cli_bad_usage("--backend: unknown back-end '%s'", name);
}

int cli_print_json(json_t *json)
{
	int err = !json || json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);

	json_decref(json);
	if (err) {
		cli_complain("cannot write JSON");
		return CLI_FAILED;
	}
	putchar('\n');
	return CLI_OK;
}
