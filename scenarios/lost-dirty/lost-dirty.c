// SPDX-License-Identifier: GPL-2.0-only
#include <vmsim/vmsim.h>
#include <sys/mman.h>

/*
 * E30: a write through a stale TLB entry that writeback never sees.
 *
 * Writer has a page of a shared file mapping, with a writable and dirty TLB entry. Zapper unmaps
 * it. Cleaner writes the file back. Linux 6.1 removes the reverse mapping before it flushes:
 * Cleaner then finds an unmapped page, does not meet the page-table lock, and cleans the page while
 * Writer can still write to it.
 *
 * Found by Nadav Amit, October 2022; fixed in Linux 6.2 by 5df397dec7c4. Seed 001.
 */

#define AREA 0x10000000UL
#define V1 0x1111
#define V2 0x2222

struct lost_dirty {
	int file;
	uint64_t last_stored;	/* the newest value whose store was completed */
};

static int setup(struct vmsim_world *world)
{
	struct lost_dirty *ctx = world->ctx;
	long at;

	ctx->file = vmsim_file_create(world->machine, "data", 4096);
	if (ctx->file < 0)
		return ctx->file;
	at = vmsim_mmap(AREA, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ctx->file, 0);
	return at < 0 ? (int)at : 0;
}

static void store(struct lost_dirty *ctx, uint64_t value)
{
	if (vmsim_store(AREA, 8, value) == 0)
		ctx->last_stored = value;
}

static int writer(struct vmsim_world *world)
{
	store(world->ctx, V1);
	vmsim_point("wrote-v1");
	/* Faults when the mapping is gone already, which is the other legal end. */
	store(world->ctx, V2);
	return 0;
}

static int zapper(struct vmsim_world *world)
{
	(void)world;
	return vmsim_munmap(AREA, 4096);
}

static int cleaner(struct vmsim_world *world)
{
	struct lost_dirty *ctx = world->ctx;

	return vmsim_file_sync(ctx->file, 0, 4096);
}

/* After a last writeback, the disk holds the last value that was stored. */
static int check(struct vmsim_world *world)
{
	struct lost_dirty *ctx = world->ctx;
	uint64_t stored = 0;
	int err;

	err = vmsim_file_sync(ctx->file, 0, 4096);
	if (err)
		return err;
	if (vmsim_file_stored(ctx->file, 0, &stored, sizeof(stored)) != sizeof(stored))
		return -1;
	if (stored != ctx->last_stored)
		vmsim_fail("lost write: %#llx was stored, the disk holds %#llx",
			   (unsigned long long)ctx->last_stored, (unsigned long long)stored);
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Zapper", .cpu = 1, .fn = zapper },
	{ .name = "Cleaner", .cpu = 2, .fn = cleaner },
};

/* Zapper stops where its flush begins; the file is written back; Writer writes once more. */
static const char script[] =
	"Writer until point=wrote-v1;"
	"Zapper until tlb-flush;"
	"Cleaner;"
	"Writer;"
	"Zapper;"
	"Cleaner";

/* Zapper stops where it has let go of the page-table lock; the file is written back. */
static const char script_late_dirty[] =
	"Writer until point=wrote-v1;"
	"Zapper until ptl-released;"
	"Cleaner;"
	"Zapper;"
	"Writer";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12",
	  .builtin = true,
	  .source = "mm/memory.c and mm/mmu_gather.c of Linux 6.12" },
	{ .name = "linux-6.1",
	  .source = "zap_pte_range() of Linux 6.1: rmap removed before the flush" },
	{ .name = "dirty-in-batch",
	  .source = "E33: Torvalds, 'v0': dirty bit carried in the gather, October 2022",
	  .script = script_late_dirty },
	{ .name = "rmap-in-batch",
	  .source = "E46: Torvalds, v1: map count dropped when the batch is freed, October 2022" },
	{ .name = "delayed-rmap",
	  .source = "E64: Torvalds, v3: as merged in 6.2; one batch with delayed entries" },
	{ .name = "mkclean-lockless",
	  .source = "a mutation: folio_mkclean() without PVMW_SYNC (reference, 4.4)" },
	{ .name = "row-d-f-before",
	  .source = "truth table 4.4: dirty and flush in the PTL, rmap before the flush" },
	{ .name = "row-d-f-inside",
	  .source = "truth table 4.4: dirty and flush in the PTL, rmap after the flush in it" },
	{ .name = "row-d-f-after",
	  .source = "truth table 4.4: dirty and flush in the PTL, rmap after it" },
	{ .name = "row-d-nof-before",
	  .source = "truth table 4.4: dirty in the PTL, flush after it, rmap in it" },
	{ .name = "row-d-nof-after",
	  .source = "truth table 4.4: dirty in the PTL, flush and rmap after it" },
	{ .name = "row-nod-f-inside",
	  .source = "truth table 4.4: flush and rmap in the PTL, dirty after it",
	  .script = script_late_dirty },
	{ .name = "row-nod-nof-after",
	  .source = "truth table 4.4: dirty, flush and rmap after the PTL",
	  .script = script_late_dirty },
};

