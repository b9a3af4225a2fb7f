// SPDX-License-Identifier: GPL-2.0-only
#include "gup_test.h"
#include <pthread.h>
#include <sched.h>

/*
 * GUP-fast against everything that changes entries and frees tables, on real CPUs. What is held
 * must keep what its holder wrote, whoever unmaps it; at the end every count is recounted.
 */

enum { THREADS = 4, HOLDS = 20000, PAGES = 16 };

/* Memory of one table of its own, so that munmap() frees that too. */
#define AREA 0x50000000UL

struct job {
	int id;
	const char *wrong;
	unsigned long held;
};

/* Changers go on as long as there are holders. */
static int holders;

static uint64_t rnd(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005UL + 1442695040888963407UL;
	return *seed >> 33;
}

static bool map_area(void)
{
	return vmsim_mmap(AREA, PAGES * PG, RW, ANON | MAP_FIXED, -1, 0) == (long)AREA;
}

/* Programs write to the first word of a page, holders each to one of their own. */
static size_t word_of(const struct job *job, int page)
{
	return (size_t)page * PG + 8 * (1 + (size_t)job->id);
}

/* Nobody else may get a page that is held: what was written to it stays. */
static const char *hold(struct job *job, uint64_t *seed)
{
	unsigned long at = rnd(seed) % PAGES;
	unsigned int flags = VMSIM_PIN_WRITE | (rnd(seed) % 4 ? 0 : VMSIM_PIN_LOCKED) |
			     (rnd(seed) % 4 ? 0 : VMSIM_PIN_REF);
	uint64_t mine = (uint64_t)(job->id + 1) << 32 | job->held, seen = 0;
	struct vmsim_pins *pins;
	int n = vmsim_pin(AREA + at * PG, 1 + rnd(seed) % 3, flags, &pins);
	const char *wrong = NULL;

	/* The range may be gone at the moment. */
	if (n <= 0)
		return n == -EFAULT ? NULL : "pin";
	job->held++;
	for (int i = 0; i < n && !wrong; i++)
		if (vmsim_dma_write(pins, word_of(job, i), &mine, 8))
			wrong = "write";
	for (int i = 0; i < n && !wrong; i++) {
		if (vmsim_dma_read(pins, word_of(job, i), &seen, 8))
			wrong = "read";
		else if (seen != mine)
			wrong = "somebody else has the page";
	}
	return vmsim_unpin(pins, rnd(seed) % 2) ? "unpin" : wrong;
}

/* Memory that is nobody else's, in frames that were just dropped: no device writes there. */
static bool own_page(void)
{
	long addr = vmsim_mmap(0, PG, RW, ANON, -1, 0);
	bool mine = addr > 0;

	for (int word = 0; word <= THREADS && mine; word++)
		mine = !vmsim_store((unsigned long)addr + 8 * (unsigned long)word, 8, 1);
	for (int word = 0; word <= THREADS && mine; word++) {
		uint64_t seen = 0;

		mine = !vmsim_load((unsigned long)addr + 8 * (unsigned long)word, 8, &seen) &&
		       seen == 1;
	}
	return mine && !vmsim_munmap((unsigned long)addr, PG);
}

static const char *change(uint64_t *seed)
{
	unsigned long addr = AREA + rnd(seed) % PAGES * PG;
	bool ok = true;

	switch (rnd(seed) % 6) {
	case 0:
		/* Part of it may not be mapped at the moment. */
		vmsim_madvise(AREA, PAGES * PG, MADV_DONTNEED);
		ok = own_page();
		break;
	case 1:
		ok = !vmsim_munmap(AREA, PAGES * PG) && map_area();
		break;
	case 2:
		vmsim_mprotect(addr, PG, PROT_READ);
		vmsim_mprotect(addr, PG, RW);
		break;
	default:
		vmsim_store(addr, 8, 1);
	}
	return ok ? NULL : "somebody wrote where nobody may";
}

static void *work(void *arg)
{
	struct job *job = arg;
	uint64_t seed = (uint64_t)job->id + 1;

	if (vmsim_attach(world.machine, (unsigned int)job->id, world.pid)) {
		job->wrong = "attach";
		return NULL;
	}
	if (job->id % 2) {
		while (!job->wrong && __atomic_load_n(&holders, __ATOMIC_RELAXED))
			job->wrong = change(&seed);
	} else {
		while (!job->wrong && job->held < HOLDS)
			job->wrong = hold(job, &seed);
		__atomic_fetch_sub(&holders, 1, __ATOMIC_RELAXED);
	}
	if (vmsim_detach())
		job->wrong = "detach";
	return NULL;
}

/* Now and then, a walker without locks takes its time after it has read an entry. */
static void dawdle(void *arg, const struct vmsim_event *event)
{
	static __thread unsigned int count;

	(void)arg, (void)event;
	if (irqs_disabled() && ++count % 64 == 0)
		sched_yield();
}

static void test_holders_against_changers(void **state)
{
	pthread_t thread[THREADS];
	struct job job[THREADS];

	(void)state;
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_attach(world.machine, 0, world.pid), 0);
	assert_true(map_area());
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_subscribe(world.machine, VMSIM_EV_BIT(PTE_READ), dawdle, NULL), 0);
	holders = THREADS / 2;
	for (int i = 0; i < THREADS; i++) {
		job[i] = (struct job) { .id = i };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &job[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(vmsim_unsubscribe(world.machine, dawdle, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		if (job[i].wrong)
			fail_msg("thread %d: %s", i, job[i].wrong);
	settle();
	assert_int_equal(vmsim_check_quiescent(world.machine), 0);
	assert_int_equal(vmsim_violations(world.machine), 0);
}

/* Oracles have to be there before the first process. */
static int begin_under(enum vmsim_tlb tlb)
{
	struct vmsim_config config;

	vmsim_config_init(&config);
	config.tlb = tlb;
	config.cpus = THREADS + 1;
	config.frames = 8192;
	assert_int_equal(vmsim_machine_create(&config, &world.machine), 0);
	assert_int_equal(vmsim_check_arm(world.machine, VMSIM_ORACLES_ALL), 0);
	world.frames_free = stats_now().frames_free;
	world.pid = vmsim_process_create(world.machine, "test");
	assert_int_equal(vmsim_attach(world.machine, 0, world.pid), 0);
	return 0;
}

static int begin_with_interrupts(void **state)
{
	(void)state;
	return begin_under(VMSIM_TLB_IPI);
}

/* Nothing waits for walkers, so that pages are freed between the entry and the reference. */
static int begin_without(void **state)
{
	(void)state;
	return begin_under(VMSIM_TLB_BROADCAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_holders_against_changers,
						begin_with_interrupts, world_end),
		cmocka_unit_test_setup_teardown(test_holders_against_changers, begin_without,
						world_end),
	};

	return vmsim_run_tests(tests);
}
