// SPDX-License-Identifier: GPL-2.0-only
#include "corpus.h"

/*
 * mprotect() against accesses of another thread, and against writeback.
 */

enum { OPEN, CLOSED, OPEN_AGAIN };

struct protect {
	int file;
	int state;
	uint64_t last_stored;
};

static int map_file(struct vmsim_world *world)
{
	struct protect *ctx = world->ctx;

	ctx->file = vmsim_file_create(world->machine, "data", 3 * PAGE_BYTES);
	return ctx->file < 0 ? ctx->file : corpus_map(AREA, 3, RW, SHARED, ctx->file);
}

static int map_anon(struct vmsim_world *world)
{
	(void)world;
	return corpus_map(AREA, 1, RW, ANON, VMSIM_NO_FILE);
}

/* A store that begins and ends while the memory is closed must fault. */
static void store_if_open(struct protect *ctx, uint64_t value)
{
	int before = ask(&ctx->state);
	bool done = corpus_store(AREA, value);

	if (!done)
		return;
	tell(&ctx->last_stored, value);
	if (before == CLOSED && ask(&ctx->state) == CLOSED)
		vmsim_fail("a store into protected memory does not fault");
}

static int writer(struct vmsim_world *world)
{
	for (uint64_t value = 1; value <= 3; value++)
		store_if_open(world->ctx, value);
	return 0;
}

static int reader(struct vmsim_world *world)
{
	struct protect *ctx = world->ctx;

	for (int i = 0; i < 3; i++) {
		int before = ask(&ctx->state);
		uint64_t seen;

		if (corpus_load(AREA, &seen) && before == CLOSED && ask(&ctx->state) == CLOSED)
			vmsim_fail("a load from inaccessible memory does not fault");
	}
	return 0;
}

static int close_and_open(struct protect *ctx, int prot)
{
	int err = vmsim_mprotect(AREA, PAGE_BYTES, prot);

	if (err)
		return err;
	tell(&ctx->state, CLOSED);
	vmsim_point("closed");
	tell(&ctx->state, OPEN_AGAIN);
	return vmsim_mprotect(AREA, PAGE_BYTES, RW);
}

static int protector(struct vmsim_world *world)
{
	return close_and_open(world->ctx, PROT_READ);
}

static int excluder(struct vmsim_world *world)
{
	return close_and_open(world->ctx, PROT_NONE);
}

static int cleaner(struct vmsim_world *world)
{
	struct protect *ctx = world->ctx;

	return vmsim_file_sync(ctx->file, 0, PAGE_BYTES);
}

static int last_is_stored(struct vmsim_world *world)
{
	struct protect *ctx = world->ctx;
	int err = vmsim_file_sync(ctx->file, 0, PAGE_BYTES);

	return err ? err : corpus_is_stored(ctx->file, 0, ctx->last_stored);
}

static int last_is_there(struct vmsim_world *world)
{
	struct protect *ctx = world->ctx;
	uint64_t seen = 0;

	if (!corpus_load(AREA, &seen))
		return -1;
	if (seen != ctx->last_stored)
		vmsim_fail("lost write: %llu was stored, memory holds %llu",
			   (unsigned long long)ctx->last_stored, (unsigned long long)seen);
	return 0;
}

static const struct vmsim_thread_def mprotect_file_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Protector", .cpu = 1, .fn = protector },
	{ .name = "Cleaner", .cpu = 2, .fn = cleaner, .process = 1 },
};

CORPUS_VERDICTS(mprotect_file, "O6", "Writer keeps the right to write");

const struct vmsim_scenario scenario_mprotect_file = {
	CORPUS_WORLD(mprotect_file),
	.name = "mprotect-file",
	.summary = "mprotect() against stores and writeback",
	.seeds = "",
	.tags = "corpus mprotect writeback rmap tlb",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 128 },
	.ctx_size = sizeof(struct protect),
	.processes = 2,
	.setup = map_file,
	.check = last_is_stored,
	.script = "Writer until store; Protector; Writer; Cleaner",
};

