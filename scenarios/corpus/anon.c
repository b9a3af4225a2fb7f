// SPDX-License-Identifier: GPL-2.0-only
#include "corpus.h"

/*
 * Private anonymous memory that two or three threads of one process use while it is faulted in,
 * dropped or unmapped.
 */

/*
 * anon-fault: both threads fault on the same untouched page, and on the tables above it. Each finds
 * its own word afterwards.
 */
static int one_page(struct vmsim_world *world)
{
	(void)world;
	return corpus_map(AREA, 1, RW, ANON, VMSIM_NO_FILE);
}

static int store_and_keep(unsigned long addr, uint64_t value)
{
	uint64_t seen = 0;

	if (!corpus_store(addr, value) || !corpus_load(addr, &seen))
		return -1;
	if (seen != value)
		vmsim_fail("stored %llu at %lx, loaded %llu", (unsigned long long)value, addr,
			   (unsigned long long)seen);
	return 0;
}

static int fault_first(struct vmsim_world *world)
{
	(void)world;
	return store_and_keep(AREA, 1);
}

static int fault_second(struct vmsim_world *world)
{
	(void)world;
	return store_and_keep(AREA + 8, 2);
}

static int both_words(struct vmsim_world *world)
{
	uint64_t first = 0, second = 0;

	(void)world;
	if (!corpus_load(AREA, &first) || !corpus_load(AREA + 8, &second))
		return -1;
	if (first != 1 || second != 2)
		vmsim_fail("1 and 2 were stored, the page holds %llu and %llu",
			   (unsigned long long)first, (unsigned long long)second);
	return 0;
}

static const struct vmsim_thread_def anon_fault_threads[] = {
	{ .name = "First", .cpu = 0, .fn = fault_first },
	{ .name = "Second", .cpu = 1, .fn = fault_second },
};

CORPUS_VERDICTS(anon_fault, NULL, "nothing is flushed");

const struct vmsim_scenario scenario_anon_fault = {
	CORPUS_WORLD(anon_fault),
	.name = "anon-fault",
	.summary = "two threads fault on one anonymous page",
	.seeds = "",
	.tags = "corpus fault anon",
	.config = { .contents = VMSIM_CONTENTS_BYTES, .cpus = 2, .frames = 64 },
	.setup = one_page,
	.check = both_words,
	.script = "First; Second",
};

/*
 * anon-fault-drop: the same while the page is dropped, so that either word may be gone.
 */
static int drop(struct vmsim_world *world)
{
	(void)world;
	return vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);
}

static int store_first(struct vmsim_world *world)
{
	(void)world;
	return corpus_store(AREA, 1) ? 0 : -1;
}

static int store_second(struct vmsim_world *world)
{
	(void)world;
	return corpus_store(AREA + 8, 2) ? 0 : -1;
}

static const struct vmsim_thread_def anon_fault_drop_threads[] = {
	{ .name = "First", .cpu = 0, .fn = store_first },
	{ .name = "Second", .cpu = 1, .fn = store_second },
	{ .name = "Dropper", .cpu = 2, .fn = drop },
};

CORPUS_VERDICTS(anon_fault_drop, "O2|O6", "the frame is freed while First has it");

const struct vmsim_scenario scenario_anon_fault_drop = {
	CORPUS_WORLD(anon_fault_drop),
	.name = "anon-fault-drop",
	.summary = "two threads fault on an anonymous page that is dropped",
	.seeds = "",
	.tags = "corpus fault zap anon madvise",
	.config = { .contents = VMSIM_CONTENTS_BYTES, .cpus = 3, .frames = 64 },
	.setup = one_page,
	.script = "First; Dropper; Second",
};

/*
 * zero-page: Reader has the page of zeroes in its TLB when the stores of the others replace it.
 * Once Other is through, Reader sees what it stored, also where the page was replaced by Writer.
 */
struct zero_page {
	int written;
};

static int zero_reader(struct vmsim_world *world)
{
	struct zero_page *ctx = world->ctx;

	for (int i = 0; i < 2; i++) {
		int written = ask(&ctx->written);
		uint64_t seen = 0;

		if (!corpus_load(AREA + 8, &seen))
			return -1;
		if (written && seen != 1)
			vmsim_fail("after the store of 1, a load gives %llu",
				   (unsigned long long)seen);
	}
	return 0;
}

static int zero_writer(struct vmsim_world *world)
{
	(void)world;
	return corpus_store(AREA, 1) ? 0 : -1;
}

static int zero_other(struct vmsim_world *world)
{
	struct zero_page *ctx = world->ctx;

	if (!corpus_store(AREA + 8, 1))
		return -1;
	tell(&ctx->written, 1);
	return 0;
}

static const struct vmsim_thread_def zero_page_threads[] = {
	{ .name = "Reader", .cpu = 0, .fn = zero_reader },
	{ .name = "Writer", .cpu = 1, .fn = zero_writer },
	{ .name = "Other", .cpu = 2, .fn = zero_other },
};

