// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "machine/heap.h"
#include "explore/explorer.h"
#include "order/order.h"
#include <linux/slab.h>
#include <jemalloc/jemalloc.h>
#include <stdio.h>

/*
 * Native machines use one jemalloc arena each, destroyed with the machine. In explore mode objects
 * come from the region, so that a copy of what is used is a checkpoint. Only one thread runs there,
 * so there is no lock.
 *
 * The heap of the region has parts: one for the set-up, one for oracles, and one for each thread,
 * so that the order in which threads allocate shows in no address. Each is a bump pointer, and one
 * list of freed objects per size class, lowest address first. So states that differ in nothing else
 * are the same, bit by bit.
 */

#define CLASSES 18
#define OBJECT_HEADER (sizeof(u64) * 2)

struct region_object {
	u64 class;
	struct region_object *next_free;	/* overlaps the object */
};

/* At the beginning of each part; zeroes as long as it has no object. */
struct region_part {
	size_t used;
	struct region_object *free[CLASSES];
};

_Static_assert(VMSIM_HEAP_PARTS <= 32, "parts are bits of heap_parts");

static char *part_base(const struct vmsim_machine *m, unsigned int part)
{
	return m->heap + (part < VMSIM_HEAP_THREADS ? part * VMSIM_HEAP_BIG :
			  VMSIM_HEAP_THREADS * VMSIM_HEAP_BIG +
			  (part - VMSIM_HEAP_THREADS) * VMSIM_HEAP_SMALL);
}

static size_t part_size(unsigned int part)
{
	return part < VMSIM_HEAP_THREADS ? VMSIM_HEAP_BIG : VMSIM_HEAP_SMALL;
}

static unsigned int part_of(const struct vmsim_machine *m, const void *object)
{
	size_t at = (size_t)((const char *)object - m->heap);

	if (at < VMSIM_HEAP_THREADS * VMSIM_HEAP_BIG)
		return (unsigned int)(at / VMSIM_HEAP_BIG);
	at -= VMSIM_HEAP_THREADS * VMSIM_HEAP_BIG;
	return VMSIM_HEAP_THREADS + (unsigned int)(at / VMSIM_HEAP_SMALL);
}

size_t vmsim_heap_part(const struct vmsim_machine *m, unsigned int part, char **base)
{
	*base = part_base(m, part);
	return ((const struct region_part *)*base)->used;
}

static unsigned int class_of(size_t size)
{
	unsigned int class = 0;

	while ((32UL << class) < size)
		class++;
	return class;
}

/* Objects that may have members aligned to a cache line are; the small classes save the room. */
static size_t region_place(size_t used, unsigned int class)
{
	size_t alignment = class < 2 ? OBJECT_HEADER : 64;

	return ALIGN(used + OBJECT_HEADER, alignment) - OBJECT_HEADER;
}

static void *region_alloc(struct vmsim_machine *m, unsigned int number, size_t size)
{
	unsigned int class = class_of(size + OBJECT_HEADER);
	struct region_part *part = (void *)part_base(m, number);
	size_t used = part->used ? part->used : sizeof(*part);
	struct region_object *object;
	size_t place;

	if (class >= CLASSES)
		return NULL;
	object = part->free[class];
	if (object) {
		part->free[class] = object->next_free;
		return memset((char *)object + OBJECT_HEADER, 0, size);
	}
	place = region_place(used, class);
	if (place + (32UL << class) > part_size(number))
		return NULL;
	object = (struct region_object *)((char *)part + place);
	part->used = place + (32UL << class);
	m->heap_parts |= 1u << number;
	object->class = class;
	return (char *)object + OBJECT_HEADER;
}

static size_t region_size(const void *pointer)
{
	const struct region_object *object =
		(const struct region_object *)((const char *)pointer - OBJECT_HEADER);

	return (32UL << object->class) - OBJECT_HEADER;
}

static void region_free(struct vmsim_machine *m, void *pointer)
{
	struct region_object *object = (struct region_object *)((char *)pointer - OBJECT_HEADER);
	struct region_part *part = (void *)part_base(m, part_of(m, object));
	struct region_object **at = &part->free[object->class];

	memset(pointer, 0x6b, region_size(pointer));
	while (*at && *at < object)
		at = &(*at)->next_free;
	object->next_free = *at;
	*at = object;
}

