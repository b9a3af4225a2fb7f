// SPDX-License-Identifier: GPL-2.0-only
#include "../mremap.h"

/*
 * R16: a mapping moves with its page table, whose lock is not taken, while a page of it is
 * reclaimed. Reclaimer has found the entry through the old mapping, and has its lock: it takes it
 * out of a table that translates other addresses by now, and flushes the old one. What keeps it away
 * is the lock of the reverse map.
 *
 * CVE-2022-41222; fixed in Linux 5.14 by 97113eb39fa7.
 */

struct mremap_table {
	int file;
	struct address_space *mapping;
};

static int setup(struct vmsim_world *world)
{
	struct mremap_table *ctx = world->ctx;
	uint64_t value;
	int err;

	ctx->file = vmsim_file_create(world->machine, "data", PAGE_BYTES);
	if (ctx->file < 0)
		return ctx->file;
	err = corpus_map(AREA, PMD_SIZE / PAGE_BYTES, PROT_READ, SHARED, ctx->file);
	if (err)
		return err;
	ctx->mapping = area_vma()->vm_file->f_mapping;
	return vmsim_load(AREA, 8, &value);
}

static int mover(struct vmsim_world *world)
{
	(void)world;
	return move_there(PMD_SIZE);
}

static int reclaimer(struct vmsim_world *world)
{
	const struct mremap_table *ctx = world->ctx;

	return reclaim_first_page(ctx->mapping);
}

/* Reads the new place, if it is there. */
static int reader(struct vmsim_world *world)
{
	uint64_t value;

	(void)world;
	if (!corpus_load(THERE, &value))
		return 0;
	vmsim_point("read");
	corpus_load(THERE, &value);
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Mover", .cpu = 0, .fn = mover },
	{ .name = "Reclaimer", .cpu = 1, .fn = reclaimer },
	{ .name = "Reader", .cpu = 0, .fn = reader },
};

/*
 * Mover has mapped the new place; Reclaimer has the lock of the entry; the table moves; Reader reads
 * the page at its new place.
 */
static const char script[] =
	"Mover until cond-resched;"
	"Reclaimer until ptl-lock;"
	"Mover until tlb-flush-done;"
	"Mover until unlock;"
	"Reader until point=read;"
	"Reclaimer;"
	"Reader;"
	"Mover";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12",
	  .builtin = true,
	  .source = "mm/mremap.c of Linux 6.12: tables move under the locks of the reverse map" },
	{ .name = "no-rmap-lock",
	  .source = "CVE-2022-41222: tables move without them" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL,
	  "Reclaimer comes before the move, or after it; nobody has the old place cached",
	  .exhausts = VMSIM_ALL_TLBS & ~T(PV_DEFER) },

	{ "no-rmap-lock", VMSIM_ALL_TLBS & ~QUIET & ~T(UP), "O1|O2|O6",
	  "Reclaimer flushes another place than the one it takes the entry from", .depth = 2 },
	{ "no-rmap-lock", T(UP), NULL, "nobody else runs while Reclaimer has the entry's lock",
	  .exhausts = T(UP) },
	{ "no-rmap-lock", QUIET, NULL, "no entry outlives its clearing", .exhausts = QUIET },
};

extern const struct vmsim_scenario scenario_mremap_table;

const struct vmsim_scenario scenario_mremap_table = {
	.name = "mremap-table",
	.summary = "a mapping moves with its page table while a page of it is reclaimed",
	.seeds = "M19",
	.tags = "mremap tlb file rmap tables reclaim",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct mremap_table),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
