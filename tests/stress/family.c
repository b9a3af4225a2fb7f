// SPDX-License-Identifier: GPL-2.0-only
/*
 * Native stress of a family: four threads on four CPUs store, fork, live in their children, visit
 * those of others, hold pages for devices, drop, unmap, protect and move memory, all at once, for
 * some seconds (VMSIM_STRESS_SECONDS).
 *
 * Of each page, each thread has words of its own: one that it stores to, one for its device, and
 * the same for its visits to children of others. What it finds there is known: in memory that
 * nobody drops, what it wrote last, in its own process and in every child that it forks; nobody
 * else's doings show. What others wrote before a fork must at least stay as it is in the child.
 */
#include "ground.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096ul
#define THREADS 4
#define PAGES 12
/* Each in a page table of its own, so that munmap() frees that, too. */
#define KEPT 0x10000000ul		/* never dropped */
#define LOOSE 0x20000000ul
#define SHARED 0x30000000ul
/* Each thread moves pages of its own back and forth: one entry after the other, or with their table. */
#define MOVED 0x40000000ul
#define MOVED_TO 0x80000000ul
#define MOVED_DISTANCE 0x400000ul
#define MOVED_PAGES 4
#define TABLE_BYTES 0x200000ul
#define FRAMES 8192
#define OPS_PER_CLOCK 16
#define MAX_HELD 3

enum word { PROGRAM, DEVICE, VISITOR, VISITING_DEVICE };

/* A thread's child of the moment. */
struct child {
	int pid;
	int visitors;		/* -1: it is not to be visited */
};

struct family {
	struct ground ground;
	uint64_t oracles;
	double seconds;
	bool must_fail;
	int pid;
	struct child child[THREADS];
};

/* What a thread has written last, and its pages that a device holds. */
struct worker {
	struct family *family;
	pthread_t pthread;
	unsigned int id;
	uint64_t random, values;
	uint64_t ops, forks, visits, holds, moves, faulted;
	uint64_t kept[PAGES], device[PAGES], loose[PAGES], shared[PAGES], moved[MOVED_PAGES];
	unsigned long area;	/* where the thread's own pages are */
	struct vmsim_pins *pins;
	unsigned int first_held, nr_held;
	bool writes;
};

#define wrong(worker, ...) failed(&(worker)->family->ground, __VA_ARGS__)

static unsigned long word_at(const struct worker *worker, enum word word)
{
	return (word * THREADS + worker->id) * sizeof(uint64_t);
}

static unsigned long address(const struct worker *worker, unsigned long area, unsigned int page,
			     enum word word)
{
	return area + page * PAGE_BYTES + word_at(worker, word);
}

/* Nobody stores the same value twice. */
static uint64_t new_value(struct worker *worker)
{
	return (uint64_t)(worker->id + 1) << 48 | ++worker->values;
}

/* False where the memory may not be accessed at the moment. */
static bool accessed(struct worker *worker, const char *what, int result)
{
	if (result == SIGSEGV)
		worker->faulted++;
	else if (result)
		wrong(worker, "%s: unexpected result %d", what, result);
	return !result;
}

static void store(struct worker *worker, unsigned long area, unsigned int page, enum word word,
		  uint64_t *last)
{
	uint64_t value = new_value(worker);

	if (accessed(worker, "store", vmsim_store(address(worker, area, page, word), 8, value)))
		last[page] = value;
}

static void check(struct worker *worker, const char *where, unsigned int page, uint64_t found,
		  uint64_t expected)
{
	if (found != expected)
		wrong(worker, "thread %u, %s, page %u: expected %llx, found %llx", worker->id,
		      where, page, (unsigned long long)expected, (unsigned long long)found);
}

static void load(struct worker *worker, const char *where, unsigned long area, unsigned int page,
		 enum word word, const uint64_t *last)
{
	uint64_t found = 0;

	if (accessed(worker, "load", vmsim_load(address(worker, area, page, word), 8, &found)))
		check(worker, where, page, found, last[page]);
}

