// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"
#include <pthread.h>

/*
 * Threads of one process that really run in parallel. What they find is checked; what they must
 * not do to each other is for the sanitizers.
 */

enum { THREADS = 4, ROUNDS = 300, PAGES = 24 };

struct job {
	int id;
	int file;
	unsigned long shared;
	const char *wrong;
};

static uint64_t rnd(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005UL + 1442695040888963407UL;
	return *seed >> 33;
}

static bool in_range_of_its_own(struct job *job, int round)
{
	long a = vmsim_mmap(0, PAGES * PG, RW, ANON, -1, 0);
	uint64_t value = 0;
	bool good = a > 0;

	for (int i = 0; i < PAGES && good; i++)
		good = !vmsim_store(a + i * PG, 8, (uint64_t)(job->id + 1) * 1000000 + round + i);
	if (good && round % 3 == 0)
		good = !vmsim_mprotect(a + PG, 3 * PG, PROT_READ) &&
		       !vmsim_mprotect(a + PG, 3 * PG, RW);
	if (good && round % 5 == 0)
		good = !vmsim_madvise(a, PG, MADV_DONTNEED) && !vmsim_load(a, 8, &value) && !value;
	for (int i = 1; i < PAGES && good; i++)
		good = !vmsim_load(a + i * PG, 8, &value) &&
		       value == (uint64_t)(job->id + 1) * 1000000 + round + i;
	return good && !vmsim_munmap(a, PAGES * PG);
}

/* A range that all of them fault, drop and read at once: a word is zero or somebody's. */
static bool in_the_common_range(struct job *job, uint64_t *seed)
{
	unsigned long at = job->shared + rnd(seed) % PAGES * PG;
	uint64_t value = 0;

	switch (rnd(seed) % 4) {
	case 0:
		return !vmsim_madvise(at, PG, MADV_DONTNEED);
	case 1:
		return !vmsim_load(at, 8, &value) && value <= THREADS;
	default:
		return !vmsim_store(at, 8, (uint64_t)job->id + 1);
	}
}

static bool in_the_file(struct job *job, uint64_t *seed)
{
	uint64_t page = rnd(seed) % PAGES;
	long a = vmsim_mmap(0, PAGES * PG, RW, MAP_SHARED, job->file, 0);
	uint64_t value = 0;
	bool good = a > 0;

	good = good && !vmsim_store(a + page * PG + job->id * 8, 8, page + 1);
	if (good && rnd(seed) % 4 == 0)
		good = !vmsim_msync(a, PAGES * PG, MS_SYNC);
	if (good && rnd(seed) % 4 == 0)
		good = !vmsim_madvise(a, PAGES * PG, MADV_DONTNEED);
	good = good && !vmsim_load(a + page * PG + job->id * 8, 8, &value) && value == page + 1;
	return good && !vmsim_munmap(a, PAGES * PG);
}

static void *work(void *arg)
{
	struct job *job = arg;
	uint64_t seed = (uint64_t)job->id + 1;

	if (vmsim_attach(world.machine, (unsigned int)job->id, world.pid)) {
		job->wrong = "attach";
		return NULL;
	}
	for (int round = 0; round < ROUNDS && !job->wrong; round++) {
		if (!in_range_of_its_own(job, round))
			job->wrong = "own range";
		for (int i = 0; i < 8; i++)
			if (!in_the_common_range(job, &seed))
				job->wrong = "common range";
		if (!in_the_file(job, &seed))
			job->wrong = "file";
	}
	if (vmsim_detach())
		job->wrong = "detach";
	return NULL;
}

static void test_threads_share_an_address_space(void **state)
{
	unsigned long shared = map(PAGES, RW, ANON);
	int file = vmsim_file_create(world.machine, "f", PAGES * PG);
	pthread_t thread[THREADS];
	struct job job[THREADS];
	struct vmsim_rss rss;

	(void)state;
	assert_int_equal(vmsim_detach(), 0);
	for (int i = 0; i < THREADS; i++) {
		job[i] = (struct job) { .id = i, .file = file, .shared = shared };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &job[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < THREADS; i++)
		if (job[i].wrong)
			fail_msg("thread %d: %s", i, job[i].wrong);
	rss = rss_now();
	assert_true(rss.anon <= PAGES);
	assert_int_equal(rss.file, 0);
	assert_int_equal(vmsim_attach(world.machine, 0, world.pid), 0);
	assert_int_equal(vmsim_munmap(shared, PAGES * PG), 0);
	assert_rss(0, 0);
	assert_int_equal(mappings(), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* Each of them a process of its own, made and destroyed while the others do the same. */
static void *live_and_die(void *arg)
{
	struct job *job = arg;

	for (int round = 0; round < ROUNDS / 10 && !job->wrong; round++) {
		int pid;

		if (vmsim_attach(world.machine, (unsigned int)job->id, world.pid)) {
			job->wrong = "attach";
			break;
		}
		pid = vmsim_process_create(world.machine, "child");
		if (pid < 0 || vmsim_detach() ||
		    vmsim_attach(world.machine, (unsigned int)job->id, pid))
			job->wrong = "become";
		else if (!in_range_of_its_own(job, round) || vmsim_exec("x") ||
			 !in_range_of_its_own(job, round) || vmsim_exit())
			job->wrong = "life";
		if (vmsim_detach() ||
		    vmsim_attach(world.machine, (unsigned int)job->id, world.pid) ||
		    vmsim_process_destroy(world.machine, pid) || vmsim_detach())
			job->wrong = "death";
	}
	return NULL;
}

static void test_processes_come_and_go(void **state)
{
	pthread_t thread[THREADS];
	struct job job[THREADS];

	(void)state;
	assert_int_equal(vmsim_detach(), 0);
	for (int i = 0; i < THREADS; i++) {
		job[i] = (struct job) { .id = i };
		assert_int_equal(pthread_create(&thread[i], NULL, live_and_die, &job[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < THREADS; i++)
		if (job[i].wrong)
			fail_msg("thread %d: %s", i, job[i].wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_threads_share_an_address_space),
		in_world(test_processes_come_and_go),
	};

	return vmsim_run_tests(tests);
}
