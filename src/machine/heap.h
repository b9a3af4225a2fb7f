/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_HEAP_H
#define VMSIM_HEAP_H

struct vmsim_machine;

/* The machine's objects: a jemalloc arena, or (explore) a part of its region. */
int vmsim_heap_init(struct vmsim_machine *machine);
void vmsim_heap_exit(struct vmsim_machine *machine);

#endif