static void touch_kept(struct worker *worker)
{
	unsigned int page = pick(&worker->random, PAGES);

	if (pick(&worker->random, 2))
		store(worker, KEPT, page, PROGRAM, worker->kept);
	else
		load(worker, "kept", KEPT, page, PROGRAM, worker->kept);
}

static void touch_shared(struct worker *worker)
{
	unsigned int page = pick(&worker->random, PAGES);

	if (pick(&worker->random, 2))
		store(worker, SHARED, page, PROGRAM, worker->shared);
	else
		load(worker, "shared", SHARED, page, PROGRAM, worker->shared);
}

/* Somebody may have dropped it: then it is zero. */
static void touch_loose(struct worker *worker)
{
	unsigned int page = pick(&worker->random, PAGES);
	uint64_t found = 0;

	if (pick(&worker->random, 2)) {
		store(worker, LOOSE, page, PROGRAM, worker->loose);
		return;
	}
	if (!accessed(worker, "load",
		      vmsim_load(address(worker, LOOSE, page, PROGRAM), 8, &found)))
		return;
	if (!found)
		worker->loose[page] = 0;
	check(worker, "loose", page, found, worker->loose[page]);
}

static int map(unsigned long area, unsigned int first, unsigned int nr, int flags)
{
	unsigned long addr = area + first * PAGE_BYTES;
	long result = vmsim_mmap(addr, nr * PAGE_BYTES, PROT_READ | PROT_WRITE,
				 MAP_FIXED | MAP_ANONYMOUS | flags, VMSIM_NO_FILE, 0);

	return result < 0 ? (int)result : 0;
}

/* Kept memory may become read-only for a while; loose memory may go. */
static void change(struct worker *worker)
{
	unsigned int first = pick(&worker->random, PAGES);
	unsigned int nr = 1 + pick(&worker->random, PAGES - first);
	unsigned long kept = KEPT + first * PAGE_BYTES, loose = LOOSE + first * PAGE_BYTES;
	int result = 0;

	switch (pick(&worker->random, 4)) {
	case 0:
		result = vmsim_mprotect(kept, nr * PAGE_BYTES, PROT_READ);
		if (!result)
			result = vmsim_mprotect(kept, nr * PAGE_BYTES, PROT_READ | PROT_WRITE);
		break;
	case 1:
		result = vmsim_madvise(loose, nr * PAGE_BYTES, MADV_DONTNEED);
		/* A part may be unmapped at the moment. */
		if (result == -ENOMEM)
			result = 0;
		break;
	case 2:
		result = vmsim_munmap(LOOSE, PAGES * PAGE_BYTES);
		if (!result)
			result = map(LOOSE, 0, PAGES, MAP_PRIVATE);
		break;
	default:
		result = map(LOOSE, first, nr, MAP_PRIVATE);
	}
	if (result)
		wrong(worker, "change: unexpected result %d", result);
}

/* A device finds what the program has stored last, as long as its pages are held. */
static void device_reads(struct worker *worker, unsigned int i, enum word word, uint64_t expected)
{
	uint64_t found = 0;

	if (vmsim_dma_read(worker->pins, i * PAGE_BYTES + word_at(worker, word), &found, 8))
		wrong(worker, "a device cannot read");
	check(worker, "device", worker->first_held + i, found, expected);
}

static void device_writes(struct worker *worker, unsigned int i)
{
	uint64_t value = new_value(worker);

	if (vmsim_dma_write(worker->pins, i * PAGE_BYTES + word_at(worker, DEVICE), &value, 8))
		wrong(worker, "a device cannot write");
	worker->device[worker->first_held + i] = value;
}

/* Both ways: what one of the two writes, the other one finds. */
static void use_held(struct worker *worker)
{
	for (unsigned int i = 0; i < worker->nr_held; i++) {
		unsigned int page = worker->first_held + i;

		device_reads(worker, i, PROGRAM, worker->kept[page]);
		device_reads(worker, i, DEVICE, worker->device[page]);
		store(worker, KEPT, page, PROGRAM, worker->kept);
		device_reads(worker, i, PROGRAM, worker->kept[page]);
		if (!worker->writes)
			continue;
		device_writes(worker, i);
		load(worker, "written by a device", KEPT, page, DEVICE, worker->device);
	}
}