static const struct vmsim_thread_def mprotect_anon_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Protector", .cpu = 1, .fn = protector },
};

CORPUS_VERDICTS(mprotect_anon, "O6", "Writer keeps the right to write");

const struct vmsim_scenario scenario_mprotect_anon = {
	CORPUS_WORLD(mprotect_anon),
	.name = "mprotect-anon",
	.summary = "mprotect() against stores to anonymous memory",
	.seeds = "",
	.tags = "corpus mprotect anon tlb",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct protect),
	.setup = map_anon,
	.check = last_is_there,
	.script = "Writer until store; Protector; Writer",
};

static const struct vmsim_thread_def mprotect_none_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Reader", .cpu = 1, .fn = reader },
	{ .name = "Excluder", .cpu = 2, .fn = excluder },
};

CORPUS_VERDICTS(mprotect_none, "O6", "Writer keeps its rights");

const struct vmsim_scenario scenario_mprotect_none = {
	CORPUS_WORLD(mprotect_none),
	.name = "mprotect-none",
	.summary = "PROT_NONE against loads and stores",
	.seeds = "",
	.tags = "corpus mprotect anon tlb",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct protect),
	.setup = map_anon,
	.check = last_is_there,
	.script = "Writer until store; Excluder; Writer; Reader",
};

/*
 * split-writeback: the mapping is split in three and merged again while the file is written back:
 * the walk over its mappings finds each page all the time.
 */
struct split {
	int file;
	uint64_t last_stored[3];
};

static int map_split(struct vmsim_world *world)
{
	struct split *ctx = world->ctx;

	ctx->file = vmsim_file_create(world->machine, "data", 3 * PAGE_BYTES);
	return ctx->file < 0 ? ctx->file : corpus_map(AREA, 3, RW, SHARED, ctx->file);
}

static int split_writer(struct vmsim_world *world)
{
	static const int pages[] = { 2, 0, 2 };
	struct split *ctx = world->ctx;

	for (unsigned int i = 0; i < 3; i++)
		if (corpus_store(AREA + pages[i] * PAGE_BYTES, i + 1))
			tell(&ctx->last_stored[pages[i]], i + 1);
	return 0;
}

static int splitter(struct vmsim_world *world)
{
	int err = vmsim_mprotect(AREA + PAGE_BYTES, PAGE_BYTES, PROT_READ);

	(void)world;
	/* The second one grows downwards to take in the first. */
	if (!err)
		err = vmsim_mprotect(AREA, PAGE_BYTES, PROT_READ);
	return err ? err : vmsim_mprotect(AREA, 2 * PAGE_BYTES, RW);
}

static int split_cleaner(struct vmsim_world *world)
{
	struct split *ctx = world->ctx;

	return vmsim_file_sync(ctx->file, 0, 3 * PAGE_BYTES);
}

static int split_stored(struct vmsim_world *world)
{
	struct split *ctx = world->ctx;
	int err = vmsim_file_sync(ctx->file, 0, 3 * PAGE_BYTES);

	for (unsigned int page = 0; page < 3 && !err; page++)
		err = corpus_is_stored(ctx->file, page * PAGE_BYTES, ctx->last_stored[page]);
	return err;
}

static const struct vmsim_thread_def split_writeback_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = split_writer },
	{ .name = "Splitter", .cpu = 1, .fn = splitter },
	{ .name = "Cleaner", .cpu = 2, .fn = split_cleaner, .process = 1 },
};

CORPUS_VERDICTS(split_writeback, "O6", "Writer keeps the right to write to a clean page");

const struct vmsim_scenario scenario_split_writeback = {
	CORPUS_WORLD(split_writeback),
	.name = "split-writeback",
	.summary = "a mapping is split and merged during writeback",
	.seeds = "",
	.tags = "corpus mprotect writeback rmap",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 128 },
	.ctx_size = sizeof(struct split),
	.processes = 2,
	.setup = map_split,
	.check = split_stored,
	.script = "Writer; Cleaner; Splitter",
};
