// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/*
 * All oracles over threads that really run in parallel: nothing is wrong, and nothing is reported.
 */

#define THREADS 3
#define PAGES 8
#define ROUNDS 1500
#define PAGE 4096UL

static struct vmsim_machine *machine;
static int pid, file;
static unsigned long anon, shared;
static atomic_int ready;
static atomic_int failures;

static void expect(bool ok)
{
	if (!ok)
		atomic_fetch_add(&failures, 1);
}

/* What one thread does in one round; the other threads do the same to the same pages. */
static void one_round(unsigned int round, unsigned int thread)
{
	unsigned long page = ((round * 7 + thread * 3) % PAGES) * PAGE;
	uint64_t value;

	expect(vmsim_store(anon + page, 8, round) == 0);
	expect(vmsim_load(anon + page + 8, 8, &value) == 0);
	expect(vmsim_store(shared + page + 8 * thread, 8, round) == 0);
	switch ((round + thread) % 6) {
	case 0:
		expect(vmsim_madvise(anon + page, PAGE, MADV_DONTNEED) == 0);
		break;
	case 1:
		expect(vmsim_madvise(shared, PAGES * PAGE, MADV_DONTNEED) == 0);
		break;
	case 2:
		expect(vmsim_file_sync(file, page, PAGE) == 0);
		break;
	case 3:
		expect(vmsim_file_read(file, page, &value, 8) == 8);
		break;
	case 4:
		expect(vmsim_file_drop(file, page, PAGE) == 0);
		break;
	default:
		expect(vmsim_mmap(anon + page, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0) > 0);
	}
}

static void *run(void *arg)
{
	unsigned int thread = (unsigned int)(uintptr_t)arg;

	expect(vmsim_attach(machine, thread, pid) == 0);
	atomic_fetch_add(&ready, 1);
	while (atomic_load(&ready) < THREADS)
		;
	for (unsigned int round = 0; round < ROUNDS; round++)
		one_round(round, thread);
	expect(vmsim_detach() == 0);
	return NULL;
}

static void begin(enum vmsim_tlb tlb)
{
	struct vmsim_config config;

	vmsim_config_init(&config);
	config.contents = VMSIM_CONTENTS_BYTES;
	config.tlb = tlb;
	config.cpus = THREADS + 1;
	config.frames = 4096;
	assert_int_equal(vmsim_machine_create(&config, &machine), 0);
	assert_int_equal(vmsim_check_arm(machine, VMSIM_ORACLES_ALL), 0);
	pid = vmsim_process_create(machine, "threads");
	file = vmsim_file_create(machine, "file", PAGES * PAGE);
	assert_int_equal(vmsim_attach(machine, 0, pid), 0);
	anon = (unsigned long)vmsim_mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, VMSIM_NO_FILE, 0);
	shared = (unsigned long)vmsim_mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
					   file, 0);
	assert_int_equal(vmsim_detach(), 0);
	atomic_store(&ready, 0);
	atomic_store(&failures, 0);
}

static void check(void)
{
	struct vmsim_violation violation;

	vmsim_check_quiescent(machine);
	for (unsigned int i = 0; !vmsim_violation_get(machine, i, &violation); i++)
		print_message("%s/%s cpu %d: %s\n", violation.oracle, violation.rule,
			      violation.cpu, violation.text);
	assert_int_equal(vmsim_violations(machine), 0);
}

static void run_under(enum vmsim_tlb tlb)
{
	pthread_t thread[THREADS];

	begin(tlb);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, run, (void *)(uintptr_t)i), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(atomic_load(&failures), 0);
	check();
	assert_int_equal(vmsim_process_destroy(machine, pid), 0);
	check();
	assert_int_equal(vmsim_machine_destroy(machine), 0);
}

static void interrupts(void **state)
{
	(void)state;
	run_under(VMSIM_TLB_IPI);
}

static void broadcast(void **state)
{
	(void)state;
	run_under(VMSIM_TLB_BROADCAST);
}

static void sync_on_clear(void **state)
{
	(void)state;
	run_under(VMSIM_TLB_SYNC_ON_CLEAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interrupts),
		cmocka_unit_test(broadcast),
		cmocka_unit_test(sync_on_clear),
	};

	return vmsim_run_tests(tests);
}
