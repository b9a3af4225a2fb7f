// SPDX-License-Identifier: GPL-2.0-only
#include "../forked.h"

/*
 * A09, E53, R17: two processes share a page since a fork. One writes to it while the other drops
 * it. Whether the writer may keep the page instead of copying it, only the number of references
 * tells: the map count drops earlier, when the other's CPUs may still have the page in their TLBs.
 */

#define SECRET 1

struct cow_share {
	int child;
};

static int setup(struct vmsim_world *world)
{
	struct cow_share *ctx = world->ctx;

	ctx->child = share_with_child(SECRET);
	return ctx->child < 0 ? ctx->child : 0;
}

static int parent(struct vmsim_world *world)
{
	int err = vmsim_store(AREA, 8, 2);

	(void)world;
	return err ? err : vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);
}

static int dropper(struct vmsim_world *world)
{
	struct cow_share *ctx = world->ctx;
	int err = vmsim_become(ctx->child);

	return err ? err : vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);
}

static int reader(struct vmsim_world *world)
{
	struct cow_share *ctx = world->ctx;
	int err = vmsim_become(ctx->child);

	for (int i = 0; i < 2 && !err; i++) {
		uint64_t value;

		err = vmsim_load(AREA, 8, &value);
		/* Nothing is there when it has been dropped. */
		if (!err && value && value != SECRET)
			vmsim_fail("%d was written before the fork, the child reads %llu", SECRET,
				   (unsigned long long)value);
	}
	return err;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Parent", .cpu = 0, .fn = parent },
	{ .name = "Dropper", .cpu = 1, .fn = dropper },
	{ .name = "Reader", .cpu = 2, .fn = reader },
};

/* Reader's TLB has the page; Dropper has cleared the entry, and has not flushed. */
static const char script[] =
	"Reader until load;"
	"Dropper until tlb-flush;"
	"Parent;"
	"Reader;"
	"Dropper";

/* Dropper has given its reference back, and its mapping still counts. */
static const char script_put[] =
	"Dropper until point=put;"
	"Parent;"
	"Dropper";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12",
	  .builtin = true,
	  .source = "mm/memory.c of Linux 6.12: reuse by the proof of references" },
	{ .name = "mapcount-reuse",
	  .source = "A09: reuse where the map count is one, as before Linux 5.8" },
	{ .name = "put-first",
	  .source = "E53: the reference goes down before the map count",
	  .script = script_put },
};

#define STALE (T(IPI) | T(PV_DEFER) | T(BROADCAST) | T(FAULTY))

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Parent copies, or nobody else has it",
	  .exhausts = VMSIM_ALL_TLBS & ~T(PV_DEFER) & ~T(UP) },

	{ "mapcount-reuse", STALE & ~T(BROADCAST), "O12", "Reader sees what Parent writes" },
	{ "mapcount-reuse", T(BROADCAST), "O12", "the same, but nobody waits during the flush",
	  .depth = 1 },
	{ "mapcount-reuse", VMSIM_ALL_TLBS & ~STALE, NULL,
	  "no entry of Reader's outlives the clearing",
	  .exhausts = T(SYNC_ON_CLEAR) | T(COHERENT) },

	{ "put-first", VMSIM_ALL_TLBS & ~T(UP), "O7|O10",
	  "Parent keeps a page that is mapped twice, and frees it when it is still mapped" },
	{ "put-first", T(UP), "O7", "who drops it last frees it when it still counts as mapped" },
};

extern const struct vmsim_scenario scenario_cow_share;

const struct vmsim_scenario scenario_cow_share = {
	.name = "cow-share",
	.summary = "one process writes to a shared page while another drops it",
	.seeds = "A09 E53",
	.tags = "fork cow tlb anon zap",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct cow_share),
	.processes = 2,
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
