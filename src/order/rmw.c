// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "order/order.h"

/*
 * Read-modify-writes under store buffers. They act on memory at once, after the caller's own stores
 * as far as their order asks for it; only those that return nothing may wait, under PSO.
 */

static void *word_at(uintptr_t at)
{
	return (void *)(at & ~(sizeof(u64) - 1));
}

/* Later: the value is what the machine's watchers would say it is. */
static u64 put_off(struct vmsim_order *order, unsigned int cpu, const struct order_store *store)
{
	u64 old = order_load(word_at(store->at), store->at, store->size);

	order_insert(order, cpu, store);
	return old;
}

static void change(void *word, const struct order_store *store)
{
	order_apply(word, store->at, store->size, (enum vmsim_rmw)store->op, store->value);
}

/* Other CPUs have stores to the word outstanding: what counts is what all see. */
static u64 change_cell(struct vmsim_order *order, unsigned int cpu, const struct order_store *store,
		       u64 expected)
{
	struct order_cell *cell = order_cell_get(order, store->at, store->size, cpu);
	u64 old = order_load(&cell->global, store->at, store->size);

	cell->several = true;
	if (store->op == VMSIM_RMW_CMPXCHG && old != expected)
		return old;
	change(&cell->global, store);
	change(word_at(store->at), store);
	return old;
}

static u64 change_memory(const struct order_store *store, u64 expected)
{
	void *word = word_at(store->at);
	u64 old = order_load(word, store->at, store->size);

	if (store->op != VMSIM_RMW_CMPXCHG || old == expected)
		change(word, store);
	return old;
}

bool vmsim_order_claim(struct vmsim_machine *machine, u64 *at, u64 *old, u64 to)
{
	struct order_cell *cell = NULL;

	if (unlikely(machine->order))
		cell = order_cell_find(machine->order, (uintptr_t)at);
	if (likely(!cell))
		return __atomic_compare_exchange_n(at, old, to, false, __ATOMIC_SEQ_CST,
						   __ATOMIC_ACQUIRE);
	/* The word is being changed: what the walker sets may be overwritten (R5). */
	cell->global = to;
	return true;
}

void vmsim_order_locked(void)
{
	const struct vmsim_order *order = vmsim_this_machine()->order;

	if (unlikely(order) && order->model == VMSIM_MEMORY_TSO)
		vmsim_order_drain(vmsim_this_cpu());
}

uint64_t vmsim_order_rmw(volatile void *at, unsigned int size, enum vmsim_rmw op,
			 uint64_t operand, uint64_t expected, enum vmsim_rmw_order how)
{
	const struct order_store store = {
		.at = (uintptr_t)at, .value = operand, .size = (u8)size, .op = (u8)op,
	};
	struct vmsim_order *order = vmsim_this_machine()->order;
	unsigned int cpu = vmsim_this_cpu()->id;

	expected = size == sizeof(u64) ? expected : expected & (BIT_ULL(8 * size) - 1);
	if (order->model == VMSIM_MEMORY_TSO || how == VMSIM_RMW_FULL)
		order_drain_cpu(order, cpu);
	else if (how == VMSIM_RMW_UNORDERED)
		return put_off(order, cpu, &store);
	else
		order_drain_word(order, cpu, (uintptr_t)at);
	if (order_cell_find(order, (uintptr_t)at))
		return change_cell(order, cpu, &store, expected);
	return change_memory(&store, expected);
}

static u64 value_of(const void *object, unsigned int size)
{
	u64 value = 0;

	memcpy(&value, object, size);
	return value;
}

void vmsim_order_xchg(volatile void *at, const void *to, void *old, unsigned int size)
{
	u64 was = vmsim_order_rmw(at, size, VMSIM_RMW_SET, value_of(to, size), 0, VMSIM_RMW_FULL);

	memcpy(old, &was, size);
}

bool vmsim_order_cmpxchg(volatile void *at, void *old, const void *to, unsigned int size)
{
	u64 expected = value_of(old, size);
	u64 was = vmsim_order_rmw(at, size, VMSIM_RMW_CMPXCHG, value_of(to, size), expected,
				  VMSIM_RMW_FULL);

	memcpy(old, &was, size);
	return was == expected;
}
