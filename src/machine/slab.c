// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "machine/slab.h"
#include <linux/rcupdate.h>
#include <pthread.h>

/*
 * Caches of objects of one kind. Most of them are nothing but the heap.
 *
 * Those with SLAB_TYPESAFE_BY_RCU promise to who looks at a freed object in an RCU section that it
 * still is, or again is, an object of this kind. It may be handed out again at once, as it was left
 * and without being constructed again; its memory becomes something else only after a grace period
 * in which it was free.
 *
 * Explore: a thread gets again only what it has freed itself, so that no allocation depends on what
 * other threads free. It does depend on whether memory has gone back by then: hence the events.
 */

#define MAX_CACHES 16

struct kmem_cache {
	const char *name;
	unsigned int size;
	slab_flags_t flags;
	void (*ctor)(void *object);
	unsigned int typesafe;		/* number among those */
};

/**
 * struct vmsim_slab_object - stands before an object of a SLAB_TYPESAFE_BY_RCU cache
 * @rcu: for the way back to the heap
 * @next: the next free one
 * @generation: odd while it is allocated
 * @leaving: the generation that it had when that way began; 0: it has not
 * @typesafe: its cache
 * @part: whose list it is in, while it is free
 */
struct vmsim_slab_object {
	struct rcu_head rcu;
	struct vmsim_slab_object *next;
	u64 generation, leaving;
	unsigned int typesafe, part;
} __aligned(64);

static struct kmem_cache caches[MAX_CACHES];
static unsigned int nr_caches;
static pthread_mutex_t caches_lock = PTHREAD_MUTEX_INITIALIZER;

static struct kmem_cache *find_cache(const struct kmem_cache *like)
{
	for (unsigned int i = 0; i < nr_caches; i++)
		if (!strcmp(caches[i].name, like->name) && caches[i].size == like->size &&
		    caches[i].flags == like->flags && caches[i].ctor == like->ctor)
			return &caches[i];
	return NULL;
}

/* The heap aligns what is as large as a cache line to one, and smaller objects to 16. */
static unsigned int size_with(unsigned int size, unsigned int align)
{
	BUG_ON(align > 64);
	return align > 16 ? max(size, 64U) : size;
}

static struct kmem_cache *add_cache(struct kmem_cache cache)
{
	BUG_ON(nr_caches == MAX_CACHES);
	for (unsigned int i = 0; i < nr_caches; i++)
		cache.typesafe += (caches[i].flags & SLAB_TYPESAFE_BY_RCU) != 0;
	BUG_ON(cache.flags & SLAB_TYPESAFE_BY_RCU && cache.typesafe == VMSIM_TYPESAFE_CACHES);
	caches[nr_caches] = cache;
	return &caches[nr_caches++];
}

/**
 * kmem_cache_create() - makes a cache, or finds the one that is like it
 * @name: what its objects are
 * @size: of one
 * @align: up to 64
 * @flags: SLAB_*
 * @ctor: called with memory that becomes an object, not each time that one is allocated; may be NULL
 *
 * Return: the cache, which stays for ever. Source: Linux 6.12, include/linux/slab.h.
 */
__vmsim_overridable struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
							 unsigned int align, slab_flags_t flags,
							 void (*ctor)(void *object))
{
	struct kmem_cache like = {
		.name = name, .size = size_with(size, align), .flags = flags, .ctor = ctor,
	};
	struct kmem_cache *cache;

	pthread_mutex_lock(&caches_lock);
	cache = find_cache(&like);
	if (!cache)
		cache = add_cache(like);
	pthread_mutex_unlock(&caches_lock);
	return cache;
}

static struct vmsim_slab_object *head_of(const void *object)
{
	return (struct vmsim_slab_object *)object - 1;
}

u64 vmsim_slab_generation(const void *object)
{
	return __READ_ONCE(head_of(object)->generation);
}

static struct vmsim_slab *slab_lock(unsigned int typesafe)
{
	struct vmsim_slab *slab = &vmsim_this_machine()->slab[typesafe];

	vmsim_raw_lock(&slab->lock);
	return slab;
}

/* Only a hint: somebody else may take it. */
static bool has_free(unsigned int typesafe)
{
	struct vmsim_slab *slab = slab_lock(typesafe);
	bool any = slab->free[vmsim_heap_part_of_caller()] != NULL;

	vmsim_raw_unlock(&slab->lock);
	return any;
}

