// SPDX-License-Identifier: GPL-2.0-only
#include "trace/stack.h"
#include <execinfo.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 256

static uint64_t hash(const struct vmsim_stack *stack)
{
	uint64_t hash = stack->n;

	for (unsigned int i = 0; i < stack->n; i++)
		hash = (hash ^ (uintptr_t)stack->ip[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static bool equal(const struct vmsim_stack *a, const struct vmsim_stack *b)
{
	return a->n == b->n && !memcmp(a->ip, b->ip, a->n * sizeof(a->ip[0]));
}

/* The slot that has @stack, or that it goes into. */
static uint32_t *slot_for(struct stack_table *table, const struct vmsim_stack *stack)
{
	size_t at = hash(stack) % table->slots;

	while (table->slot[at] && !equal(&table->stacks[table->slot[at] - 1], stack))
		at = (at + 1) % table->slots;
	return &table->slot[at];
}

/* Room for one more, at most half of the slots taken. */
static bool grow(struct stack_table *table)
{
	size_t capacity = table->capacity ? 2 * table->capacity : FIRST_SLOTS / 2;
	struct vmsim_stack *stacks;

	if (table->n < table->capacity)
		return true;
	stacks = realloc(table->stacks, capacity * sizeof(*stacks));
	if (!stacks)
		return false;
	table->stacks = stacks;
	free(table->slot);
	table->slot = calloc(2 * capacity, sizeof(*table->slot));
	table->capacity = table->slot ? capacity : 0;
	table->slots = 2 * capacity;
	if (!table->slot)
		return false;
	for (size_t i = 0; i < table->n; i++)
		*slot_for(table, &table->stacks[i]) = (uint32_t)i + 1;
	return true;
}

static uint32_t intern(struct stack_table *table, const struct vmsim_stack *stack)
{
	uint32_t *slot;

	if (!grow(table))
		return 0;
	slot = slot_for(table, stack);
	if (!*slot) {
		table->stacks[table->n++] = *stack;
		*slot = (uint32_t)table->n;
	}
	return *slot - 1;
}

uint32_t stack_here(struct stack_table *table)
{
	static const struct vmsim_stack unknown;
	struct vmsim_stack stack = { 0 };
	int n;

	if (!table->n)
		intern(table, &unknown);
	n = backtrace((void **)stack.ip, VMSIM_STACK_DEPTH);
	stack.n = n > 0 ? (unsigned int)n : 0;
	return intern(table, &stack);
}

void stack_table_free(struct stack_table *table)
{
	free(table->stacks);
	free(table->slot);
	*table = (struct stack_table) { 0 };
}