static void let_go(struct worker *worker)
{
	if (vmsim_unpin(worker->pins, worker->writes))
		wrong(worker, "unpin");
	worker->pins = NULL;
	worker->nr_held = 0;
}

static unsigned int flags_of(struct worker *worker)
{
	return (worker->writes ? VMSIM_PIN_WRITE : 0) |
	       (pick(&worker->random, 4) ? 0 : VMSIM_PIN_LOCKED) |
	       (pick(&worker->random, 4) ? 0 : VMSIM_PIN_LONGTERM);
}

/* Takes pages of memory that is kept, for some time; forks come in between. */
static void hold(struct worker *worker)
{
	int result;

	if (worker->pins) {
		use_held(worker);
		if (pick(&worker->random, 2))
			let_go(worker);
		return;
	}
	worker->first_held = pick(&worker->random, PAGES - MAX_HELD);
	worker->writes = pick(&worker->random, 4);
	result = vmsim_pin(KEPT + worker->first_held * PAGE_BYTES,
			   1 + pick(&worker->random, MAX_HELD), flags_of(worker), &worker->pins);
	/* It may not be writable at the moment. */
	if (result <= 0 && result != -EFAULT)
		wrong(worker, "pin: unexpected result %d", result);
	if (result <= 0)
		return;
	worker->nr_held = (unsigned int)result;
	worker->holds++;
	use_held(worker);
}

/* Pages that somebody drops meanwhile stay the device's until it lets go. */
static void hold_loose(struct worker *worker)
{
	unsigned int first = pick(&worker->random, PAGES - MAX_HELD);
	uint64_t value = new_value(worker), found = 0;
	unsigned long at = word_at(worker, DEVICE);
	struct vmsim_pins *pins;
	int nr = vmsim_pin(LOOSE + first * PAGE_BYTES, 1 + pick(&worker->random, MAX_HELD),
			   VMSIM_PIN_WRITE, &pins);

	if (nr <= 0 && nr != -EFAULT)
		wrong(worker, "pin: unexpected result %d", nr);
	if (nr <= 0)
		return;
	for (int i = 0; i < nr; i++)
		if (vmsim_dma_write(pins, i * PAGE_BYTES + at, &value, 8))
			wrong(worker, "a device cannot write");
	for (int i = 0; i < nr; i++) {
		if (vmsim_dma_read(pins, i * PAGE_BYTES + at, &found, 8))
			wrong(worker, "a device cannot read");
		check(worker, "held and loose", first + (unsigned int)i, found, value);
	}
	if (vmsim_unpin(pins, true))
		wrong(worker, "unpin");
}

static unsigned long first_place(const struct worker *worker)
{
	return MOVED + worker->id * MOVED_DISTANCE;
}

static unsigned long next_place(const struct worker *worker)
{
	return worker->area < MOVED_TO ? worker->area - MOVED + MOVED_TO :
					 worker->area - MOVED_TO + MOVED;
}