/* Takes the last one freed off the list. NULL where there is none. */
static struct vmsim_slab_object *take_free(unsigned int typesafe)
{
	struct vmsim_slab *slab = slab_lock(typesafe);
	struct vmsim_slab_object **list = &slab->free[vmsim_heap_part_of_caller()];
	struct vmsim_slab_object *head = *list;

	if (head) {
		*list = head->next;
		head->next = NULL;
		__WRITE_ONCE(head->generation, head->generation + 1);
	}
	vmsim_raw_unlock(&slab->lock);
	vmsim_event_exchanged(head != NULL, list, head);
	return head;
}

static void *typesafe_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	struct vmsim_slab_object *head;

	/* A new one is asked by kzalloc() whether it fails. */
	if (has_free(cache->typesafe) && vmsim_alloc_fails(gfp))
		return NULL;
	head = take_free(cache->typesafe);
	if (head)
		return head + 1;
	head = kzalloc(sizeof(*head) + cache->size, gfp);
	if (!head)
		return NULL;
	head->typesafe = cache->typesafe;
	head->generation = 1;
	if (cache->ctor)
		cache->ctor(head + 1);
	return head + 1;
}

/* The memory goes back, if it was free all the time. */
static void leave(struct rcu_head *rcu)
{
	struct vmsim_slab_object *head = container_of(rcu, struct vmsim_slab_object, rcu);
	struct vmsim_slab *slab = slab_lock(head->typesafe);
	struct vmsim_slab_object **list = &slab->free[head->part], **at = list;
	bool is_free = !(head->generation & 1), was_free = head->generation == head->leaving;

	if (was_free) {
		while (*at != head)
			at = &(*at)->next;
		*at = head->next;
	}
	head->leaving = is_free ? head->generation : 0;
	vmsim_raw_unlock(&slab->lock);
	vmsim_event_exchanged(was_free, list, head);
	if (was_free)
		kfree(head);
	else if (is_free)
		call_rcu(&head->rcu, leave);
}

static void typesafe_free(void *object)
{
	struct vmsim_slab_object *head = head_of(object);
	struct vmsim_slab *slab = slab_lock(head->typesafe);
	struct vmsim_slab_object **list;
	bool leaves;

	BUG_ON(!(head->generation & 1));
	head->part = vmsim_heap_part_of_caller();
	list = &slab->free[head->part];
	__WRITE_ONCE(head->generation, head->generation + 1);
	head->next = *list;
	*list = head;
	leaves = !head->leaving;
	if (leaves)
		head->leaving = head->generation;
	vmsim_raw_unlock(&slab->lock);
	vmsim_event(ATOMIC, (uintptr_t)list, VMSIM_ATOMIC_CHANGES, 0);
	if (leaves)
		call_rcu(&head->rcu, leave);
}

/**
 * kmem_cache_alloc() - an object
 * @cache: of which kind
 * @gfp: how hard to try; with __GFP_ZERO it is zeroes
 *
 * What is in an object of a SLAB_TYPESAFE_BY_RCU cache, its last user left there, or the constructor.
 *
 * Return: the object, or NULL. Source: Linux 6.12, mm/slub.c.
 */
__vmsim_overridable void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *object;

	if (!cache)
		vmsim_bug(__FILE__, __LINE__, "the cache has not been created");
	if (cache->flags & SLAB_TYPESAFE_BY_RCU) {
		BUG_ON(gfp & __GFP_ZERO);
		return typesafe_alloc(cache, gfp);
	}
	object = kzalloc(cache->size, gfp);
	if (object && cache->ctor)
		cache->ctor(object);
	return object;
}

/**
 * kmem_cache_free() - gives an object back
 * @cache: the cache that it is from
 * @object: the object; may be NULL
 *
 * Who looks at an object of a SLAB_TYPESAFE_BY_RCU cache in an RCU section may still do so, and finds
 * this one or another of the same kind. Source: Linux 6.12, mm/slub.c.
 */
__vmsim_overridable void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	if (object && cache->flags & SLAB_TYPESAFE_BY_RCU)
		typesafe_free(object);
	else
		kfree(object);
}
