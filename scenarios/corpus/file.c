// SPDX-License-Identifier: GPL-2.0-only
#include "corpus.h"

/*
 * Pages of files: written through several mappings, written back, dropped from the page cache,
 * copied on the first write.
 */

struct data {
	int file;
	uint64_t first, second;	/* what was stored last into the first and the second word */
	int copied;
};

static int make_file(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	ctx->file = vmsim_file_create(world->machine, "data", PAGE_BYTES);
	return ctx->file < 0 ? ctx->file : 0;
}

static int map_shared(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	int err = make_file(world);

	return err ? err : corpus_map(AREA, 1, RW, SHARED, ctx->file);
}

static int cleaner(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	return vmsim_file_sync(ctx->file, 0, PAGE_BYTES);
}

static int first_is_stored(struct vmsim_world *world)
{
	const struct data *ctx = world->ctx;
	int err = cleaner(world);

	return err ? err : corpus_is_stored(ctx->file, 0, ctx->first);
}

static int both_are_stored(struct vmsim_world *world)
{
	const struct data *ctx = world->ctx;
	int err = first_is_stored(world);

	return err ? err : corpus_is_stored(ctx->file, 8, ctx->second);
}

/*
 * shared-writers: two processes write to one page of a file through mappings of their own while it
 * is written back.
 */
static int writer(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	for (uint64_t value = 1; value <= 2; value++)
		if (corpus_store(AREA, value))
			tell(&ctx->first, value);
	return 0;
}

static int other_writer(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	int err = corpus_map(AREA, 1, RW, SHARED, ctx->file);

	if (!err && corpus_store(AREA + 8, 1))
		tell(&ctx->second, 1);
	return err;
}

static const struct vmsim_thread_def shared_writers_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Other", .cpu = 1, .fn = other_writer, .process = 1 },
	{ .name = "Cleaner", .cpu = 2, .fn = cleaner, .process = 1 },
};

CORPUS_VERDICTS(shared_writers, "O3|O6", "Writer stores into a clean page");

const struct vmsim_scenario scenario_shared_writers = {
	CORPUS_WORLD(shared_writers),
	.name = "shared-writers",
	.summary = "two processes write to a page that is written back",
	.seeds = "",
	.tags = "corpus fault file rmap writeback",
	.config = { .contents = VMSIM_CONTENTS_BYTES, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct data),
	.processes = 2,
	.setup = map_shared,
	.check = both_are_stored,
	.script = "Writer until store; Cleaner; Writer; Other",
};

/*
 * writeback: one writer, one cleaner, nothing else.
 */
static const struct vmsim_thread_def writeback_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Cleaner", .cpu = 1, .fn = cleaner },
};

CORPUS_VERDICTS(writeback, "O3|O6", "Writer stores into a clean page");

const struct vmsim_scenario scenario_writeback = {
	CORPUS_WORLD(writeback),
	.name = "writeback",
	.summary = "stores to a page that is written back",
	.seeds = "",
	.tags = "corpus file rmap writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct data),
	.setup = map_shared,
	.check = first_is_stored,
	.script = "Writer until store; Cleaner; Writer",
};

/*
 * file-evict: the page goes from the mapping, from the page cache and comes back; nothing that was
 * stored is lost on the way.
 */
static int evict_program(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	for (uint64_t value = 1; value <= 2; value++) {
		uint64_t seen = 0;

		if (!corpus_store(AREA, value))
			return -1;
		tell(&ctx->first, value);
		if (vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED) || !corpus_load(AREA, &seen))
			return -1;
		if (seen != value)
			vmsim_fail("stored %llu, loaded %llu", (unsigned long long)value,
				   (unsigned long long)seen);
	}
	return vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);
}

static int evictor(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	int err = cleaner(world);

	return err ? err : vmsim_file_drop(ctx->file, 0, PAGE_BYTES);
}

/* The first word of a file, by a system call. */
static int read_first(int file, uint64_t *value)
{
	long length = vmsim_file_read(file, 0, value, sizeof(*value));

	if (length == sizeof(*value))
		return 0;
	return length < 0 ? (int)length : -1;
}

