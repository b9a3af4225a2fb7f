/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_SLAB_H
#define VMSIM_SLAB_H

#include "machine/heap.h"
#include <linux/slab.h>

/* Caches with SLAB_TYPESAFE_BY_RCU that there can be. */
#define VMSIM_TYPESAFE_CACHES 2

struct vmsim_slab_object;

/**
 * struct vmsim_slab - the freed objects of one SLAB_TYPESAFE_BY_RCU cache that are memory of it yet
 * @lock: native machines
 * @free: by the part of the heap of who freed them (explore); else only the first
 */
struct vmsim_slab {
	u32 lock;
	struct vmsim_slab_object *free[VMSIM_HEAP_PARTS];
};

/*
 * How often an object of a SLAB_TYPESAFE_BY_RCU cache was allocated or freed since it became memory
 * of the cache: odd while it is allocated.
 */
u64 vmsim_slab_generation(const void *object);

#endif