#define T(name) (1u << VMSIM_TLB_##name)
/* Where stale entries outlive the clearing of an entry, and where they do not. */
#define STALE (T(IPI) | T(PV_DEFER) | T(BROADCAST))
#define NOT_STALE (T(SYNC_ON_CLEAR) | T(UP) | T(COHERENT))
/* Where not even the CPU that clears it has a stale entry. */
#define QUIET (T(SYNC_ON_CLEAR) | T(COHERENT))

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", STALE | NOT_STALE, NULL, "Cleaner waits for the page-table lock" },
	{ "linux-6.12", T(FAULTY), "O6", "a lost flush leaves excess rights behind" },

	{ "linux-6.1", STALE, "O3|O6", "the map count says unmapped while Writer's entry lives" },
	{ "linux-6.1", NOT_STALE, NULL, "no entry outlives the clearing" },
	{ "linux-6.1", T(FAULTY), "O3|O6", "as with ipi, and the flush is lost" },

	{ "dirty-in-batch", VMSIM_ALL_TLBS & ~QUIET, "O21",
	  "the file system sees an unmapped, unlocked page become dirty" },
	{ "dirty-in-batch", QUIET, "O21", "the same, but no entry is left behind", .depth = 1 },

	{ "rmap-in-batch", STALE | NOT_STALE, NULL,
	  "the count stays up until after the flush (E55 needs anonymous memory)" },
	{ "rmap-in-batch", T(FAULTY), "O6", "a lost flush leaves excess rights behind" },

	{ "delayed-rmap", STALE | NOT_STALE, NULL, "Cleaner waits for the page-table lock" },
	{ "delayed-rmap", T(FAULTY), "O6", "a lost flush leaves excess rights behind" },

	{ "mkclean-lockless", STALE & ~T(BROADCAST), "O3",
	  "Cleaner skips the empty entry without its lock", .depth = 1 },
	{ "mkclean-lockless", T(BROADCAST), "O3",
	  "the same, but nobody waits while the flush is underway", .depth = 2 },
	{ "mkclean-lockless", NOT_STALE, NULL, "no entry outlives the clearing" },
	{ "mkclean-lockless", T(FAULTY), "O3|O6", "as with ipi, and the flush is lost" },

	{ "row-d-f-before", STALE, "O3|O6", "as linux-6.1" },
	{ "row-d-f-before", NOT_STALE, NULL, "no entry outlives the clearing" },
	{ "row-d-f-before", T(FAULTY), "O3|O6", "as linux-6.1" },

	{ "row-d-f-inside", STALE | NOT_STALE, NULL, "as linux-6.12" },
	{ "row-d-f-inside", T(FAULTY), "O6", "a lost flush leaves excess rights behind" },

	{ "row-d-f-after", STALE | NOT_STALE, NULL,
	  "dirty and without writers when Cleaner gets the lock" },
	{ "row-d-f-after", T(FAULTY), "O6", "a lost flush leaves excess rights behind" },

	{ "row-d-nof-before", STALE, "O3|O6", "cleaned before the flush" },
	{ "row-d-nof-before", T(UP), "O6", "the only CPU leaves the lock with its entry" },
	{ "row-d-nof-before", NOT_STALE & ~T(UP), NULL, "no entry outlives the clearing" },
	{ "row-d-nof-before", T(FAULTY), "O3|O6", "as with ipi, and the flush is lost" },

	{ "row-d-nof-after", STALE, "O3|O6",
	  "Cleaner gets the lock, finds an empty entry, cleans" },
	{ "row-d-nof-after", T(UP), "O6", "the only CPU leaves the lock with its entry" },
	{ "row-d-nof-after", NOT_STALE & ~T(UP), NULL, "no entry outlives the clearing" },
	{ "row-d-nof-after", T(FAULTY), "O3|O6", "as with ipi, and the flush is lost" },

	{ "row-nod-f-inside", STALE | NOT_STALE, "O21", "made dirty when neither mapped nor locked",
	  .depth = 1 },
	{ "row-nod-f-inside", T(FAULTY), "O21",
	  "the same, and a lost flush leaves excess rights behind" },

	{ "row-nod-nof-after", VMSIM_ALL_TLBS & ~QUIET, "O21",
	  "made dirty outside the lock that keeps cleaners out" },
	{ "row-nod-nof-after", QUIET, "O21", "the same, but no entry is left behind", .depth = 1 },
};

extern const struct vmsim_scenario scenario_lost_dirty;

const struct vmsim_scenario scenario_lost_dirty = {
	.name = "lost-dirty",
	.summary = "a write through a stale TLB entry that writeback never sees",
	.seeds = "E30 E33 E46 E48 E64",
	.tags = "tlb rmap writeback zap",
	.config = {
		.contents = VMSIM_CONTENTS_VERSION,
		.cpus = 3,
		.frames = 128,
	},
	.ctx_size = sizeof(struct lost_dirty),
	.setup = setup,
	.threads = threads,
	.nr_threads = sizeof(threads) / sizeof(threads[0]),
	.check = check,
	.script = script,
	.variants = variants,
	.nr_variants = sizeof(variants) / sizeof(variants[0]),
	.verdicts = verdicts,
	.nr_verdicts = sizeof(verdicts) / sizeof(verdicts[0]),
};