CORPUS_VERDICTS(zero_page, "O6", "the page of zeroes stays in a TLB");

const struct vmsim_scenario scenario_zero_page = {
	CORPUS_WORLD(zero_page),
	.name = "zero-page",
	.summary = "the page of zeroes is replaced while it is cached",
	.seeds = "",
	.tags = "corpus fault anon cow tlb",
	.config = { .contents = VMSIM_CONTENTS_BYTES, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct zero_page),
	.setup = one_page,
	.script = "Reader until load; Other; Reader; Writer",
};

/*
 * dontneed: Dropper and Rival drop the same page, which Writer has stored to. When Dropper's call
 * has returned, what was stored before it is gone for good.
 */
struct dontneed {
	int wrote, dropped;
};

static int dontneed_writer(struct vmsim_world *world)
{
	struct dontneed *ctx = world->ctx;

	if (!corpus_store(AREA, 1))
		return -1;
	tell(&ctx->wrote, 1);
	for (int i = 0; i < 2; i++) {
		int dropped = ask(&ctx->dropped);
		uint64_t seen = 0;

		if (!corpus_load(AREA, &seen))
			return -1;
		if (dropped && seen)
			vmsim_fail("dropped memory still holds %llu", (unsigned long long)seen);
	}
	return 0;
}

static int dontneed_dropper(struct vmsim_world *world)
{
	struct dontneed *ctx = world->ctx;
	int wrote = ask(&ctx->wrote);
	int err = vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);

	if (!err && wrote)
		tell(&ctx->dropped, 1);
	return err;
}

static const struct vmsim_thread_def dontneed_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = dontneed_writer },
	{ .name = "Dropper", .cpu = 1, .fn = dontneed_dropper },
	{ .name = "Rival", .cpu = 2, .fn = drop },
};

CORPUS_VERDICTS(dontneed, "O2|O6", "the frame is freed while Writer has it");

const struct vmsim_scenario scenario_dontneed = {
	CORPUS_WORLD(dontneed),
	.name = "dontneed",
	.summary = "two threads drop a page that a third one uses",
	.seeds = "E17",
	.tags = "corpus zap anon tlb madvise",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct dontneed),
	.setup = one_page,
	.script = "Writer until store; Dropper; Writer; Rival",
};

/*
 * munmap-reuse: Unmapper takes the memory and its page table away and maps other memory, which may
 * get the same frames. When munmap() has returned, Program's accesses fault.
 */
#define OTHER 0x40000000UL
#define KEPT (AREA + 0x400000UL)

struct munmap_reuse {
	int unmapped;
};

/* With memory nearby that stays, so that only the PTE table goes. */
static int one_page_and_another(struct vmsim_world *world)
{
	int err = one_page(world);

	if (!err)
		err = corpus_map(KEPT, 1, RW, ANON, VMSIM_NO_FILE);
	return err ? err : store_and_keep(KEPT, 5);
}

static int reuse_program(struct vmsim_world *world)
{
	struct munmap_reuse *ctx = world->ctx;

	for (int i = 0; i < 3; i++) {
		int unmapped = ask(&ctx->unmapped);
		bool done = corpus_store(AREA, 1);

		if (done && unmapped)
			vmsim_fail("a store into unmapped memory does not fault");
	}
	return 0;
}

static int unmap_and_reuse(struct vmsim_world *world)
{
	struct munmap_reuse *ctx = world->ctx;
	int err = vmsim_munmap(AREA, PAGE_BYTES);

	if (err)
		return err;
	tell(&ctx->unmapped, 1);
	err = corpus_map(OTHER, 1, RW, ANON, VMSIM_NO_FILE);
	return err ? err : store_and_keep(OTHER, 7);
}

static const struct vmsim_thread_def munmap_reuse_threads[] = {
	{ .name = "Program", .cpu = 0, .fn = reuse_program },
	{ .name = "Unmapper", .cpu = 1, .fn = unmap_and_reuse },
};

CORPUS_VERDICTS(munmap_reuse, "O2|O6", "the frame is freed while Program has it");

const struct vmsim_scenario scenario_munmap_reuse = {
	CORPUS_WORLD(munmap_reuse),
	.name = "munmap-reuse",
	.summary = "frames and tables of unmapped memory are used again",
	.seeds = "E04",
	.tags = "corpus zap anon tlb tables",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct munmap_reuse),
	.setup = one_page_and_another,
	.script = "Program until store; Unmapper; Program",
};

/*
 * munmap-reuse-poor: the same without memory for a batch of tables: each is freed by itself.
 */
static int poor_unmapper(struct vmsim_world *world)
{
	int err = vmsim_fail_pages(world->machine, 1, 3);

	if (!err)
		err = vmsim_munmap(AREA, PAGE_BYTES);
	if (!err)
		err = vmsim_fail_pages(world->machine, 1, 0);
	return err ? err : unmap_and_reuse(world);
}

