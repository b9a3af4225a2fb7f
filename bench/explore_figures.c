// SPDX-License-Identifier: GPL-2.0-only
/* How fast the explorer is, on the litmus test that other tools were measured with, and on mm. */
#include "bench.h"
#include "explore.h"
#include "litmus_gup.h"
#include "small_world.h"
#include <vmsim/vmsim.h>
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FOREVER UINT64_MAX

/* Seconds of the processor: others may use the machine, too. */
static double cpu_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

struct search {
	double seconds;
	uint64_t executions;
	struct vmsim_coverage coverage;
};

/* Nothing that is measured has a bug: a failure is one of the explorer. */
static int search(const struct vmsim_scenario *scenario,
		  const struct vmsim_explore_options *options, struct search *found)
{
	struct vmsim_result result;
	char error[256] = "";
	double start = cpu_seconds();
	int err = vmsim_explore(scenario, options, &result, error, sizeof(error));

	found->seconds = cpu_seconds() - start;
	found->executions = result.executions;
	found->coverage = result.coverage;
	if (err && err != -EOPNOTSUPP)
		fprintf(stderr, "vmsim bench: %s: %s\n", scenario->name, error);
	if (!err && result.violated) {
		fprintf(stderr, "vmsim bench: %s: %s %s\n", scenario->name,
			result.violation.oracle, result.violation.text);
		err = -EPROTO;
	}
	vmsim_result_free(&result);
	return err;
}

static struct vmsim_explore_options options_for(int strategy, unsigned int ms)
{
	struct vmsim_explore_options options;

	vmsim_explore_options_init(&options);
	options.strategy = (enum vmsim_strategy)strategy;
	options.executions = FOREVER;
	options.time_limit_ms = ms;
	return options;
}

#define COUNTS 200000

static int count(struct vmsim_world *world)
{
	atomic_t *counter = world->ctx;

	for (unsigned int i = 0; i < COUNTS; i++)
		atomic_inc(counter);
	return 0;
}

/* Two threads and one counter: decisions and accesses, and nothing else. */
static int decision(const struct explore_figure *figure, unsigned int ms, double *value)
{
	static const struct vmsim_thread_def threads[] = {
		{ .name = "A", .cpu = 0, .fn = count },
		{ .name = "B", .cpu = 1, .fn = count },
	};
	const struct vmsim_scenario scenario = {
		.name = "counter",
		.bare = true,
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 128 },
		.ctx_size = sizeof(atomic_t),
		.threads = threads,
		.nr_threads = 2,
	};
	struct vmsim_explore_options options = options_for(figure->strategy, ms);
	struct search found;
	int err;

	options.step_limit = 4 * COUNTS;
	err = search(&scenario, &options, &found);
	if (!err)
		*value = found.seconds * 1e9 / (double)found.coverage.decisions;
	return err;
}

static int litmus_rate(const struct explore_figure *figure, unsigned int ms, double *value)
{
	struct vmsim_explore_options options = options_for(figure->strategy, ms);
	struct litmus_gup litmus;
	struct search found;
	int err;

	litmus_gup_init(&litmus, figure->readers, figure->rounds, LITMUS_GUP_RIGHT);
	err = search(&litmus.scenario, &options, &found);
	if (!err)
		*value = (double)found.executions / found.seconds;
	return err;
}

static int litmus_decisions(const struct explore_figure *figure, unsigned int ms, double *value)
{
	struct vmsim_explore_options options = options_for(figure->strategy, ms);
	struct litmus_gup litmus;
	struct search found;
	int err;

	litmus_gup_init(&litmus, figure->readers, figure->rounds, LITMUS_GUP_RIGHT);
	err = search(&litmus.scenario, &options, &found);
	if (!err)
		*value = (double)found.coverage.decisions / (double)found.executions;
	return err;
}

static int mm_rate(const struct explore_figure *figure, unsigned int ms, double *value)
{
	struct vmsim_explore_options options = options_for(figure->strategy, ms);
	struct search found;
	int err = search(&bench_small_world, &options, &found);

	if (!err)
		*value = (double)found.executions / found.seconds;
	return err;
}

static int mm_decisions(const struct explore_figure *figure, unsigned int ms, double *value)
{
	struct vmsim_explore_options options = options_for(figure->strategy, ms);
	struct search found;
	int err = search(&bench_small_world, &options, &found);

	if (!err)
		*value = (double)found.coverage.decisions / (double)found.executions;
	return err;
}

