// SPDX-License-Identifier: GPL-2.0-only
#include "../mremap.h"

/*
 * R16: a mapping moves with its page table, while somebody who makes a huge page of its file takes
 * that table away; for this nobody needs mmap_lock since Linux 6.6. Mover has seen that there is a
 * table, and waits for the locks of the reverse map; then there is none. What it hooks in at the
 * new place is made of an empty entry: frame 0 is a page table from then on.
 *
 * CVE-2024-50066; fixed in Linux 6.12 by 6fa1066fc5d0: Mover looks again under the locks.
 */

#define VALUE 7

struct mremap_retract {
	int file;
	bool moved;
};

static int setup(struct vmsim_world *world)
{
	struct mremap_retract *ctx = world->ctx;
	int err;

	ctx->file = vmsim_file_create(world->machine, "data", PAGE_BYTES);
	if (ctx->file < 0)
		return ctx->file;
	err = corpus_map(AREA, PMD_SIZE / PAGE_BYTES, RW, SHARED, ctx->file);
	if (err)
		return err;
	return corpus_store(AREA, VALUE) ? 0 : -1;
}

static int mover(struct vmsim_world *world)
{
	struct mremap_retract *ctx = world->ctx;
	int err = move_there(PMD_SIZE);

	ctx->moved = !err;
	return err;
}

static int collapser(struct vmsim_world *world)
{
	const struct mremap_retract *ctx = world->ctx;

	return vmsim_file_retract(ctx->file, 0);
}

static int check(struct vmsim_world *world)
{
	const struct mremap_retract *ctx = world->ctx;
	uint64_t seen = 0;

	if (ctx->moved && (!corpus_load(THERE, &seen) || seen != VALUE))
		vmsim_fail("%d was stored, the program finds %llu at the new place", VALUE,
			   (unsigned long long)seen);
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Mover", .cpu = 0, .fn = mover },
	{ .name = "Collapser", .cpu = 1, .fn = collapser },
};

/*
 * Mover has mapped the new place; Collapser has unmapped the page, and has the lock of the reverse
 * map for its second walk; Mover sees the table, and waits for that lock; Collapser takes the table
 * away.
 */
static const char script[] =
	"Mover until cond-resched;"
	"Collapser until map-zero;"
	"Collapser until lock;"
	"Mover;"
	"Collapser;"
	"Mover";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12",
	  .builtin = true,
	  .source = "mm/mremap.c, mm/khugepaged.c of Linux 6.12: the entry is read under locks" },
	{ .name = "linux-6.11",
	  .source = "CVE-2024-50066, Linux 6.6 to 6.11: the entry is not read again" },
	{ .name = "linux-6.1",
	  .source = "before 1d65b771bc08: so it was, and who retracts tables had mmap_lock" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Mover finds an empty entry, and has nothing to move",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "linux-6.11", VMSIM_ALL_TLBS, "O13", "frame 0 is hooked in as a page table", .depth = 1 },
	{ "linux-6.1", VMSIM_ALL_TLBS, NULL, "Collapser does not get mmap_lock: the table stays",
	  .exhausts = VMSIM_ALL_TLBS },
};

extern const struct vmsim_scenario scenario_mremap_retract;

const struct vmsim_scenario scenario_mremap_retract = {
	.name = "mremap-retract",
	.summary = "a mapping moves with its page table while a collapse takes the table away",
	.seeds = "M20",
	.tags = "mremap tables khugepaged file rmap",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct mremap_retract),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
