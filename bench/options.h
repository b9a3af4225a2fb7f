/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_BENCH_OPTIONS_H
#define VMSIM_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define BENCH_MAX_RUNS 101

/**
 * struct bench_options - what the command line of a benchmark says
 * @runs: of each figure
 * @amount: how much one run does
 * @wanted: bit per name
 */
struct bench_options {
	unsigned int runs;
	unsigned long amount;
	bool json;
	uint32_t wanted;
};

/**
 * struct bench_syntax - what it may say
 * @command: for complaints: "vmsim bench"
 * @usage: the lines that explain it, without the names
 * @amount, @most: the option for the amount, "--pages", and its largest value
 * @name: the name of what can be measured; NULL: there are no more
 */
struct bench_syntax {
	const char *command, *usage, *amount;
	unsigned long most;
	const char *(*name)(unsigned int index);
};

/* Reads the arguments into @options, which has the defaults. 0, or 2 after a complaint. */
int bench_parse(const struct bench_syntax *syntax, int argc, char **argv,
		struct bench_options *options);

#endif