/*
 * Whose part an object comes from; that of the set-up when that one is full. What a part has not
 * used yet is zeroes.
 */
static void *explore_alloc(struct vmsim_machine *m, unsigned int part, size_t size)
{
	void *object = region_alloc(m, part, size);

	if (!object && part >= VMSIM_HEAP_THREADS)
		object = region_alloc(m, VMSIM_HEAP_SETUP, size);
	return object;
}

unsigned int vmsim_heap_part_of_caller(void)
{
	int thread = vmsim_explorer_thread(vmsim_self);

	return thread < 0 ? VMSIM_HEAP_SETUP : VMSIM_HEAP_THREADS + (unsigned int)thread;
}

static int arena_flags(const struct vmsim_machine *m)
{
	return MALLOCX_ARENA(m->jemalloc_arena) | MALLOCX_TCACHE_NONE;
}

int vmsim_heap_init(struct vmsim_machine *machine)
{
	size_t size = sizeof(machine->jemalloc_arena);

	if (vmsim_exploring(machine))
		return 0;
	return -mallctl("arenas.create", &machine->jemalloc_arena, &size, NULL, 0);
}

void vmsim_heap_exit(struct vmsim_machine *machine)
{
	char name[48];

	if (vmsim_exploring(machine) || !machine->jemalloc_arena)
		return;
	snprintf(name, sizeof(name), "arena.%u.destroy", machine->jemalloc_arena);
	mallctl(name, NULL, NULL, NULL, 0);
}

static void *native_alloc(struct vmsim_machine *machine, size_t size)
{
	return mallocx(size ? size : 1, arena_flags(machine) | MALLOCX_ZERO | MALLOCX_ALIGN(64));
}

void *vmsim_machine_alloc(struct vmsim_machine *machine, size_t size)
{
	if (!vmsim_exploring(machine))
		return native_alloc(machine, size);
	return explore_alloc(machine, vmsim_heap_part_of_caller(), size);
}

void *vmsim_watcher_alloc(struct vmsim_machine *machine, size_t size)
{
	if (!vmsim_exploring(machine))
		return native_alloc(machine, size);
	return explore_alloc(machine, VMSIM_HEAP_WATCHERS, size);
}

void vmsim_machine_free(struct vmsim_machine *machine, void *object)
{
	if (!object)
		return;
	if (machine->order)
		vmsim_order_drain(vmsim_this_cpu());
	if (vmsim_exploring(machine))
		region_free(machine, object);
	else
		dallocx(object, arena_flags(machine));
}

/* Plain accesses are told of: at full granularity. */
static bool tells_plain(const struct vmsim_machine *m)
{
	return vmsim_watched(PLAIN_WRITE) && m->explorer && vmsim_explorer_is_full(m->explorer);
}

__vmsim_overridable void *kzalloc(size_t size, gfp_t gfp)
{
	struct vmsim_machine *m = vmsim_this_machine();
	void *object = vmsim_alloc_fails(gfp) ? NULL : vmsim_machine_alloc(m, size);

	if (object && tells_plain(m))
		vmsim_event_raise(VMSIM_EV_PLAIN_WRITE, (uintptr_t)object, region_size(object),
				  VMSIM_PLAIN_ALLOC, __builtin_return_address(0));
	return object;
}

__vmsim_overridable void *kmalloc(size_t size, gfp_t gfp)
{
	return kzalloc(size, gfp);
}

/* Freeing is a plain write to all of the object. */
static void tell_of_free(struct vmsim_machine *m, const void *object, const void *ip)
{
	vmsim_settle();
	vmsim_explorer_touch(m->explorer, (uintptr_t)object, region_size(object), true);
	vmsim_event_raise(VMSIM_EV_PLAIN_WRITE, (uintptr_t)object, region_size(object),
			  VMSIM_PLAIN_FREE, ip);
	vmsim_self->unsettled = VMSIM_UNSETTLED_WRITE;
}

__vmsim_overridable void kfree(const void *object)
{
	struct vmsim_machine *m = vmsim_this_machine();

	if (object && tells_plain(m))
		tell_of_free(m, object, __builtin_return_address(0));
	vmsim_machine_free(m, (void *)object);
}