static int exhaust(const struct explore_figure *figure, struct search *found)
{
	struct vmsim_explore_options options = options_for(figure->strategy, 0);
	struct litmus_gup litmus;
	int err;

	litmus_gup_init(&litmus, figure->readers, figure->rounds, LITMUS_GUP_RIGHT);
	err = search(&litmus.scenario, &options, found);
	if (!err && !found->coverage.exhausted) {
		fprintf(stderr, "vmsim bench: %s: not exhausted\n", figure->name);
		err = -EPROTO;
	}
	return err;
}

static int seconds_to_exhaust(const struct explore_figure *figure, unsigned int ms, double *value)
{
	struct search found;
	int err = exhaust(figure, &found);

	(void)ms;
	*value = found.seconds;
	return err;
}

static int executions_to_exhaust(const struct explore_figure *figure, unsigned int ms,
				 double *value)
{
	struct search found;
	int err = exhaust(figure, &found);

	(void)ms;
	*value = (double)(found.executions + found.coverage.blocked);
	return err;
}

static int transition_rate(const struct explore_figure *figure, unsigned int ms, double *value)
{
	struct search found;
	int err = exhaust(figure, &found);

	(void)ms;
	if (!err)
		*value = (double)found.coverage.transitions / found.seconds;
	return err;
}

/* Executions of shard @shard of two, within @ms of the clock on the wall. */
static int shard_executions(const struct explore_figure *figure, unsigned int shard,
			    unsigned int ms, uint64_t *executions)
{
	struct vmsim_explore_options options = options_for(figure->strategy, ms);
	struct litmus_gup litmus;
	struct search found;
	int err;

	options.seed = 1 + ((uint64_t)shard << 40);
	litmus_gup_init(&litmus, figure->readers, figure->rounds, LITMUS_GUP_RIGHT);
	err = search(&litmus.scenario, &options, &found);
	*executions = found.executions;
	return err;
}

/* Executions of @shards processes that run at the same time. */
static int together(const struct explore_figure *figure, unsigned int shards, unsigned int ms,
		    uint64_t *executions)
{
	int pipe_end[2], err = 0;
	uint64_t done;

	if (pipe(pipe_end))
		return -errno;
	for (unsigned int i = 0; i < shards; i++) {
		pid_t child = fork();

		if (child < 0)
			err = -errno;
		if (child)
			continue;
		if (shard_executions(figure, i, ms, &done))
			done = 0;
		_exit(write(pipe_end[1], &done, sizeof(done)) != sizeof(done));
	}
	close(pipe_end[1]);
	*executions = 0;
	for (unsigned int i = 0; i < shards; i++) {
		if (read(pipe_end[0], &done, sizeof(done)) != sizeof(done) || !done)
			err = err ? err : -EPROTO;
		else
			*executions += done;
	}
	close(pipe_end[0]);
	while (wait(NULL) > 0)
		;
	return err;
}

static int two_shards(const struct explore_figure *figure, unsigned int ms, double *value)
{
	uint64_t one, two;
	int err = together(figure, 1, ms, &one);

	if (!err)
		err = together(figure, 2, ms, &two);
	if (!err)
		*value = (double)two / (double)one;
	return err;
}

/* reference/explore.md 3.1, 2.2 and 2.1: measured there, on a machine of this kind. */
static const struct explore_peer peers_decision[] = {
	{ "prototype, random walk", 15 }, { "prototype, PCT", 12 }, { 0 }
};
static const struct explore_peer peers_one[] = {
	{ "prototype", 7.6e6 }, { "Relacy", 2.0e6 }, { "pthreads and futex, pinned", 61.9e3 }, { 0 }
};
static const struct explore_peer peers_two[] = {
	{ "prototype", 5.25e6 }, { "Relacy", 1.5e6 }, { "loom", 40e3 },
	{ "pthreads and futex, pinned", 25.7e3 }, { "GenMC (its dpor)", 25.0e3 },
	{ "Nidhugg (its dpor)", 7.2e3 }, { 0 }
};
static const struct explore_peer peers_dpor[] = {
	{ "prototype", 1.2e6 }, { "GenMC", 25.0e3 }, { "Nidhugg", 7.2e3 }, { 0 }
};
static const struct explore_peer peers_dpor_long[] = {
	{ "prototype, every pair of steps compared", 48e3 }, { 0 }
};
static const struct explore_peer peers_executions[] = {
	{ "prototype", 368 }, { "GenMC, loop transformations off", 365 }, { "GenMC", 160 },
	{ "Nidhugg, optimal", 160 }, { "loom", 1700906 }, { "Relacy", 1692138 }, { 0 }
};
static const struct explore_peer peers_transitions[] = {
	{ "prototype", 2.3e6 }, { "SPIN on a model (states)", 1.3e6 }, { 0 }
};
static const struct explore_peer peers_exhaust[] = {
	{ "prototype", 0.36 }, { "SPIN on a model", 4.4 }, { "Nidhugg (not finished)", 180 },
	{ "GenMC (not finished)", 200 }, { 0 }
};
static const struct explore_peer peers_shards[] = {
	{ "prototype", 1.96 }, { "GenMC --nthreads=2", 1.83 }, { 0 }
};