static int file_reader(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	uint64_t least = ask(&ctx->first), seen = 0;
	int err = cleaner(world);

	if (err)
		return err;
	err = read_first(ctx->file, &seen);
	if (err)
		return err;
	if (seen < least)
		vmsim_fail("%llu was stored, read gives %llu", (unsigned long long)least,
			   (unsigned long long)seen);
	return 0;
}

static const struct vmsim_thread_def file_evict_threads[] = {
	{ .name = "Program", .cpu = 0, .fn = evict_program },
	{ .name = "Evictor", .cpu = 1, .fn = evictor, .process = 1 },
	{ .name = "Reader", .cpu = 2, .fn = file_reader, .process = 1 },
};

CORPUS_VERDICTS(file_evict, "O6", "Program stores into a clean page");

const struct vmsim_scenario scenario_file_evict = {
	CORPUS_WORLD(file_evict),
	.name = "file-evict",
	.summary = "a page leaves the page cache while it is faulted in and read",
	.seeds = "E34",
	.tags = "corpus fault file pagecache writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct data),
	.processes = 2,
	.setup = map_shared,
	.check = first_is_stored,
	.script = "Program until store; Evictor; Program; Reader",
};

/*
 * file-fault: two processes fault on a page that is not cached.
 */
static int fault_program(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	if (corpus_store(AREA, 1))
		tell(&ctx->first, 1);
	return 0;
}

static const struct vmsim_thread_def file_fault_threads[] = {
	{ .name = "First", .cpu = 0, .fn = fault_program },
	{ .name = "Second", .cpu = 1, .fn = other_writer, .process = 1 },
};

CORPUS_VERDICTS_OF(file_fault, NULL, "nothing is flushed before the end", 0,
		   VMSIM_ALL_TLBS & ~(1u << VMSIM_TLB_UP));

const struct vmsim_scenario scenario_file_fault = {
	CORPUS_WORLD(file_fault),
	.name = "file-fault",
	.summary = "two processes fault on a page that is not cached",
	.seeds = "",
	.tags = "corpus fault file pagecache",
	.config = { .contents = VMSIM_CONTENTS_BYTES, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct data),
	.processes = 2,
	.setup = map_shared,
	.check = both_are_stored,
	.script = "First; Second",
};

/*
 * cow-file: private memory of a file. The first store copies the page; from then on all threads of
 * the process see the copy, and the file never sees it.
 */
static int map_private(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	int err = make_file(world);

	return err ? err : corpus_map(AREA, 1, RW, MAP_PRIVATE | MAP_FIXED, ctx->file);
}

static int cow_writer(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	if (!corpus_store(AREA, 1))
		return -1;
	tell(&ctx->copied, 1);
	return 0;
}

static int cow_peer(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	for (int i = 0; i < 2; i++) {
		int copied = ask(&ctx->copied);
		uint64_t seen = 0;

		if (!corpus_load(AREA, &seen))
			return -1;
		if (copied && seen != 1)
			vmsim_fail("after the store of 1, a load gives %llu",
				   (unsigned long long)seen);
	}
	return corpus_store(AREA + 8, 2) ? 0 : -1;
}

static int cow_check(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	uint64_t first = 0, second = 0, file = 0;

	if (!corpus_load(AREA, &first) || !corpus_load(AREA + 8, &second) ||
	    vmsim_file_read(ctx->file, 0, &file, sizeof(file)) != sizeof(file))
		return -1;
	if (first != 1 || second != 2 || file)
		vmsim_fail("expected 1 and 2, and 0 in the file, found %llu, %llu, %llu",
			   (unsigned long long)first, (unsigned long long)second,
			   (unsigned long long)file);
	return 0;
}

static const struct vmsim_thread_def cow_file_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = cow_writer },
	{ .name = "Peer", .cpu = 1, .fn = cow_peer },
};

CORPUS_VERDICTS_OF(cow_file, "O6", "the file's page stays in Peer's TLB", 1, 0);

