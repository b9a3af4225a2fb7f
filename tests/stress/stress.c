// SPDX-License-Identifier: GPL-2.0-only
/*
 * Native stress: four threads on four CPUs of one address space fault, unmap, map again, change
 * protection, drop and write back the same ranges for some seconds (VMSIM_STRESS_SECONDS).
 *
 * Each thread owns one 64-bit slot of every page and writes ever larger values into it. Whatever
 * the others do to the page, the slot of an anonymous page then holds the thread's last value or
 * zero; and in the end the backing store holds the last value of every slot of the file. With one
 * value per frame (--contents version) only the owner of a page, page number modulo threads,
 * writes it.
 */
#include "ground.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096ul
#define THREADS 4
#define PAGES 64
#define ANON_BASE 0x10000000ul
#define FILE_BASE 0x20000000ul
#define FRAMES 4096
#define OPS_PER_CLOCK 64
#define MAX_RANGE 8

struct stress {
	enum vmsim_contents contents;
	uint64_t oracles;
	struct ground ground;
	int pid, file;
	double seconds;
	bool must_fail;
};

struct worker {
	struct stress *stress;
	pthread_t pthread;
	unsigned int id;
	uint64_t random;
	uint64_t ops, faulted;
	uint64_t last_anon[PAGES], last_file[PAGES];
};

/* Where the thread's slot of a page lies; false where the page is not the thread's to write. */
static bool slot(const struct worker *worker, unsigned int page, unsigned long *offset)
{
	if (worker->stress->contents == VMSIM_CONTENTS_BYTES) {
		*offset = page * PAGE_BYTES + worker->id * sizeof(uint64_t);
		return true;
	}
	*offset = page * PAGE_BYTES;
	return page % THREADS == worker->id;
}

static bool fault_result_ok(struct worker *worker, const char *what, int result)
{
	if (result == 0)
		return true;
	if (result == SIGSEGV)
		worker->faulted++;
	else
		failed(&worker->stress->ground, "%s: unexpected result %d", what, result);
	return false;
}

static void touch(struct worker *worker, unsigned long base, uint64_t *last, bool may_be_zero)
{
	unsigned int page = pick(&worker->random, PAGES);
	unsigned long offset;
	uint64_t value;

	if (!slot(worker, page, &offset)) {
		fault_result_ok(worker, "load", vmsim_load(base + offset, 8, &value));
		return;
	}
	if (pick(&worker->random, 2)) {
		if (fault_result_ok(worker, "store",
				    vmsim_store(base + offset, 8, last[page] + 1)))
			last[page]++;
		return;
	}
	if (!fault_result_ok(worker, "load", vmsim_load(base + offset, 8, &value)) ||
	    worker->stress->contents == VMSIM_CONTENTS_NONE)
		return;
	if (value != last[page] && !(may_be_zero && value == 0))
		failed(&worker->stress->ground, "thread %u, page %u of %#lx: %llu, wrote %llu last",
		       worker->id, page, base, (unsigned long long)value,
		       (unsigned long long)last[page]);
	if (may_be_zero && value == 0)
		last[page] = 0;
}

static int map(const struct stress *stress, unsigned long addr, size_t length)
{
	bool file = addr >= FILE_BASE;
	long result = vmsim_mmap(addr, length, PROT_READ | PROT_WRITE,
				 MAP_FIXED | (file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS),
				 file ? stress->file : VMSIM_NO_FILE, file ? addr - FILE_BASE : 0);

	return result < 0 ? (int)result : 0;
}

static void change_range(struct worker *worker)
{
	struct stress *stress = worker->stress;
	unsigned int first = pick(&worker->random, PAGES);
	unsigned int count = 1 + pick(&worker->random, MAX_RANGE);
	bool file = pick(&worker->random, 2);
	unsigned long addr, length;
	int result;

	if (count > PAGES - first)
		count = PAGES - first;
	addr = (file ? FILE_BASE : ANON_BASE) + first * PAGE_BYTES;
	length = count * PAGE_BYTES;

	switch (pick(&worker->random, 6)) {
	case 0:
		result = vmsim_munmap(addr, length);
		if (!result)
			result = map(stress, addr, length);
		break;
	case 1:
		result = map(stress, addr, length);
		break;
	case 2:
		result = vmsim_mprotect(addr, length, PROT_READ);
		/* Part of the range may be unmapped by another thread at the moment. */
		if (result == -ENOMEM || !result)
			result = vmsim_mprotect(addr, length, PROT_READ | PROT_WRITE);
		if (result == -ENOMEM)
			result = 0;
		break;
	case 3:
		result = vmsim_file_sync(stress->file, first * PAGE_BYTES, length);
		break;
	case 4:
		result = vmsim_file_drop(stress->file, first * PAGE_BYTES, length);
		break;
	default:
		result = vmsim_madvise(addr, length, MADV_DONTNEED);
		if (result == -ENOMEM)
			result = 0;
		break;
	}
	if (result < 0)
		failed(&stress->ground, "range operation: unexpected result %d", result);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct stress *stress = worker->stress;
	double end = now() + stress->seconds;

	if (vmsim_attach(stress->ground.machine, worker->id, stress->pid)) {
		failed(&stress->ground, "attach failed");
		return NULL;
	}
	do {
		for (unsigned int i = 0; i < OPS_PER_CLOCK; i++) {
			unsigned int kind = pick(&worker->random, 16);

			if (kind == 0)
				change_range(worker);
			else if (kind < 8)
				touch(worker, ANON_BASE, worker->last_anon, true);
			else
				touch(worker, FILE_BASE, worker->last_file, false);
		}
		worker->ops += OPS_PER_CLOCK;
	} while (now() < end);
	vmsim_detach();
	return NULL;
}