#define RANDOM VMSIM_STRATEGY_RANDOM
#define PCT VMSIM_STRATEGY_PCT
#define DPOR VMSIM_STRATEGY_DPOR
#define STATES VMSIM_STRATEGY_STATES

const struct explore_figure explore_figures[] = {
	{ "decision", "decision and access, threads in random turns", "ns", EXPLORE_AT_MOST, 20,
	  peers_decision, decision, .strategy = RANDOM },
	{ "decision-same", "decision and access, the same thread goes on", "ns", EXPLORE_AT_MOST,
	  15, peers_decision, decision, .strategy = PCT },
	{ "random-1", "litmus, 1 reader, random", "1/s", EXPLORE_NO_BAR, 0, peers_one, litmus_rate,
	  .strategy = RANDOM, .readers = 1, .rounds = 1 },
	{ "random-2", "litmus, 2 readers, random", "1/s", EXPLORE_AT_LEAST, 3e6, peers_two,
	  litmus_rate, .strategy = RANDOM, .readers = 2, .rounds = 1 },
	{ "random-3", "litmus, 3 readers, random", "1/s", EXPLORE_NO_BAR, 0, NULL, litmus_rate,
	  .strategy = RANDOM, .readers = 3, .rounds = 1 },
	{ "pct-1", "litmus, 1 reader, pct", "1/s", EXPLORE_NO_BAR, 0, peers_one, litmus_rate,
	  .strategy = PCT, .readers = 1, .rounds = 1 },
	{ "pct-2", "litmus, 2 readers, pct", "1/s", EXPLORE_AT_LEAST, 3e6, peers_two, litmus_rate,
	  .strategy = PCT, .readers = 2, .rounds = 1 },
	{ "pct-3", "litmus, 3 readers, pct", "1/s", EXPLORE_NO_BAR, 0, NULL, litmus_rate,
	  .strategy = PCT, .readers = 3, .rounds = 1 },
	{ "mm-random", "4 CPUs: faults, mprotect, munmap, writeback; random", "1/s",
	  EXPLORE_AT_LEAST, 200e3, NULL, mm_rate, .strategy = RANDOM },
	{ "mm-pct", "the same, pct", "1/s", EXPLORE_AT_LEAST, 200e3, NULL, mm_rate,
	  .strategy = PCT },
	{ "mm-decisions", "decisions of one such execution, on average", "decisions",
	  EXPLORE_NO_BAR, 0, NULL, mm_decisions, .strategy = RANDOM },
	{ "dpor-rate", "litmus, 3 readers, dpor", "1/s", EXPLORE_NO_BAR, 0, peers_dpor, litmus_rate,
	  .strategy = DPOR, .readers = 3, .rounds = 1 },
	{ "dpor-long", "litmus, 3 readers 16 times, dpor", "1/s", EXPLORE_AT_LEAST, 100e3,
	  peers_dpor_long, litmus_rate, .strategy = DPOR, .readers = 3, .rounds = 16 },
	{ "dpor-decisions", "decisions of one such execution, on average", "decisions",
	  EXPLORE_NO_BAR, 0, NULL, litmus_decisions, .strategy = DPOR, .readers = 3, .rounds = 16 },
	{ "mm-dpor", "4 CPUs: faults, mprotect, munmap, writeback; dpor", "1/s", EXPLORE_NO_BAR, 0,
	  NULL, mm_rate, .strategy = DPOR },
	{ "dpor-executions", "litmus, 2 readers, exhausted by dpor", "executions", EXPLORE_AT_MOST,
	  368, peers_executions, executions_to_exhaust, .strategy = DPOR, .readers = 2,
	  .rounds = 1 },
	{ "states-rate", "litmus, 3 readers twice, transitions", "1/s", EXPLORE_AT_LEAST, 1e6,
	  peers_transitions, transition_rate, .strategy = STATES, .readers = 3, .rounds = 2 },
	{ "states-exhaust", "litmus, 3 readers twice, exhausted by states", "s", EXPLORE_AT_MOST, 1,
	  peers_exhaust, seconds_to_exhaust, .strategy = STATES, .readers = 3, .rounds = 2 },
	{ "shards", "two processes against one, litmus, 2 readers, random", "x", EXPLORE_AT_LEAST,
	  1.9, peers_shards, two_shards, .strategy = RANDOM, .readers = 2, .rounds = 1 },
};

const unsigned int explore_nr_figures = sizeof(explore_figures) / sizeof(explore_figures[0]);