const struct vmsim_scenario scenario_cow_file = {
	CORPUS_WORLD(cow_file),
	.name = "cow-file",
	.summary = "two threads copy a page of a file on write",
	.seeds = "",
	.tags = "corpus fault file cow tlb",
	.config = { .contents = VMSIM_CONTENTS_BYTES, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct data),
	.setup = map_private,
	.check = cow_check,
	.script = "Peer until load; Writer; Peer",
};

/*
 * exit-writeback: a process stores and exits; the file is written back by another one.
 */
static int exit_program(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	if (corpus_store(AREA, 1))
		tell(&ctx->first, 1);
	return vmsim_exit();
}

static const struct vmsim_thread_def exit_writeback_threads[] = {
	{ .name = "Program", .cpu = 0, .fn = exit_program },
	{ .name = "Cleaner", .cpu = 1, .fn = cleaner, .process = 1 },
};

CORPUS_VERDICTS_OF(exit_writeback, "O6", "the page is clean while Program can write to it", 1, 0);

const struct vmsim_scenario scenario_exit_writeback = {
	CORPUS_WORLD(exit_writeback),
	.name = "exit-writeback",
	.summary = "a process exits while its file is written back",
	.seeds = "",
	.tags = "corpus exit file rmap writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct data),
	.processes = 2,
	.setup = map_shared,
	.check = first_is_stored,
	.script = "Program until store; Cleaner; Program",
};

/*
 * dontneed-file: Dropper takes the page out of the tables while Writer faults on it and stores to
 * it, and while it is written back.
 */
static int dropper(struct vmsim_world *world)
{
	(void)world;
	return vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);
}

/* The page is clean and mapped read-only. */
static int map_clean(struct vmsim_world *world)
{
	int err = map_shared(world);
	uint64_t seen;

	return err ? err : corpus_load(AREA, &seen) ? 0 : -1;
}

static const struct vmsim_thread_def dontneed_file_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Dropper", .cpu = 1, .fn = dropper },
	{ .name = "Cleaner", .cpu = 2, .fn = cleaner, .process = 1 },
};

CORPUS_VERDICTS(dontneed_file, "O6", "the page counts as unmapped while Writer can write to it");

const struct vmsim_scenario scenario_dontneed_file = {
	CORPUS_WORLD(dontneed_file),
	.name = "dontneed-file",
	.summary = "a page of a file is dropped, stored to and written back",
	.seeds = "E30",
	.tags = "corpus zap file fault rmap writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct data),
	.processes = 2,
	.setup = map_clean,
	.check = first_is_stored,
	.script = "Writer until store; Dropper; Writer; Cleaner",
};

/*
 * two-cleaners: a dirty page is stored to while two threads write it back.
 */
static int map_dirty(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	int err = map_shared(world);

	ctx->first = 7;
	return err ? err : corpus_store(AREA, 7) ? 0 : -1;
}

static int single_writer(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	if (!corpus_store(AREA, 8))
		return -1;
	tell(&ctx->first, 8);
	return 0;
}

static const struct vmsim_thread_def two_cleaners_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = single_writer },
	{ .name = "Cleaner", .cpu = 1, .fn = cleaner, .process = 1 },
	{ .name = "Second", .cpu = 2, .fn = cleaner, .process = 1 },
};

CORPUS_VERDICTS(two_cleaners, "O6", "the page is clean while Writer can write to it");

const struct vmsim_scenario scenario_two_cleaners = {
	CORPUS_WORLD(two_cleaners),
	.name = "two-cleaners",
	.summary = "two threads write a page back that is stored to",
	.seeds = "",
	.tags = "corpus file writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct data),
	.processes = 2,
	.setup = map_dirty,
	.check = first_is_stored,
	.script = "Writer until store; Cleaner; Writer; Second",
};

/*
 * file-cold: a page that is in the backing store only is read by a call and through a mapping.
 */
