/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_STACK_H
#define VMSIM_TRACE_STACK_H

#include <vmsim/explore.h>
#include <stddef.h>
#include <stdint.h>

/* Call stacks, each kept once: an execution has many events and few places. */
struct stack_table {
	struct vmsim_stack *stacks;
	size_t n, capacity;
	uint32_t *slot;			/* hash table: index + 1 into @stacks; 0: empty */
	size_t slots;
};

/*
 * The index of the calling thread's stack; stack 0 is empty, and stands for one that is not known.
 */
uint32_t stack_here(struct stack_table *table);
void stack_table_free(struct stack_table *table);

#endif
