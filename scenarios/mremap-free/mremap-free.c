// SPDX-License-Identifier: GPL-2.0-only
#include "../mremap.h"

/*
 * R16: a mapping of a file moves while a page of it is reclaimed. The entry at the new place is what
 * keeps the page: when that is taken out, and its place flushed, the page goes. What Reader has of
 * the old place must be gone by then.
 *
 * Found by Jann Horn in 2018; CVE-2018-18281, fixed in Linux 4.20 by eb66ae030829.
 */

struct mremap_free {
	int file;
	struct address_space *mapping;
};

static int setup(struct vmsim_world *world)
{
	struct mremap_free *ctx = world->ctx;
	int err;

	ctx->file = vmsim_file_create(world->machine, "data", PAGE_BYTES);
	err = ctx->file < 0 ? ctx->file : corpus_map(AREA, 1, PROT_READ, SHARED, ctx->file);
	if (err)
		return err;
	ctx->mapping = area_vma()->vm_file->f_mapping;
	return 0;
}

/* The second load faults where the mapping has moved. */
static int reader(struct vmsim_world *world)
{
	uint64_t value;

	(void)world;
	corpus_load(AREA, &value);
	vmsim_point("read");
	corpus_load(AREA, &value);
	return 0;
}

static int mover(struct vmsim_world *world)
{
	(void)world;
	return move_there(PAGE_BYTES);
}

static int reclaimer(struct vmsim_world *world)
{
	const struct mremap_free *ctx = world->ctx;

	return reclaim_first_page(ctx->mapping);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Reader", .cpu = 0, .fn = reader },
	{ .name = "Mover", .cpu = 1, .fn = mover },
	{ .name = "Reclaimer", .cpu = 2, .fn = reclaimer },
};

/* Mover has dropped the locks and has not flushed; the page is freed; Reader reads it. */
static const char script[] =
	"Reader until point=read;"
	"Mover until point=unlocked;"
	"Reclaimer;"
	"Reader;"
	"Mover";

/* The flush is lost; Mover has dropped both locks. */
static const char script_lost[] =
	"Reader until point=read;"
	"Mover until ptl-released;"
	"Mover until ptl-released;"
	"Reclaimer;"
	"Reader;"
	"Mover";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12",
	  .builtin = true,
	  .source = "move_ptes() of Linux 6.12: present entries are flushed under both locks",
	  .script = script_lost },
	{ .name = "linux-4.19",
	  .source = "CVE-2018-18281: only dirty entries are flushed under their lock" },
	{ .name = "linux-4.8",
	  .source = "before 5d1904204c99: nothing is flushed before the locks are dropped" },
};

#define STALE (VMSIM_ALL_TLBS & ~QUIET & ~T(UP) & ~T(FAULTY))

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS & ~T(FAULTY), NULL,
	  "Reader has nothing of the old place when others find the new one",
	  .exhausts = VMSIM_ALL_TLBS & ~T(PV_DEFER) & ~T(FAULTY) },
	{ "linux-6.12", T(FAULTY), "O1|O2|O6", "the flush is lost: as linux-4.19" },

	{ "linux-4.19", STALE | T(FAULTY), "O1|O2|O6", "Reader reads a page that is free" },
	{ "linux-4.19", T(UP), "O6", "the CPU that moves leaves the locks with a stale entry" },
	{ "linux-4.19", QUIET, NULL, "no entry outlives its clearing", .exhausts = QUIET },

	{ "linux-4.8", STALE | T(FAULTY), "O1|O2|O6", "Reader reads a page that is free" },
	{ "linux-4.8", T(UP), "O6", "the CPU that moves leaves the locks with a stale entry" },
	{ "linux-4.8", QUIET, NULL, "no entry outlives its clearing", .exhausts = QUIET },
};

extern const struct vmsim_scenario scenario_mremap_free;

const struct vmsim_scenario scenario_mremap_free = {
	.name = "mremap-free",
	.summary = "a mapping of a file moves while a page of it is reclaimed",
	.seeds = "M05",
	.tags = "mremap tlb file reclaim rmap",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct mremap_free),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
