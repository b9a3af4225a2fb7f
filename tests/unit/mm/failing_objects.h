/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_MM_FAILING_OBJECTS_H
#define TEST_MM_FAILING_OBJECTS_H

#include "world.h"

/*
 * Allocations of objects, of which one may fail, in the library's place (docs/overrides.md). Who was
 * not ready to wait for memory tries again: that is the same allocation.
 */
static unsigned int objects, objects_fail_at;
static long objects_alive;

void *kzalloc(size_t size, gfp_t gfp)
{
	void *object;

	if (++objects == objects_fail_at) {
		objects -= !(gfp & __GFP_DIRECT_RECLAIM);
		return NULL;
	}
	object = vmsim_machine_alloc(vmsim_this_machine(), size);
	objects_alive += object != NULL;
	return object;
}

void kfree(const void *object)
{
	objects_alive -= object != NULL;
	vmsim_machine_free(vmsim_this_machine(), (void *)object);
}

/* What a failure must leave as it was. */
struct shape {
	uint64_t frames_free, tables;
	struct vmsim_rss rss;
	long objects;
	long mappings;
};

static inline struct shape shape_now(void)
{
	struct shape shape = {
		.frames_free = stats_now().frames_free, .tables = stats_now().tables,
		.rss = rss_now(), .objects = objects_alive, .mappings = mappings(),
	};

	return shape;
}

#endif