static const struct vmsim_thread_def munmap_reuse_poor_threads[] = {
	{ .name = "Program", .cpu = 0, .fn = reuse_program },
	{ .name = "Unmapper", .cpu = 1, .fn = poor_unmapper },
};

CORPUS_VERDICTS(munmap_reuse_poor, "O2", "the table is freed while Program's CPU points to it");

const struct vmsim_scenario scenario_munmap_reuse_poor = {
	CORPUS_WORLD(munmap_reuse_poor),
	.name = "munmap-reuse-poor",
	.summary = "munmap-reuse without memory for a batch of tables",
	.seeds = "E04",
	.tags = "corpus zap anon tlb tables",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct munmap_reuse),
	.setup = one_page_and_another,
	.script = "Program until store; Unmapper; Program",
};

/*
 * munmap-below, munmap-above: of two pages that share their tables, one is unmapped.
 */
static int two_pages(struct vmsim_world *world)
{
	(void)world;
	return corpus_map(AREA, 2, RW, ANON, VMSIM_NO_FILE);
}

static int keep_two_values(unsigned long addr)
{
	int err = store_and_keep(addr, 1);

	return err ? err : store_and_keep(addr, 2);
}

static int touch_and_unmap(unsigned long addr)
{
	corpus_store(addr, 3);
	return vmsim_munmap(addr, PAGE_BYTES);
}

static int low_neighbour(struct vmsim_world *world)
{
	(void)world;
	return keep_two_values(AREA);
}

static int high_neighbour(struct vmsim_world *world)
{
	(void)world;
	return keep_two_values(AREA + PAGE_BYTES);
}

static int unmap_low(struct vmsim_world *world)
{
	(void)world;
	return touch_and_unmap(AREA);
}

static int unmap_high(struct vmsim_world *world)
{
	(void)world;
	return touch_and_unmap(AREA + PAGE_BYTES);
}

static const struct vmsim_thread_def munmap_below_threads[] = {
	{ .name = "Neighbour", .cpu = 0, .fn = high_neighbour },
	{ .name = "Unmapper", .cpu = 1, .fn = unmap_low },
};

CORPUS_VERDICTS(munmap_below, "O2|O6", "the frame is freed while Unmapper's CPU has it");

const struct vmsim_scenario scenario_munmap_below = {
	CORPUS_WORLD(munmap_below),
	.name = "munmap-below",
	.summary = "memory is unmapped below memory that uses the same tables",
	.seeds = "",
	.tags = "corpus zap anon tables",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.setup = two_pages,
	.script = "Neighbour; Unmapper",
};

static const struct vmsim_thread_def munmap_above_threads[] = {
	{ .name = "Neighbour", .cpu = 0, .fn = low_neighbour },
	{ .name = "Unmapper", .cpu = 1, .fn = unmap_high },
};

CORPUS_VERDICTS(munmap_above, "O2|O6", "the frame is freed while Unmapper's CPU has it");

const struct vmsim_scenario scenario_munmap_above = {
	CORPUS_WORLD(munmap_above),
	.name = "munmap-above",
	.summary = "memory is unmapped above memory that uses the same tables",
	.seeds = "",
	.tags = "corpus zap anon tables",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.setup = two_pages,
	.script = "Neighbour; Unmapper",
};

/*
 * munmap-many: more pages than the first batch of a gather holds. Program uses pages of both.
 */
#define MANY 10

static int many_pages(struct vmsim_world *world)
{
	int err = corpus_map(AREA, MANY, RW, ANON, VMSIM_NO_FILE);

	(void)world;
	for (int i = 0; i < MANY && !err; i++)
		err = corpus_store(AREA + i * PAGE_BYTES, 1) ? 0 : -1;
	return err;
}

static int many_program(struct vmsim_world *world)
{
	static const int page[] = { 0, MANY - 1 };

	(void)world;
	for (unsigned int i = 0; i < sizeof(page) / sizeof(page[0]); i++)
		corpus_store(AREA + page[i] * PAGE_BYTES, 2);
	return 0;
}

static int many_unmapper(struct vmsim_world *world)
{
	(void)world;
	return vmsim_munmap(AREA, MANY * PAGE_BYTES);
}

static const struct vmsim_thread_def munmap_many_threads[] = {
	{ .name = "Program", .cpu = 0, .fn = many_program },
	{ .name = "Unmapper", .cpu = 1, .fn = many_unmapper },
};

CORPUS_VERDICTS(munmap_many, "O2|O6", "frames are freed while Program has them");

const struct vmsim_scenario scenario_munmap_many = {
	CORPUS_WORLD(munmap_many),
	.name = "munmap-many",
	.summary = "a gather needs a second batch",
	.seeds = "",
	.tags = "corpus zap anon tlb gather",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.setup = many_pages,
	.script = "Program; Unmapper",
};
