// SPDX-License-Identifier: GPL-2.0-only
/* Threads that start the measured part of their work together. */
#include "bench.h"
#include <errno.h>
#include <pthread.h>

struct member {
	const struct bench_crew *crew;
	void *arg;
	unsigned int index;
	pthread_barrier_t *barrier;
	double start, end;
	int result;
};

static void *run_member(void *arg)
{
	struct member *member = arg;
	const struct bench_crew *crew = member->crew;

	member->result = crew->prepare(member->arg, member->index);
	pthread_barrier_wait(member->barrier);
	member->start = bench_now();
	if (!member->result)
		member->result = crew->work(member->arg, member->index);
	member->end = bench_now();
	pthread_barrier_wait(member->barrier);
	crew->finish(member->arg, member->index);
	return NULL;
}

int bench_crew_run(const struct bench_crew *crew, unsigned int threads, void *arg, double *elapsed)
{
	struct member members[BENCH_MAX_THREADS];
	pthread_t thread[BENCH_MAX_THREADS];
	pthread_barrier_t barrier;
	double start = 0, end = 0;
	int result = 0;

	pthread_barrier_init(&barrier, NULL, threads);
	for (unsigned int i = 0; i < threads; i++) {
		members[i] = (struct member){ .crew = crew, .arg = arg, .index = i,
					      .barrier = &barrier };
		/* Threads that exist already stay at the barrier; the program is about to end. */
		if (pthread_create(&thread[i], NULL, run_member, &members[i]))
			return -EAGAIN;
	}
	for (unsigned int i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		if (i == 0 || members[i].start < start)
			start = members[i].start;
		if (members[i].end > end)
			end = members[i].end;
		if (members[i].result)
			result = members[i].result;
	}
	pthread_barrier_destroy(&barrier);
	*elapsed = end - start;
	return result;
}