/* Pages of a file that only the backing store has. */
static int write_and_drop(int file, unsigned int pages, uint64_t value)
{
	int err;

	for (unsigned int page = 0; page < pages; page++)
		if (vmsim_file_write(file, page * PAGE_BYTES, &value, 8) != 8)
			return -1;
	err = vmsim_file_sync(file, 0, pages * PAGE_BYTES);
	return err ? err : vmsim_file_drop(file, 0, pages * PAGE_BYTES);
}

#define SOILED 8

/* The frames that are used next have something else in them, from another file. */
static int make_cold(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	int err = map_shared(world);
	int other = vmsim_file_create(world->machine, "other", SOILED * PAGE_BYTES);

	if (!err && other < 0)
		err = other;
	if (!err)
		err = write_and_drop(ctx->file, 1, 1);
	return err ? err : write_and_drop(other, SOILED, 99);
}

static void expect_one(uint64_t seen)
{
	if (seen != 1)
		vmsim_fail("the file holds 1, found %llu", (unsigned long long)seen);
}

static int cold_mapper(struct vmsim_world *world)
{
	uint64_t seen = 0;

	(void)world;
	if (!corpus_load(AREA, &seen))
		return -1;
	expect_one(seen);
	return 0;
}

static int cold_reader(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	uint64_t seen = 0;
	int err = read_first(ctx->file, &seen);

	if (!err)
		expect_one(seen);
	return err;
}

static const struct vmsim_thread_def file_cold_threads[] = {
	{ .name = "Mapper", .cpu = 0, .fn = cold_mapper },
	{ .name = "Reader", .cpu = 1, .fn = cold_reader, .process = 1 },
};

CORPUS_VERDICTS(file_cold, NULL, "nothing is flushed before the end");

const struct vmsim_scenario scenario_file_cold = {
	CORPUS_WORLD(file_cold),
	.name = "file-cold",
	.summary = "a page that is not cached is read by a call and by a fault",
	.seeds = "",
	.tags = "corpus file fault pagecache",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct data),
	.processes = 2,
	.setup = make_cold,
	.script = "Mapper; Reader",
};

/*
 * unmap-dirty: more dirty pages of a file than the first batch of a gather holds; the file is
 * written back meanwhile.
 */
#define MANY 10

struct many {
	int file;
	uint64_t last;
};

static int map_many(struct vmsim_world *world)
{
	struct many *ctx = world->ctx;
	int err;

	ctx->file = vmsim_file_create(world->machine, "data", MANY * PAGE_BYTES);
	if (ctx->file < 0)
		return ctx->file;
	err = corpus_map(AREA, MANY, RW, SHARED, ctx->file);
	for (int i = 0; i < MANY && !err; i++)
		err = corpus_store(AREA + i * PAGE_BYTES, 1) ? 0 : -1;
	ctx->last = 1;
	return err;
}

static int many_writer(struct vmsim_world *world)
{
	struct many *ctx = world->ctx;

	for (uint64_t value = 2; value <= 3; value++)
		if (corpus_store(AREA + 7 * PAGE_BYTES, value))
			tell(&ctx->last, value);
	return 0;
}

static int many_unmapper(struct vmsim_world *world)
{
	(void)world;
	return vmsim_munmap(AREA, MANY * PAGE_BYTES);
}

static int poor_unmapper(struct vmsim_world *world)
{
	int err = vmsim_fail_pages(world->machine, 1, 1000);

	return err ? err : vmsim_munmap(AREA, MANY * PAGE_BYTES);
}

static int many_cleaner(struct vmsim_world *world)
{
	struct many *ctx = world->ctx;

	return vmsim_file_sync(ctx->file, 7 * PAGE_BYTES, PAGE_BYTES);
}

static int many_check(struct vmsim_world *world)
{
	struct many *ctx = world->ctx;
	int err = vmsim_fail_pages(world->machine, 1, 0);

	if (!err)
		err = many_cleaner(world);
	return err ? err : corpus_is_stored(ctx->file, 7 * PAGE_BYTES, ctx->last);
}

static const struct vmsim_thread_def unmap_dirty_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = many_writer },
	{ .name = "Unmapper", .cpu = 1, .fn = many_unmapper },
	{ .name = "Cleaner", .cpu = 2, .fn = many_cleaner, .process = 1 },
};

