// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"
#include <pthread.h>

/*
 * Threads that really run in parallel write, drop and unmap while one of them forks, becomes the
 * child, and looks: what it sees must not change behind its back. Every oracle watches.
 */

enum { THREADS = 4, FORKS = 1500, PAGES = 12 };

struct job {
	int id;
	unsigned long area;
	const char *wrong;
};

static int writers_left;

static uint64_t rnd(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005UL + 1442695040888963407UL;
	return *seed >> 33;
}

/* Each thread has a word of its own in each page; what it stored last, or zero, it finds. */
static bool change(struct job *job, uint64_t *seed, uint64_t *last)
{
	uint64_t page = rnd(seed) % PAGES;
	unsigned long at = job->area + page * PG;
	uint64_t value = 0;

	switch (rnd(seed) % 16) {
	case 0:
		/* Others find zeroes, too. */
		return !vmsim_madvise(job->area + (PAGES - 1) * PG, PG, MADV_DONTNEED);
	case 1:
		return !vmsim_mprotect(at, PG, PROT_READ | PROT_WRITE);
	case 2:
		return !vmsim_load(at + (unsigned long)job->id * 8, 8, &value) &&
		       (value == last[page] || (page == PAGES - 1 && !value));
	default:
		last[page] = rnd(seed) | 1;
		return !vmsim_store(at + (unsigned long)job->id * 8, 8, last[page]);
	}
}

static void *write_on(void *arg)
{
	struct job *job = arg;
	uint64_t seed = (uint64_t)job->id, last[PAGES] = { 0 };

	if (vmsim_attach(world.machine, (unsigned int)job->id, world.pid)) {
		job->wrong = "attach";
		return NULL;
	}
	while (!job->wrong && __atomic_load_n(&writers_left, __ATOMIC_ACQUIRE))
		if (!change(job, &seed, last))
			job->wrong = "a thread does not find what it stored";
	vmsim_detach();
	return NULL;
}

/* Everything that the child has is read, read again, written and read. */
static bool is_its_own(unsigned long area, uint64_t round)
{
	static uint64_t seen[PAGES][THREADS];
	uint64_t value = 0;

	for (int pass = 0; pass < 3; pass++)
		for (unsigned long i = 0; i < PAGES; i++)
			for (unsigned long k = 1; k < THREADS; k++) {
				if (vmsim_load(area + i * PG + k * 8, 8, &value) ||
				    (pass && value != seen[i][k]))
					return false;
				seen[i][k] = value;
				if (pass == 1 && (vmsim_store(area + i * PG, 8, round) ||
						  vmsim_load(area + i * PG, 8, &value) ||
						  value != round))
					return false;
			}
	return true;
}

static void test_fork_beside_writers(void **state)
{
	unsigned long a = map(PAGES, RW, ANON);
	pthread_t thread[THREADS];
	struct job job[THREADS];
	bool good = true;

	(void)state;
	writers_left = 1;
	for (int i = 1; i < THREADS; i++) {
		job[i] = (struct job) { .id = i, .area = a };
		assert_int_equal(pthread_create(&thread[i], NULL, write_on, &job[i]), 0);
	}
	for (uint64_t round = 0; round < FORKS && good; round++) {
		int child = vmsim_fork(NULL);

		good = child > 0 && !vmsim_become(child) && is_its_own(a, round);
		good = !vmsim_become(world.pid) && good;
		good = !vmsim_process_destroy(world.machine, child) && good;
	}
	__atomic_store_n(&writers_left, 0, __ATOMIC_RELEASE);
	for (int i = 1; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		if (job[i].wrong)
			fail_msg("thread %d: %s", i, job[i].wrong);
	}
	assert_true(good);
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_fork_beside_writers),
	};

	return vmsim_run_tests(tests);
}