/* The whole range of a table moves with the table, a few pages one by one. */
static void move(struct worker *worker)
{
	size_t length = worker->id % 2 ? TABLE_BYTES : MOVED_PAGES * PAGE_BYTES;
	unsigned long to = next_place(worker);
	long result = vmsim_mremap(worker->area, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	uint64_t found = 0;

	if (result != (long)to) {
		wrong(worker, "mremap: unexpected result %ld", result);
		return;
	}
	worker->moves++;
	if (vmsim_load(address(worker, worker->area, 0, PROGRAM), 8, &found) != SIGSEGV)
		wrong(worker, "what has moved can still be found where it was");
	worker->area = to;
}

static void touch_moved(struct worker *worker)
{
	unsigned int page = pick(&worker->random, MOVED_PAGES);

	if (pick(&worker->random, 2))
		store(worker, worker->area, page, PROGRAM, worker->moved);
	else
		load(worker, "moved", worker->area, page, PROGRAM, worker->moved);
}

/* Somebody else's pages, which may move meanwhile: what a device writes there is the device's. */
static void hold_moved(struct worker *worker)
{
	unsigned long area = MOVED + pick(&worker->random, THREADS) * MOVED_DISTANCE;
	uint64_t value = new_value(worker), found = 0;
	unsigned long at = word_at(worker, VISITING_DEVICE);
	struct vmsim_pins *pins;

	if (vmsim_pin(area + pick(&worker->random, MOVED_PAGES) * PAGE_BYTES, 1, VMSIM_PIN_WRITE,
		      &pins) != 1)
		return;
	if (vmsim_dma_write(pins, at, &value, 8) || vmsim_dma_read(pins, at, &found, 8))
		wrong(worker, "a device cannot write and read what may move");
	check(worker, "held and moved", 0, found, value);
	if (vmsim_unpin(pins, true))
		wrong(worker, "unpin");
}

static void become(struct worker *worker, int pid)
{
	if (vmsim_become(pid))
		wrong(worker, "process %d cannot be entered", pid);
}

/* The words of all threads; those of others must not change behind the child's back. */
static void look_around(struct worker *worker, uint64_t seen[PAGES][THREADS], bool again)
{
	for (unsigned int page = 0; page < PAGES; page++)
		for (unsigned int id = 0; id < THREADS; id++) {
			uint64_t found = 0;

			if (!accessed(worker, "load in a child",
				      vmsim_load(KEPT + page * PAGE_BYTES + id * 8, 8, &found)))
				return;
			if (again && id != worker->id)
				check(worker, "somebody else's, in a child", page, found,
				      seen[page][id]);
			seen[page][id] = found;
		}
}

/* In a new child: @kept and @device are what the thread had written before the fork. */
static void live(struct worker *worker, const uint64_t *kept, const uint64_t *device)
{
	uint64_t seen[PAGES][THREADS], mine[PAGES];

	for (unsigned int page = 0; page < PAGES; page++) {
		load(worker, "inherited", KEPT, page, PROGRAM, kept);
		load(worker, "inherited from a device", KEPT, page, DEVICE, device);
	}
	for (unsigned int page = 0; page < MOVED_PAGES; page++)
		load(worker, "inherited after moves", worker->area, page, PROGRAM, worker->moved);
	memcpy(mine, kept, sizeof(mine));
	look_around(worker, seen, false);
	for (unsigned int i = 0; i < PAGES; i++) {
		store(worker, KEPT, pick(&worker->random, PAGES), PROGRAM, mine);
		/* There may be visitors. */
		if (pick(&worker->random, 4) == 0)
			sched_yield();
	}
	for (unsigned int page = 0; page < PAGES; page++)
		load(worker, "a child's own", KEPT, page, PROGRAM, mine);
	look_around(worker, seen, true);
	touch_shared(worker);
}

/* What a child's child inherits is the child's. */
static void live_deeper(struct worker *worker, int parent)
{
	uint64_t mine[PAGES], device[PAGES];
	int pid;

	for (unsigned int page = 0; page < PAGES; page++) {
		mine[page] = device[page] = 0;
		store(worker, KEPT, page, PROGRAM, mine);
		store(worker, KEPT, page, DEVICE, device);
		/* It may be read-only as it was in the parent at the fork. */
		if (!mine[page] || !device[page])
			return;
	}
	pid = vmsim_fork(NULL);
	if (pid < 0) {
		wrong(worker, "fork in a child: %d", pid);
		return;
	}
	become(worker, pid);
	live(worker, mine, device);
	become(worker, parent);
	for (unsigned int page = 0; page < PAGES; page++)
		load(worker, "a child's, after its child's life", KEPT, page, PROGRAM, mine);
	if (vmsim_process_destroy(worker->family->ground.machine, pid))
		wrong(worker, "a child's child cannot be ended");
}

static void publish(struct child *child, int pid)
{
	__atomic_store_n(&child->pid, pid, __ATOMIC_RELAXED);
	__atomic_store_n(&child->visitors, 0, __ATOMIC_RELEASE);
}

static void withdraw(struct child *child)
{
	int nobody = 0;

	while (!__atomic_compare_exchange_n(&child->visitors, &nobody, -1, false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		nobody = 0;
		sched_yield();
	}
}

static bool enter(struct child *child)
{
	int visitors = __atomic_load_n(&child->visitors, __ATOMIC_ACQUIRE);

	while (visitors >= 0)
		if (__atomic_compare_exchange_n(&child->visitors, &visitors, visitors + 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

static void leave(struct child *child)
{
	__atomic_fetch_sub(&child->visitors, 1, __ATOMIC_RELEASE);
}

static void fork_and_live(struct worker *worker)
{
	struct family *family = worker->family;
	struct child *child = &family->child[worker->id];
	int pid = vmsim_fork(NULL);

	if (pid < 0) {
		wrong(worker, "fork: %d", pid);
		return;
	}
	worker->forks++;
	publish(child, pid);
	become(worker, pid);
	live(worker, worker->kept, worker->device);
	if (pick(&worker->random, 4) == 0)
		live_deeper(worker, pid);
	become(worker, family->pid);
	for (unsigned int page = 0; page < PAGES; page++)
		load(worker, "kept, after a child's life", KEPT, page, PROGRAM, worker->kept);
	if (worker->pins)
		use_held(worker);
	withdraw(child);
	if (vmsim_process_destroy(family->ground.machine, pid))
		wrong(worker, "a child cannot be ended");
}

/* Stores and pins in somebody else's child. */
static void visit(struct worker *worker)
{
	struct family *family = worker->family;
	struct child *child = &family->child[pick(&worker->random, THREADS)];
	unsigned int page = pick(&worker->random, PAGES);
	uint64_t value[PAGES] = { 0 }, device = new_value(worker), found = 0;
	struct vmsim_pins *pins;

	if (!enter(child))
		return;
	worker->visits++;
	become(worker, __atomic_load_n(&child->pid, __ATOMIC_RELAXED));
	store(worker, KEPT, page, VISITOR, value);
	if (value[page])
		load(worker, "a visitor's", KEPT, page, VISITOR, value);
	if (vmsim_pin(KEPT + page * PAGE_BYTES, 1, VMSIM_PIN_WRITE, &pins) == 1) {
		if (vmsim_dma_write(pins, word_at(worker, VISITING_DEVICE), &device, 8))
			wrong(worker, "a visitor's device cannot write");
		if (accessed(worker, "load", vmsim_load(address(worker, KEPT, page,
								VISITING_DEVICE), 8, &found)))
			check(worker, "a visitor's device", page, found, device);
		vmsim_unpin(pins, true);
	}
	if (value[page])
		load(worker, "a visitor's, later", KEPT, page, VISITOR, value);
	become(worker, family->pid);
	leave(child);
}

static void act(struct worker *worker)
{
	unsigned int kind = pick(&worker->random, 32);

	if (kind < 8)
		touch_kept(worker);
	else if (kind < 10)
		touch_moved(worker);
	else if (kind < 12)
		move(worker);
	else if (kind < 13)
		hold_moved(worker);
	else if (kind < 18)
		touch_loose(worker);
	else if (kind < 20)
		touch_shared(worker);
	else if (kind < 23)
		change(worker);
	else if (kind < 26)
		hold(worker);
	else if (kind < 28)
		hold_loose(worker);
	else if (kind < 30)
		visit(worker);
	else
		fork_and_live(worker);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct family *family = worker->family;
	double end = now() + family->seconds;

	if (vmsim_attach(family->ground.machine, worker->id, family->pid)) {
		wrong(worker, "attach failed");
		return NULL;
	}
	do {
		for (unsigned int i = 0; i < OPS_PER_CLOCK; i++)
			act(worker);
		worker->ops += OPS_PER_CLOCK;
	} while (now() < end);
	if (worker->pins)
		let_go(worker);
	vmsim_detach();
	return NULL;
}

/* A table of its own for each thread's pages: all of its range, or a few pages. */
static int map_moved(unsigned int id)
{
	long result = vmsim_mmap(MOVED + id * MOVED_DISTANCE, id % 2 ? TABLE_BYTES :
				 MOVED_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
				 MAP_FIXED | MAP_ANONYMOUS | MAP_PRIVATE, VMSIM_NO_FILE, 0);

	return result < 0 ? (int)result : 0;
}

static int set_up(struct family *family)
{
	struct vmsim_config config;
	int result;

	vmsim_config_init(&config);
	config.mode = VMSIM_NATIVE;
	config.contents = VMSIM_CONTENTS_BYTES;
	config.tlb = VMSIM_TLB_IPI;
	config.cpus = THREADS;
	config.frames = FRAMES;
	result = ground_begin(&family->ground, &config, family->oracles);
	if (result)
		return result;
	for (unsigned int i = 0; i < THREADS; i++)
		family->child[i].visitors = -1;
	family->pid = vmsim_process_create(family->ground.machine, "family");
	if (family->pid < 0)
		return family->pid;
	result = vmsim_attach(family->ground.machine, 0, family->pid);
	if (result)
		return result;
	result = map(KEPT, 0, PAGES, MAP_PRIVATE);
	if (!result)
		result = map(LOOSE, 0, PAGES, MAP_PRIVATE);
	if (!result)
		result = map(SHARED, 0, PAGES, MAP_SHARED);
	for (unsigned int i = 0; i < THREADS && !result; i++)
		result = map_moved(i);
	/* Who pins the page of zeroes for reading does not see what is stored later. */
	if (!result)
		result = vmsim_madvise(KEPT, PAGES * PAGE_BYTES, MADV_POPULATE_WRITE);
	vmsim_detach();
	return result;
}

static void tear_down(struct family *family)
{
	ground_recount(&family->ground, "while the process lives");
	if (vmsim_process_destroy(family->ground.machine, family->pid))
		failed(&family->ground, "the process cannot be ended");
	else
		ground_end(&family->ground);
}

static bool parse(int argc, char **argv, struct family *family)
{
	family->seconds = stress_seconds(3);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--armed"))
			family->oracles = VMSIM_ORACLES_ALL;
		else if (!strcmp(argv[i], "--must-fail"))
			family->must_fail = true;
		else
			return false;
	}
	return true;
}

static void tell(const struct family *family, const struct worker *workers)
{
	uint64_t ops = 0, forks = 0, visits = 0, holds = 0, moves = 0, faulted = 0;

	for (unsigned int i = 0; i < THREADS; i++) {
		ops += workers[i].ops;
		forks += workers[i].forks;
		visits += workers[i].visits;
		holds += workers[i].holds;
		moves += workers[i].moves;
		faulted += workers[i].faulted;
	}
	printf("%llu operations, %llu forks, %llu visits, %llu holds, %llu moves, %llu signals, "
	       "%u failures\n", (unsigned long long)ops, (unsigned long long)forks,
	       (unsigned long long)visits, (unsigned long long)holds, (unsigned long long)moves,
	       (unsigned long long)faulted, family->ground.failures);
}

int main(int argc, char **argv)
{
	/* Those that only recount: others take locks at events, which would hide races. */
	static struct family family = {
		.oracles = VMSIM_ORACLE_BIT(O7) | VMSIM_ORACLE_BIT(O8) | VMSIM_ORACLE_BIT(O20),
	};
	static struct worker workers[THREADS];
	int result;

	if (!parse(argc, argv, &family)) {
		fprintf(stderr, "usage: family [--armed] [--must-fail]\n");
		return 2;
	}
	result = set_up(&family);
	if (result) {
		fprintf(stderr, "the machine cannot be set up: %s\n", strerror(-result));
		return 1;
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i].family = &family;
		workers[i].id = i;
		workers[i].random = UINT64_C(88172645463325252) + i;
		workers[i].area = first_place(&workers[i]);
		pthread_create(&workers[i].pthread, NULL, work, &workers[i]);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(workers[i].pthread, NULL);
	tear_down(&family);
	tell(&family, workers);
	return (family.ground.failures != 0) != family.must_fail;
}
