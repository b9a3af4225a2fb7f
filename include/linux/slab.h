/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SLAB_H
#define _VMSIM_LINUX_SLAB_H

#include <linux/gfp.h>

/* Objects of the current machine: a jemalloc arena (native) or the fixed arena (explore). */
__vmsim_export void *kmalloc(size_t size, gfp_t gfp);
__vmsim_export void *kzalloc(size_t size, gfp_t gfp);
__vmsim_export void kfree(const void *object);

typedef unsigned int slab_flags_t;

#define SLAB_HWCACHE_ALIGN 0x0010u
#define SLAB_PANIC 0x0100u
/* See kmem_cache_free(). */
#define SLAB_TYPESAFE_BY_RCU 0x0200u
#define SLAB_RECLAIM_ACCOUNT 0x1000u
#define SLAB_ACCOUNT 0x2000u

/*
 * Objects of one kind (src/machine/slab.c). A cache is no part of a machine, and never changes or
 * goes away; its objects are the current machine's.
 */
struct kmem_cache;

__vmsim_export struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
						    unsigned int align, slab_flags_t flags,
						    void (*ctor)(void *object));
__vmsim_export void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
__vmsim_export void kmem_cache_free(struct kmem_cache *cache, void *object);

#define KMEM_CACHE(type, flags) \
	kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags, NULL)

#define kmem_cache_zalloc(cache, gfp) kmem_cache_alloc(cache, (gfp) | __GFP_ZERO)

#endif
