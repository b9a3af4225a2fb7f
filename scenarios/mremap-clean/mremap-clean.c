// SPDX-License-Identifier: GPL-2.0-only
#include "../mremap.h"

/*
 * R16, R5: a mapping of a file moves while a page of it is written, and written back. Cleaner finds
 * the entry at its new place, makes it clean and flushes that place. What Writer has of the old one
 * must be gone by then, or it writes to a clean page.
 *
 * Found by Aaron Lu in 2016; fixed in Linux 4.9 by 5d1904204c99.
 */

struct mremap_clean {
	int file;
	uint64_t last_stored;
};

static int setup(struct vmsim_world *world)
{
	struct mremap_clean *ctx = world->ctx;

	ctx->file = vmsim_file_create(world->machine, "data", PAGE_BYTES);
	return ctx->file < 0 ? ctx->file : corpus_map(AREA, 1, RW, SHARED, ctx->file);
}

/* The second store faults where the mapping has moved, which is the other legal end. */
static int writer(struct vmsim_world *world)
{
	struct mremap_clean *ctx = world->ctx;

	for (uint64_t value = 1; value <= 2; value++) {
		if (corpus_store(AREA, value))
			ctx->last_stored = value;
		vmsim_point("wrote");
	}
	return 0;
}

static int mover(struct vmsim_world *world)
{
	(void)world;
	return move_there(PAGE_BYTES);
}

static int cleaner(struct vmsim_world *world)
{
	struct mremap_clean *ctx = world->ctx;

	return vmsim_file_sync(ctx->file, 0, PAGE_BYTES);
}

static int check(struct vmsim_world *world)
{
	struct mremap_clean *ctx = world->ctx;
	int err = cleaner(world);

	return err ? err : corpus_is_stored(ctx->file, 0, ctx->last_stored);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Mover", .cpu = 1, .fn = mover },
	{ .name = "Cleaner", .cpu = 2, .fn = cleaner },
};

/* Mover has dropped the locks and has not flushed; the file is written back; Writer goes on. */
static const char script[] =
	"Writer until point=wrote;"
	"Mover until point=unlocked;"
	"Cleaner;"
	"Writer;"
	"Mover";

/* The flush is lost; Mover has dropped both locks. */
static const char script_lost[] =
	"Writer until point=wrote;"
	"Mover until ptl-released;"
	"Mover until ptl-released;"
	"Cleaner;"
	"Writer;"
	"Mover";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12",
	  .builtin = true,
	  .source = "move_ptes() of Linux 6.12: present entries are flushed under both locks",
	  .script = script_lost },
	{ .name = "linux-4.19",
	  .source = "5d1904204c99: dirty entries are flushed under their lock" },
	{ .name = "linux-4.8",
	  .source = "before 5d1904204c99: nothing is flushed before the locks are dropped" },
};

#define STALE (VMSIM_ALL_TLBS & ~QUIET & ~T(UP) & ~T(FAULTY))

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS & ~T(FAULTY), NULL,
	  "Writer has nothing of the old place when others find the new one",
	  .exhausts = VMSIM_ALL_TLBS & ~T(PV_DEFER) & ~T(FAULTY) },
	{ "linux-6.12", T(FAULTY), "O3|O6", "the flush is lost: as linux-4.8" },

	{ "linux-4.19", VMSIM_ALL_TLBS & ~T(FAULTY), NULL, "what was written is flushed in time",
	  .exhausts = VMSIM_ALL_TLBS & ~T(PV_DEFER) & ~T(FAULTY) },
	{ "linux-4.19", T(FAULTY), "O3|O6", "the flush is lost" },

	{ "linux-4.8", STALE | T(FAULTY), "O3|O6", "Writer writes to a page that is clean by then" },
	{ "linux-4.8", T(UP), "O6", "the CPU that moves leaves the locks with a stale entry" },
	{ "linux-4.8", QUIET, NULL, "no entry outlives its clearing", .exhausts = QUIET },
};

extern const struct vmsim_scenario scenario_mremap_clean;

const struct vmsim_scenario scenario_mremap_clean = {
	.name = "mremap-clean",
	.summary = "a mapping of a file moves while a page of it is written back",
	.seeds = "M05",
	.tags = "mremap tlb file writeback rmap",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct mremap_clean),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
