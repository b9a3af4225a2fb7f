// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmsim_explore() on code that has nothing to do with memory management: a sequence lock, with a
 * reader that is right and one that forgets half of its check.
 *
 * cc seqlock.c $(pkg-config --cflags --libs vmsim-linux) && ./a.out
 */
#include <linux/compiler.h>
#include <linux/smp.h>
#include <asm/barrier.h>
#include <vmsim/vmsim.h>
#include <stdio.h>

/* All that the threads share. It is copied back before each execution. */
struct pair {
	unsigned int sequence;	/* odd: a write is under way */
	int a, b;		/* always equal, for those who read by the rules */
	int seen_a, seen_b;
};

static void begin_write(struct pair *pair)
{
	WRITE_ONCE(pair->sequence, pair->sequence + 1);
	smp_wmb();
}

static void end_write(struct pair *pair)
{
	smp_wmb();
	WRITE_ONCE(pair->sequence, pair->sequence + 1);
}

static int writer(struct vmsim_world *world)
{
	struct pair *pair = world->ctx;

	for (int value = 1; value <= 2; value++) {
		begin_write(pair);
		WRITE_ONCE(pair->a, value);
		WRITE_ONCE(pair->b, value);
		end_write(pair);
	}
	return 0;
}

static void copy(struct pair *pair)
{
	pair->seen_a = READ_ONCE(pair->a);
	pair->seen_b = READ_ONCE(pair->b);
}

static bool changed(struct pair *pair, unsigned int sequence)
{
	smp_rmb();
	return READ_ONCE(pair->sequence) != sequence;
}

static int right_reader(struct vmsim_world *world)
{
	struct pair *pair = world->ctx;
	unsigned int sequence;

	do {
		while ((sequence = READ_ONCE(pair->sequence)) & 1)
			cpu_relax();
		smp_rmb();
		copy(pair);
	} while (changed(pair, sequence));
	return 0;
}

/* Does not wait until the sequence is even: begins, and ends, in the middle of a write. */
static int hasty_reader(struct vmsim_world *world)
{
	struct pair *pair = world->ctx;
	unsigned int sequence;

	do {
		sequence = READ_ONCE(pair->sequence);
		smp_rmb();
		copy(pair);
	} while (changed(pair, sequence));
	return 0;
}

static int check(struct vmsim_world *world)
{
	struct pair *pair = world->ctx;

	if (pair->seen_a != pair->seen_b)
		vmsim_fail("the reader saw a = %d and b = %d", pair->seen_a, pair->seen_b);
	return 0;
}

/*
 * Explores a writer and @reader; tells what came out. Returns whether an execution failed, or -1.
 */
static int explore(const char *name, int (*reader)(struct vmsim_world *world), bool *exhausted)
{
	const struct vmsim_thread_def threads[] = {
		{ .name = "Writer", .cpu = 0, .fn = writer },
		{ .name = "Reader", .cpu = 1, .fn = reader },
	};
	const struct vmsim_scenario scenario = {
		.name = name,
		.bare = true,
		.config = { .cpus = 2, .frames = 128 },
		.ctx_size = sizeof(struct pair),
		.threads = threads,
		.nr_threads = 2,
		.check = check,
	};
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256];
	int violated;

	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_PORTFOLIO;
	options.executions = 100000;
	options.time_limit_ms = 10000;
	if (vmsim_explore(&scenario, &options, &result, error, sizeof(error))) {
		fprintf(stderr, "%s: %s\n", name, error);
		return -1;
	}
	violated = result.violated;
	*exhausted = result.coverage.exhausted;
	printf("%s: %llu executions, %s\n", name, (unsigned long long)result.executions,
	       violated ? result.violation.text :
	       *exhausted ? "nothing wrong, and nothing is left" : "nothing wrong so far");
	if (violated)
		vmsim_schedule_write(&scenario, &result.schedule, stdout);
	vmsim_result_free(&result);
	return violated;
}

int main(void)
{
	bool exhausted;

	if (explore("hasty-reader", hasty_reader, &exhausted) != 1)
		return 1;
	return explore("right-reader", right_reader, &exhausted) != 0;
}
