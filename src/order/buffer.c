// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "order/order.h"
#include <errno.h>

/* Stores on their way to memory, and in which order they may reach it. */

int vmsim_order_create(struct vmsim_machine *machine, enum vmsim_memory_model model)
{
	unsigned int cpus = machine->nr_cpus;
	struct vmsim_order *order;

	if (model == VMSIM_MEMORY_SC)
		return 0;
	order = vmsim_machine_alloc(machine, sizeof(*order) + cpus * sizeof(order->buffer[0]) +
					     cpus * ORDER_SLOTS * sizeof(order->cell[0]));
	if (!order)
		return -ENOMEM;
	order->model = model;
	order->nr_cpus = cpus;
	order->cell = (struct order_cell *)&order->buffer[cpus];
	machine->order = order;
	return 0;
}

static bool same_word(const struct order_store *a, const struct order_store *b)
{
	return a->at / sizeof(u64) == b->at / sizeof(u64);
}

/*
 * TSO: first in, first out. PSO: a store may overtake others, unless they are to the same word, or
 * a write barrier lies in between, or it is a release.
 */
static bool may_drain(const struct vmsim_order *order, const struct order_buffer *buffer,
		      unsigned int slot)
{
	const struct order_store *store = &buffer->store[slot];

	if (order->model == VMSIM_MEMORY_TSO || store->release)
		return slot == 0;
	for (unsigned int i = 0; i < slot; i++)
		if (buffer->store[i].epoch < store->epoch || same_word(&buffer->store[i], store))
			return false;
	return true;
}

static void take_out(struct vmsim_order *order, struct order_buffer *buffer, unsigned int slot)
{
	buffer->n--;
	order->outstanding--;
	memmove(&buffer->store[slot], &buffer->store[slot + 1],
		(buffer->n - slot) * sizeof(buffer->store[0]));
	buffer->store[buffer->n] = (struct order_store) { .at = 0 };
	if (!buffer->n)
		buffer->epoch = 0;
}

static void drain(struct vmsim_order *order, unsigned int cpu, unsigned int slot)
{
	struct order_buffer *buffer = &order->buffer[cpu];
	struct order_store store = buffer->store[slot];
	struct order_cell *cell;

	if (store.op == VMSIM_RMW_UNLOCK) {
		__atomic_store_n((u32 *)store.at, (u32)store.value, __ATOMIC_RELEASE);
	} else {
		cell = order_cell_find(order, store.at);
		BUG_ON(!cell || !cell->stores);
		order_apply(&cell->global, store.at, store.size, (enum vmsim_rmw)store.op,
			    store.value);
		order_cell_put(order, cell);
	}
	take_out(order, buffer, slot);
	vmsim_event(DRAIN, cpu, store.at, store.value);
}

void order_drain_cpu(struct vmsim_order *order, unsigned int cpu)
{
	while (order->buffer[cpu].n)
		drain(order, cpu, 0);
}

/* Those of @cpu to the word at @at, and what must come before them. */
void order_drain_word(struct vmsim_order *order, unsigned int cpu, uintptr_t at)
{
	struct order_buffer *buffer = &order->buffer[cpu];
	const struct order_store to_word = { .at = at };
	unsigned int slot = 0;

	while (slot < buffer->n) {
		if (!same_word(&buffer->store[slot], &to_word)) {
			slot++;
		} else if (may_drain(order, buffer, slot)) {
			drain(order, cpu, slot);
		} else {
			drain(order, cpu, 0);
			slot = 0;
		}
	}
}

void order_insert(struct vmsim_order *order, unsigned int cpu, const struct order_store *store)
{
	struct order_buffer *buffer = &order->buffer[cpu];
	struct order_store *last;

	if (buffer->n == ORDER_SLOTS)
		drain(order, cpu, 0);
	last = &buffer->store[buffer->n++];
	order->outstanding++;
	*last = *store;
	last->epoch = buffer->epoch;
	if (store->op == VMSIM_RMW_UNLOCK)
		return;
	order_cell_get(order, store->at, store->size, cpu)->stores++;
	order_apply((void *)(store->at & ~(sizeof(u64) - 1)), store->at, store->size,
		    (enum vmsim_rmw)store->op, store->value);
}

void vmsim_order_drain(struct vmsim_cpu *cpu)
{
	const struct vmsim_machine *m = vmsim_this_machine();

	if (m && unlikely(m->order))
		order_drain_cpu(m->order, cpu->id);
}

void vmsim_order_interrupt(struct vmsim_cpu *cpu, bool begins)
{
	struct vmsim_order *order = vmsim_this_machine()->order;

	if (likely(!order))
		return;
	order_drain_cpu(order, cpu->id);
	order->interrupt = begins;
}

void vmsim_order_drain_all(struct vmsim_machine *machine)
{
	for (unsigned int i = 0; machine->order && i < machine->nr_cpus; i++)
		order_drain_cpu(machine->order, i);
}

unsigned int vmsim_order_drains(const struct vmsim_order *order, u16 *id, unsigned int max)
{
	unsigned int n = 0;

	if (!order->outstanding)
		return 0;
	for (unsigned int cpu = 0; cpu < order->nr_cpus; cpu++)
		for (unsigned int slot = 0; slot < order->buffer[cpu].n && n < max; slot++)
			if (may_drain(order, &order->buffer[cpu], slot))
				id[n++] = ORDER_DRAIN_ID(cpu, slot);
	return n;
}

void vmsim_order_drain_one(struct vmsim_machine *machine, u16 id)
{
	drain(machine->order, id / ORDER_SLOTS, id % ORDER_SLOTS);
}