CORPUS_VERDICTS(unmap_dirty, "O6", "pages count as unmapped while Writer can write to them");

const struct vmsim_scenario scenario_unmap_dirty = {
	CORPUS_WORLD(unmap_dirty),
	.name = "unmap-dirty",
	.summary = "two batches of dirty pages are unmapped and written back",
	.seeds = "E30 E64",
	.tags = "corpus zap file rmap gather writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct many),
	.processes = 2,
	.setup = map_many,
	.check = many_check,
	.script = "Writer until store; Unmapper; Writer; Cleaner",
};

/* unmap-dirty-poor: no memory for a second batch; the gather is flushed in between. */
static const struct vmsim_thread_def unmap_dirty_poor_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = many_writer },
	{ .name = "Unmapper", .cpu = 1, .fn = poor_unmapper },
	{ .name = "Cleaner", .cpu = 2, .fn = many_cleaner, .process = 1 },
};

CORPUS_VERDICTS(unmap_dirty_poor, "O3|O6", "Writer stores into a clean page");

const struct vmsim_scenario scenario_unmap_dirty_poor = {
	CORPUS_WORLD(unmap_dirty_poor),
	.name = "unmap-dirty-poor",
	.summary = "unmap-dirty without memory for a second batch",
	.seeds = "E30 E46",
	.tags = "corpus zap file rmap gather writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct many),
	.processes = 2,
	.setup = map_many,
	.check = many_check,
	.script = "Writer until store; Cleaner; Writer; Unmapper",
};

/*
 * mremap-back: a page comes back to the mapping that it was a part of, which stands before its place
 * in the order of the file's mappings. A walk that finds it at neither would call it clean.
 */
#define BACK (AREA + PAGE_BYTES)
#define AWAY (AREA + 16 * PAGE_BYTES)

static int map_apart(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	long to;
	int err;

	ctx->file = vmsim_file_create(world->machine, "data", 2 * PAGE_BYTES);
	err = ctx->file < 0 ? ctx->file : corpus_map(AREA, 2, RW, SHARED, ctx->file);
	if (err)
		return err;
	to = vmsim_mremap(BACK, PAGE_BYTES, PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, AWAY);
	return to < 0 ? (int)to : 0;
}

static int mover_back(struct vmsim_world *world)
{
	long to = vmsim_mremap(AWAY, PAGE_BYTES, PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, BACK);

	(void)world;
	return to < 0 ? (int)to : 0;
}

/* Wherever the page is. */
static int chasing_writer(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	for (uint64_t value = 1; value <= 2; value++)
		if (corpus_store(AWAY, value) || corpus_store(BACK, value))
			tell(&ctx->first, value);
	return 0;
}

static int second_page_cleaner(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;

	return vmsim_file_sync(ctx->file, PAGE_BYTES, PAGE_BYTES);
}

static int second_page_is_stored(struct vmsim_world *world)
{
	struct data *ctx = world->ctx;
	int err = second_page_cleaner(world);

	return err ? err : corpus_is_stored(ctx->file, PAGE_BYTES, ctx->first);
}

static const struct vmsim_thread_def mremap_back_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = chasing_writer },
	{ .name = "Mover", .cpu = 1, .fn = mover_back },
	{ .name = "Cleaner", .cpu = 2, .fn = second_page_cleaner },
};

CORPUS_VERDICTS_OF(mremap_back, "O3|O6", "Writer stores into a clean page", 0,
		   VMSIM_ALL_TLBS & ~T(PV_DEFER) & ~CORPUS_LOSSY);

const struct vmsim_scenario scenario_mremap_back = {
	CORPUS_WORLD(mremap_back),
	.name = "mremap-back",
	.summary = "a page comes back to its mapping while it is written, and written back",
	.seeds = "",
	.tags = "corpus mremap file rmap writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct data),
	.setup = map_apart,
	.check = second_page_is_stored,
	.script = "Writer until store; Mover; Cleaner; Writer",
};
