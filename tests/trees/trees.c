// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random trees of processes against scan, recount and model, for a number of seeds:
 *
 *   trees [--seeds N] [--first SEED] [--steps N] [--jobs N] [--oracles] [--loud] [--as-it-is]
 *         [--as-6.1] [--log] [--whole STEP]
 *
 * --oracles: all oracles of the library watch, too; then no device writes to the file, as that would
 * be behind the back of its file system (E35). --loud: every operation is printed.
 * --as-it-is: a failure is not cut down. --as-6.1: the library pins as Linux 6.1 does, and what that
 * refuses with a warning is not asked for. --log: a line for each step (log.c), with operations that
 * have no model; --whole: after that step also the whole state.
 * Exit status: 0; 1: a failure, of which seed and operations are printed; 2: usage.
 */
#include "run.h"
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>

#define MAX_JOBS 64

struct options {
	u64 first, oracles;
	unsigned int seeds, steps, jobs, whole;
	bool loud, as_it_is, as_6_1, log;
};

struct job {
	pid_t pid;			/* 0: free */
	struct list list;
	struct outcome *outcome;	/* shared with the process */
};

static struct list list_of(const struct options *options, u64 seed)
{
	struct list list = {
		.seed = seed, .oracles = options->oracles, .nr = options->steps,
		.as_6_1 = options->as_6_1, .log = options->log, .whole = options->whole,
		.step = malloc((options->steps + 1) * sizeof(*list.step)),
	};

	for (unsigned int i = 0; i < list.nr; i++)
		list.step[i] = i;
	return list;
}

static void tell(const struct options *options, struct list *list, struct outcome *outcome)
{
	int status;
	pid_t pid;

	fprintf(stderr, "seed %llu, step %u: %s\n", (unsigned long long)list->seed, outcome->step,
		outcome->text);
	if (options->as_it_is)
		return;
	list->nr = min(outcome->step + 1, list->nr);
	run_shrink(list, outcome);
	fprintf(stderr, "these %u operations are enough:\n", list->nr);
	pid = run_start(list, outcome, true);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && !run_is_good(status, outcome))
		fprintf(stderr, "seed %llu: %s\n", (unsigned long long)list->seed, outcome->text);
}

static void *shared(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(3);
	}
	return at;
}

static bool start(const struct options *options, struct job *job, u64 seed)
{
	job->list = list_of(options, seed);
	job->pid = run_start(&job->list, job->outcome, options->loud);
	if (job->pid < 0)
		perror("fork");
	return job->pid > 0;
}

/* The job that has ended. */
static struct job *next_end(struct job *jobs, int *status)
{
	pid_t pid = wait(status);

	for (unsigned int i = 0; i < MAX_JOBS; i++)
		if (pid > 0 && jobs[i].pid == pid)
			return &jobs[i];
	return NULL;
}

static struct job *free_job(struct job *jobs, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!jobs[i].pid)
			return &jobs[i];
	return NULL;
}

/* The number of failures. After the first, no more seeds are begun. */
static unsigned int run_all(const struct options *options)
{
	struct job jobs[MAX_JOBS] = { 0 };
	unsigned int started = 0, ended = 0, failures = 0;
	struct outcome *outcomes = shared(MAX_JOBS * sizeof(*outcomes));
	struct job *job;
	int status;

	for (unsigned int i = 0; i < MAX_JOBS; i++)
		jobs[i].outcome = &outcomes[i];
	while (started > ended || (started < options->seeds && !failures)) {
		job = free_job(jobs, options->jobs);
		if (job && started < options->seeds && !failures) {
			if (!start(options, job, options->first + started))
				return failures + 1;
			started++;
			continue;
		}
		job = next_end(jobs, &status);
		if (!job)
			return failures + 1;
		ended++;
		if (!run_is_good(status, job->outcome)) {
			failures++;
			tell(options, &job->list, job->outcome);
		}
		free(job->list.step);
		job->pid = 0;
	}
	printf("%u seeds with %u steps each, %u failures\n", ended, options->steps, failures);
	return failures;
}

static int usage(void)
{
	fprintf(stderr, "usage: trees [--seeds N] [--first SEED] [--steps N] [--jobs N] [--oracles]"
		" [--loud] [--as-it-is] [--as-6.1] [--log] [--whole STEP]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seeds", required_argument, NULL, 's' },
		{ "first", required_argument, NULL, 'f' },
		{ "steps", required_argument, NULL, 'n' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "oracles", no_argument, NULL, 'o' },
		{ "loud", no_argument, NULL, 'l' },
		{ "as-it-is", no_argument, NULL, 'a' },
		{ "as-6.1", no_argument, NULL, '6' },
		{ "log", no_argument, NULL, 'L' },
		{ "whole", required_argument, NULL, 'w' },
		{ 0 },
	};
	/* Who watches makes warnings count; what needs no events costs nothing. */
	struct options options = {
		.first = 1, .seeds = 4, .steps = 1000, .jobs = 1,
		.oracles = VMSIM_ORACLE_BIT(O20), .whole = UINT_MAX,
	};

	for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
		switch (c) {
		case 's':
			options.seeds = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'f':
			options.first = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options.steps = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'j':
			options.jobs = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'o':
			options.oracles = VMSIM_ORACLES_ALL;
			break;
		case 'l':
			options.loud = true;
			break;
		case 'a':
			options.as_it_is = true;
			break;
		case '6':
			options.as_6_1 = true;
			break;
		case 'L':
			options.log = options.as_it_is = true;
			break;
		case 'w':
			options.whole = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		default:
			return usage();
		}
	}
	if (optind != argc || !options.seeds || !options.steps || !options.jobs ||
	    options.jobs > MAX_JOBS)
		return usage();
	return run_all(&options) ? 1 : 0;
}
