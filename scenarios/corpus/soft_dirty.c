// SPDX-License-Identifier: GPL-2.0-only
#include "corpus.h"

/*
 * soft-dirty: a program clears its soft-dirty bits while another thread of it writes. What is
 * written once they are cleared must be noticed: the bit is set by a fault alone, so that no CPU may
 * have an entry left that allows writing.
 */

struct soft_dirty {
	int cleared;
	bool written_after;
};

static int one_page(struct vmsim_world *world)
{
	(void)world;
	return corpus_page(AREA, 1);
}

static int clearer(struct vmsim_world *world)
{
	struct soft_dirty *ctx = world->ctx;
	int err = vmsim_clear_refs(VMSIM_CLEAR_SOFT_DIRTY);

	tell(&ctx->cleared, 1);
	return err;
}

static int writer(struct vmsim_world *world)
{
	struct soft_dirty *ctx = world->ctx;

	for (uint64_t value = 2; value < 4; value++) {
		int cleared = ask(&ctx->cleared);

		if (!corpus_store(AREA, value))
			return -1;
		ctx->written_after |= cleared;
	}
	return 0;
}

/* A page whose bit is not set is one whose next write takes a fault. */
static int was_noticed(struct vmsim_world *world)
{
	const struct soft_dirty *ctx = world->ctx;
	enum vmsim_fault_kind kind;

	if (vmsim_touch(AREA, PROT_WRITE, &kind))
		return -1;
	if (ctx->written_after && kind == VMSIM_FAULT_REUSE)
		vmsim_fail("a write after the bits were cleared was not noticed");
	return 0;
}

static const struct vmsim_thread_def soft_dirty_threads[] = {
	{ .name = "Clearer", .cpu = 0, .fn = clearer },
	{ .name = "Writer", .cpu = 1, .fn = writer },
};

CORPUS_VERDICTS_OF(soft_dirty, "O6", "the flush of the clearing is lost", 0,
		   VMSIM_ALL_TLBS);

const struct vmsim_scenario scenario_soft_dirty = {
	CORPUS_WORLD(soft_dirty),
	.name = "soft-dirty",
	.summary = "soft-dirty bits are cleared while a thread writes",
	.seeds = "",
	.tags = "corpus soft-dirty anon tlb",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct soft_dirty),
	.setup = one_page,
	.check = was_noticed,
	.script = "Writer until store; Clearer; Writer",
};
