// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "machine/heap.h"
#include <linux/slab.h>
#include <jemalloc/jemalloc.h>
#include <stdio.h>

/*
 * Native machines use one jemalloc arena each, destroyed with the machine. In explore mode objects
 * come from the region, so that a copy of its used part is a checkpoint: a bump pointer, and one
 * list of freed objects per size class. Only one thread runs there, so there is no lock.
 */

struct region_object {
	u64 class;
	struct region_object *next_free;	/* overlaps the object */
};

#define OBJECT_HEADER (sizeof(u64) * 2)

static unsigned int class_of(size_t size)
{
	unsigned int class = 0;

	while ((32UL << class) < size)
		class++;
	return class;
}

/* Objects that may have members aligned to a cache line are; the small classes save the room. */
static size_t region_place(const struct vmsim_machine *m, unsigned int class)
{
	size_t alignment = class < 2 ? OBJECT_HEADER : 64;

	return ALIGN(m->heap_used + OBJECT_HEADER, alignment) - OBJECT_HEADER;
}

static void *region_alloc(struct vmsim_machine *m, size_t size)
{
	unsigned int class = class_of(size + OBJECT_HEADER);
	struct region_object *object = m->heap_free[class];
	size_t need = 32UL << class;

	if (object) {
		m->heap_free[class] = object->next_free;
	} else {
		size_t place = region_place(m, class);

		if (place + need > (size_t)(m->heap_end - m->heap))
			return NULL;
		object = (struct region_object *)(m->heap + place);
		m->heap_used = place + need;
		object->class = class;
	}
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

	memset(pointer, 0x6b, region_size(pointer));
	object->next_free = m->heap_free[object->class];
	m->heap_free[object->class] = object;
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

void *vmsim_machine_alloc(struct vmsim_machine *machine, size_t size)
{
	void *object;

	if (!vmsim_exploring(machine))
		return mallocx(size ? size : 1, arena_flags(machine) | MALLOCX_ZERO | MALLOCX_ALIGN(64));
	object = region_alloc(machine, size);
	if (object)
		memset(object, 0, size);
	return object;
}

void vmsim_machine_free(struct vmsim_machine *machine, void *object)
{
	if (!object)
		return;
	if (vmsim_exploring(machine))
		region_free(machine, object);
	else
		dallocx(object, arena_flags(machine));
}

/* All that was allocated for @object; native machines do not know more than was asked for. */
static size_t object_size(const void *object, size_t asked)
{
	return vmsim_exploring(vmsim_this_machine()) ? region_size(object) : asked;
}

__vmsim_overridable void *kzalloc(size_t size, gfp_t gfp)
{
	void *object = vmsim_machine_alloc(vmsim_this_machine(), size);

	(void)gfp;
	if (object)
		vmsim_event(PLAIN_WRITE, (uintptr_t)object, object_size(object, size),
			    VMSIM_PLAIN_ALLOC);
	return object;
}

__vmsim_overridable void *kmalloc(size_t size, gfp_t gfp)
{
	return kzalloc(size, gfp);
}

/* Freeing is a plain write to all of the object. */
static void tell_of_free(const void *object, const void *ip)
{
	vmsim_settle();
	vmsim_event_raise(VMSIM_EV_PLAIN_WRITE, (uintptr_t)object,
		       object_size(object, 1),
		       VMSIM_PLAIN_FREE, ip);
	vmsim_self->unsettled = VMSIM_UNSETTLED_WRITE;
}

__vmsim_overridable void kfree(const void *object)
{
	if (object && vmsim_watched(PLAIN_WRITE))
		tell_of_free(object, __builtin_return_address(0));
	vmsim_machine_free(vmsim_this_machine(), (void *)object);
}
