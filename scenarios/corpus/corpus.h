/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_CORPUS_H
#define SCENARIO_CORPUS_H

#include <vmsim/vmsim.h>
#include <linux/compiler.h>
#include <asm/barrier.h>
#include <sys/mman.h>

/*
 * The corpus: worlds that are as small as a race allows, in which nothing may go wrong. No variant
 * belongs to them; what they are good for is to find errors in the library and in replacements of
 * its functions (docs/mutations.md).
 */

#define AREA 0x10000000UL
#define PAGE_BYTES 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define SHARED (MAP_SHARED | MAP_FIXED)

/* What one thread tells the others, in the order in which it happens. */
#define tell(place, value) smp_store_release(place, value)
#define ask(place) smp_load_acquire(place)

static inline int corpus_map(unsigned long addr, unsigned long pages, int prot, int flags, int file)
{
	long at = vmsim_mmap(addr, pages * PAGE_BYTES, prot, flags, file, 0);

	return at < 0 ? (int)at : 0;
}

/* A word of a page through the calling thread's mapping; a signal is no failure. */
static inline bool corpus_store(unsigned long addr, uint64_t value)
{
	return vmsim_store(addr, 8, value) == 0;
}

static inline bool corpus_load(unsigned long addr, uint64_t *value)
{
	return vmsim_load(addr, 8, value) == 0;
}

/* A page of memory at @addr with a value: 0, or what says why not. */
static inline int corpus_page(unsigned long addr, uint64_t value)
{
	int err = corpus_map(addr, 1, RW, ANON, VMSIM_NO_FILE);

	return err ? err : corpus_store(addr, value) ? 0 : -1;
}

/* The backing store of a file holds @value at @offset. */
static inline int corpus_is_stored(int file, uint64_t offset, uint64_t value)
{
	uint64_t stored = 0;

	if (vmsim_file_stored(file, offset, &stored, sizeof(stored)) != sizeof(stored))
		return -1;
	if (stored != value)
		vmsim_fail("lost write at %llu: %llu was stored, the disk holds %llu",
			   (unsigned long long)offset, (unsigned long long)value,
			   (unsigned long long)stored);
	return 0;
}

/* Holds one page: 0, or what says why not. */
static inline int corpus_pin(unsigned long addr, unsigned int flags, struct vmsim_pins **pins)
{
	int n = vmsim_pin(addr, 1, flags, pins);

	return n == 1 ? 0 : n < 0 ? n : -1;
}

/* What runs as the library is written; the other member of the table is a lost flush. */
static const struct vmsim_variant corpus_variants[] = {
	{ .name = "linux-6.12", .builtin = true, .source = "the library as it is" },
};

/* A flush back-end, as a part of a set. */
#define T(name) (1u << VMSIM_TLB_##name)
#define CORPUS_LOSSY T(FAULTY)
/* Clearing an entry, or its right to write, takes it from TLBs, too. */
#define QUIET (T(SYNC_ON_CLEAR) | T(COHERENT))
/* Whoever flushes waits for who walks tables without locks, or cannot come between at all. */
#define WAITS (T(IPI) | T(UP))

/*
 * @lost: the oracles that fire when the first flush is lost; NULL: it is not missed. @fewest: with
 * how many preemptions they do. @small: the back-ends under which the portfolio exhausts it in less
 * than a minute.
 */
#define CORPUS_VERDICTS_OF(world, lost, why, fewest, small)				\
static const struct vmsim_verdict world##_verdicts[] = {				\
	{ "linux-6.12", VMSIM_ALL_TLBS & ~CORPUS_LOSSY, NULL, "nothing goes wrong",	\
	  .exhausts = (small) },							\
	{ "linux-6.12", CORPUS_LOSSY, lost, why, .depth = (fewest), .exhausts = (small) },\
};											\
extern const struct vmsim_scenario scenario_##world
#define CORPUS_VERDICTS(world, lost, why) CORPUS_VERDICTS_OF(world, lost, why, 0, 0)

#define CORPUS_LIST(member, list) .member = list, .nr_##member = sizeof(list) / sizeof(list[0])

/* What the scenario structure of a world has in common with the others. */
#define CORPUS_WORLD(world)					\
	CORPUS_LIST(threads, world##_threads),			\
	CORPUS_LIST(variants, corpus_variants),			\
	CORPUS_LIST(verdicts, world##_verdicts)

#endif
