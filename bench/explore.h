/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_BENCH_EXPLORE_H
#define VMSIM_BENCH_EXPLORE_H

#include <stdbool.h>

/* `vmsim bench explore [NAME...] [--json] [--runs N] [--ms N]`; argv[0] is not an argument. */
int vmsim_bench_explore_main(int argc, char **argv);

/**
 * struct explore_peer - what another tool was measured with on the same work
 * @tool: and how it was run
 * @value: in the figure's unit
 */
struct explore_peer {
	const char *tool;
	double value;
};

enum explore_bar {
	EXPLORE_NO_BAR,
	EXPLORE_AT_MOST,
	EXPLORE_AT_LEAST,
};

/**
 * struct explore_figure - one thing that is measured
 * @unit: of its value; "1/s" is per second of one core
 * @bar, @limit: what the project wants to reach
 * @peers: the other tools; the last one has no name. NULL: there are none
 * @measure: one run of about @ms milliseconds. 0; -EOPNOTSUPP: the strategy is not built; -errno
 */
struct explore_figure {
	const char *name;
	const char *what;
	const char *unit;
	enum explore_bar bar;
	double limit;
	const struct explore_peer *peers;
	int (*measure)(const struct explore_figure *figure, unsigned int ms, double *value);
	/* For @measure. */
	int strategy;
	unsigned int readers, rounds;
};

extern const struct explore_figure explore_figures[];
extern const unsigned int explore_nr_figures;

#endif
