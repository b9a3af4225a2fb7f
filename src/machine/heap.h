/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_HEAP_H
#define VMSIM_HEAP_H

#include <linux/types.h>

/* Scenario threads and the one for RCU callbacks (explore). */
#define VMSIM_STACKS 17

struct vmsim_machine;

/* The machine's objects: a jemalloc arena, or (explore) a part of its region. */
int vmsim_heap_init(struct vmsim_machine *machine);
void vmsim_heap_exit(struct vmsim_machine *machine);

/* Parts of the heap of an explore machine. */
enum vmsim_heap_part {
	VMSIM_HEAP_SETUP,	/* and what CPUs allocate without a thread */
	VMSIM_HEAP_WATCHERS,	/* vmsim_watcher_alloc() */
	VMSIM_HEAP_THREADS,	/* the first of those of threads */
};

#define VMSIM_HEAP_PARTS (VMSIM_HEAP_THREADS + VMSIM_STACKS)
#define VMSIM_HEAP_BIG (4UL << 20)
#define VMSIM_HEAP_SMALL (1UL << 20)
#define VMSIM_HEAP_SIZE \
	(VMSIM_HEAP_THREADS * VMSIM_HEAP_BIG + VMSIM_STACKS * VMSIM_HEAP_SMALL)

/* The part that the calling thread's objects come from; 0 on native machines. */
unsigned int vmsim_heap_part_of_caller(void);

/* How much of part @part, which begins at *@base, is used. */
size_t vmsim_heap_part(const struct vmsim_machine *machine, unsigned int part, char **base);

#endif
