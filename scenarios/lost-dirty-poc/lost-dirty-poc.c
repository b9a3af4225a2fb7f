// SPDX-License-Identifier: GPL-2.0-only
#include <vmsim/vmsim.h>
#include <sys/mman.h>

/*
 * E31: the two-process program with which Nadav Amit showed E30 on hardware, in simulated system
 * calls. Three threads of one process share a file mapping: Checker keeps a counter in its first
 * page and reads it back, Dirtier dirties the other pages to make a zap longer, Remapper maps the
 * file over itself. A second process writes the first page back and drops it from the page cache.
 *
 * The first version (lost-dirty-poc) remaps the first page only, so that its zap has one page; the
 * corrected one (lost-dirty-poc2) remaps everything. Seed 001. The original area is 2 MiB; here it
 * is PAGES pages, and loops are bounded.
 */

#define AREA 0x10000000UL
#define PAGES 6
#define AREA_SIZE (PAGES * 4096UL)
#define ROUNDS 3

struct poc {
	int file;
};

static int map_area(struct poc *ctx, size_t size)
{
	long at = vmsim_mmap(AREA, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ctx->file,
			     0);

	return at < 0 ? (int)at : 0;
}

static int setup(struct vmsim_world *world)
{
	struct poc *ctx = world->ctx;

	ctx->file = vmsim_file_create(world->machine, "data", AREA_SIZE);
	if (ctx->file < 0)
		return ctx->file;
	return map_area(ctx, AREA_SIZE);
}

static int checker(struct vmsim_world *world)
{
	(void)world;
	for (uint64_t count = 1; count <= ROUNDS; count++) {
		uint64_t seen = 0;

		/*
		 * The area is unmapped for a moment while it is replaced: a fault there is no loss.
		 */
		if (vmsim_store(AREA, 8, count))
			continue;
		if (vmsim_load(AREA, 8, &seen) == 0 && seen != count)
			vmsim_fail("expected %llu, got %llu", (unsigned long long)count,
				   (unsigned long long)seen);
	}
	return 0;
}

static int dirtier(struct vmsim_world *world)
{
	(void)world;
	for (unsigned int page = 1; page < PAGES; page++)
		vmsim_store(AREA + page * 4096UL + 64, 8, 5);
	return 0;
}

static int remapper(struct vmsim_world *world)
{
	for (int i = 0; i < ROUNDS; i++) {
		int err = map_area(world->ctx, 4096);

		if (err)
			return err;
	}
	return 0;
}

static int remapper_all(struct vmsim_world *world)
{
	for (int i = 0; i < ROUNDS; i++) {
		int err = map_area(world->ctx, AREA_SIZE);

		if (err)
			return err;
	}
	return 0;
}

static int flusher(struct vmsim_world *world)
{
	struct poc *ctx = world->ctx;

	for (int i = 0; i < ROUNDS; i++) {
		vmsim_file_sync(ctx->file, 0, 4096);
		vmsim_file_drop(ctx->file, 0, 4096);
	}
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Checker", .cpu = 0, .fn = checker },
	{ .name = "Dirtier", .cpu = 1, .fn = dirtier },
	{ .name = "Remapper", .cpu = 2, .fn = remapper },
	{ .name = "Flusher", .cpu = 3, .fn = flusher, .process = 1 },
};

static const struct vmsim_thread_def threads_all[] = {
	{ .name = "Checker", .cpu = 0, .fn = checker },
	{ .name = "Dirtier", .cpu = 1, .fn = dirtier },
	{ .name = "Remapper", .cpu = 2, .fn = remapper_all },
	{ .name = "Flusher", .cpu = 3, .fn = flusher, .process = 1 },
};

/* Checker has stored; Remapper is about to flush; Flusher cleans; Checker stores once more. */
static const char script[] =
	"Dirtier;"
	"Checker until store;"
	"Remapper until tlb-flush;"
	"Flusher until store-write;"
	"Checker";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, .source = "Linux 6.12" },
	{ .name = "linux-6.1",
	  .source = "zap_pte_range() of Linux 6.1: rmap removed before the flush" },
};

#define T(name) (1u << VMSIM_TLB_##name)
#define STALE (T(IPI) | T(PV_DEFER) | T(BROADCAST))
#define NOT_STALE (T(SYNC_ON_CLEAR) | T(UP) | T(COHERENT))

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", STALE | NOT_STALE, NULL, "Flusher waits for the page-table lock" },
	{ "linux-6.12", T(FAULTY), "O6", "a lost flush leaves excess rights behind" },
	{ "linux-6.1", STALE, "O3|O6", "as scenario lost-dirty" },
	{ "linux-6.1", NOT_STALE, NULL, "no entry outlives the clearing" },
	{ "linux-6.1", T(FAULTY), "O3|O6", "as with ipi, and the flush is lost" },
};

#define POC(variable, its_name, its_summary, its_threads)			\
const struct vmsim_scenario variable = {					\
	.name = its_name,							\
	.summary = its_summary,							\
	.seeds = "E31",								\
	.tags = "tlb rmap writeback zap poc",					\
	.config = {								\
		.contents = VMSIM_CONTENTS_VERSION,				\
		.cpus = 4,							\
		.frames = 256,							\
	},									\
	.ctx_size = sizeof(struct poc),						\
	.processes = 2,								\
	.setup = setup,								\
	.threads = its_threads,							\
	.nr_threads = sizeof(its_threads) / sizeof(its_threads[0]),		\
	.script = script,							\
	.variants = variants,							\
	.nr_variants = sizeof(variants) / sizeof(variants[0]),			\
	.verdicts = verdicts,							\
	.nr_verdicts = sizeof(verdicts) / sizeof(verdicts[0]),			\
}

extern const struct vmsim_scenario scenario_lost_dirty_poc, scenario_lost_dirty_poc2;

POC(scenario_lost_dirty_poc, "lost-dirty-poc", "E30 as first demonstrated: remaps one page",
    threads);
POC(scenario_lost_dirty_poc2, "lost-dirty-poc2", "E30 as demonstrated: remaps the whole area",
    threads_all);