static void check_store(struct worker *worker)
{
	for (unsigned int page = 0; page < PAGES; page++) {
		unsigned long offset;
		uint64_t value = 0;

		if (!slot(worker, page, &offset))
			continue;
		if (vmsim_file_stored(worker->stress->file, offset, &value, sizeof(value)) !=
		    sizeof(value))
			failed(&worker->stress->ground, "page %u cannot be read", page);
		else if (value != worker->last_file[page])
			failed(&worker->stress->ground,
			       "lost write: page %u holds %llu, thread %u wrote %llu", page,
			       (unsigned long long)value, worker->id,
			       (unsigned long long)worker->last_file[page]);
	}
}

static int set_up(struct stress *stress)
{
	struct vmsim_config config;
	int result;

	vmsim_config_init(&config);
	config.mode = VMSIM_NATIVE;
	config.contents = stress->contents;
	config.tlb = VMSIM_TLB_IPI;
	config.cpus = THREADS;
	config.frames = FRAMES;
	result = ground_begin(&stress->ground, &config, stress->oracles);
	if (result)
		return result;
	stress->file = vmsim_file_create(stress->ground.machine, "data", PAGES * PAGE_BYTES);
	stress->pid = vmsim_process_create(stress->ground.machine, "stress");
	if (stress->file < 0 || stress->pid < 0)
		return -1;
	result = vmsim_attach(stress->ground.machine, 0, stress->pid);
	if (result)
		return result;
	result = map(stress, ANON_BASE, PAGES * PAGE_BYTES);
	if (!result)
		result = map(stress, FILE_BASE, PAGES * PAGE_BYTES);
	vmsim_detach();
	return result;
}

static void write_back_and_compare(struct stress *stress, struct worker *workers)
{
	if (vmsim_attach(stress->ground.machine, 0, stress->ground.observer) ||
	    vmsim_file_sync(stress->file, 0, PAGES * PAGE_BYTES))
		failed(&stress->ground, "the file cannot be written back");
	if (stress->contents != VMSIM_CONTENTS_NONE)
		for (unsigned int i = 0; i < THREADS; i++)
			check_store(&workers[i]);
	vmsim_detach();
}

/* The recount must be right, and everything must be given back. */
static void tear_down(struct stress *stress)
{
	ground_recount(&stress->ground, "while the process lives");
	if (vmsim_process_destroy(stress->ground.machine, stress->pid) ||
	    vmsim_file_destroy(stress->ground.machine, stress->file))
		failed(&stress->ground, "process and file cannot be destroyed");
	else
		ground_end(&stress->ground);
}

static int parse_contents(const char *name, enum vmsim_contents *contents)
{
	static const char *const names[] = { "none", "version", "bytes" };

	for (unsigned int i = 0; i < 3; i++)
		if (!strcmp(name, names[i])) {
			*contents = (enum vmsim_contents)i;
			return 0;
		}
	return -1;
}

/*
 * Without --armed only the oracles that recount at the end: the others take a lock at each event,
 * which would hide races from ThreadSanitizer.
 */
static int parse(int argc, char **argv, struct stress *stress)
{
	stress->seconds = stress_seconds(stress->seconds);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--armed"))
			stress->oracles = VMSIM_ORACLES_ALL;
		else if (!strcmp(argv[i], "--must-fail"))
			stress->must_fail = true;
		else if (parse_contents(argv[i], &stress->contents))
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct stress stress = {
		.contents = VMSIM_CONTENTS_BYTES,
		.oracles = VMSIM_ORACLE_BIT(O8) | VMSIM_ORACLE_BIT(O20),
		.seconds = 3,
	};
	static struct worker workers[THREADS];
	uint64_t ops = 0, faulted = 0;
	int result;

	if (parse(argc, argv, &stress)) {
		fprintf(stderr, "usage: stress [--armed] [--must-fail] [none|version|bytes]\n");
		return 2;
	}
	result = set_up(&stress);
	if (result) {
		fprintf(stderr, "the machine cannot be set up: %s\n", strerror(-result));
		return 1;
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i].stress = &stress;
		workers[i].id = i;
		workers[i].random = UINT64_C(88172645463325252) + i;
		pthread_create(&workers[i].pthread, NULL, work, &workers[i]);
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].pthread, NULL);
		ops += workers[i].ops;
		faulted += workers[i].faulted;
	}
	write_back_and_compare(&stress, workers);
	tear_down(&stress);
	printf("%llu operations, %llu signals, %u failures\n", (unsigned long long)ops,
	       (unsigned long long)faulted, stress.ground.failures);
	return (stress.ground.failures != 0) != stress.must_fail;
}
