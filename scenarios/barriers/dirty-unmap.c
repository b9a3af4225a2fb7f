// SPDX-License-Identifier: GPL-2.0-only
#include "barriers.h"

/*
 * The dirty flag before the map count on one side, the map count before the dirty flag on the
 * other, and no flush in between.
 */

#define DIRTY 1

enum { ZAP, RECLAIM };

struct dirty_unmap {
	unsigned int without;
	unsigned long flags;
	atomic_t mapcount;
	u32 gap;
};

static int zap_page(struct vmsim_world *world)
{
	struct dirty_unmap *w = world->ctx;

	set_bit(DIRTY, &w->flags);
	BARRIER(w, ZAP, smp_mb__after_atomic());
	atomic_dec(&w->mapcount);
	return 0;
}

static int reclaim_page(struct vmsim_world *world)
{
	struct dirty_unmap *w = world->ctx;

	if (atomic_read(&w->mapcount))
		return 0;
	BARRIER(w, RECLAIM, smp_rmb());
	if (!test_bit(DIRTY, &w->flags))
		vmsim_fail("the buffers of a dirty page are dropped");
	return 0;
}

static const struct vmsim_thread_def dirty_unmap_threads[] = {
	{ .name = "Zapper", .cpu = 0, .fn = zap_page },
	{ .name = "Reclaim", .cpu = 1, .fn = reclaim_page },
};

#define BEGINNING .mapcount = ATOMIC_INIT(1)
#define VARIANT(name, missing, what) PROTOCOL_VARIANT(name, dirty_unmap, missing, what, NULL)
#define SCRIPTED(name, missing, what, how) \
	PROTOCOL_VARIANT(name, dirty_unmap, missing, what, how)

static const struct vmsim_variant dirty_unmap_variants[] = {
	VARIANT("linux-6.12", 0, "with both barriers"),
	SCRIPTED("zap-no-mb", WITHOUT(ZAP),
		 "no smp_mb__after_atomic() between the dirty flag and the map count",
		 "Zapper until atomic x2; drain 0 2; Reclaim; Zapper"),
	VARIANT("reclaim-no-rmb", WITHOUT(RECLAIM),
		"no smp_rmb() between the map count and the dirty flag"),
};

static const struct vmsim_verdict dirty_unmap_verdicts[] = {
	HOLDS("linux-6.12", ALL_MODELS, ""),
	FAILS("zap-no-mb", PSO, 1, "neither operation returns a value, so that they change places"),
	HOLDS("zap-no-mb", SC | TSO, ""),
	HOLDS("reclaim-no-rmb", ALL_MODELS, "two loads would have to change places"),
};

extern const struct vmsim_scenario scenario_dirty_unmap;
const struct vmsim_scenario scenario_dirty_unmap = {
	PROTOCOL(dirty_unmap, 2),
	.name = "dirty-unmap",
	.summary = "dirty before unmapped, without a flush between",
	.seeds = "E49",
};
