// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "order/order.h"

/* Marked accesses that somebody watches (<asm/rwonce.h>), with and without store buffers. */

/* Only what an execution runs has its stores buffered: not the set-up, and not watchers. */
bool vmsim_order_on(void)
{
	const struct task_struct *self = vmsim_self;
	const struct vmsim_order *order = self->machine ? self->machine->order : NULL;

	return order && (self->actor || order->interrupt) && !self->in_watcher;
}

static u64 value_of(const void *value, unsigned int size)
{
	switch (size) {
	case 1:
		return *(const u8 *)value;
	case 2:
		return *(const u16 *)value;
	case 4:
		return *(const u32 *)value;
	default:
		return *(const u64 *)value;
	}
}

static u64 seen_by(struct vmsim_order *order, unsigned int cpu, const volatile void *at, u64 value,
		   unsigned int size)
{
	struct order_cell *cell = order_cell_find(order, (uintptr_t)at);
	u64 word;

	if (!cell)
		return value;
	word = order_cell_seen(order, cell, cpu);
	return order_load(&word, (uintptr_t)at, size);
}

uint64_t vmsim_order_seen(const volatile void *at, uint64_t value, unsigned int size)
{
	return seen_by(vmsim_this_machine()->order, vmsim_this_cpu()->id, at, value, size);
}

u64 vmsim_order_global(struct vmsim_machine *machine, const void *at, u64 value, unsigned int size)
{
	if (likely(!machine->order))
		return value;
	return seen_by(machine->order, VMSIM_MAX_CPUS, at, value, size);
}

void vmsim_read_watched(const volatile void *at, void *value, unsigned int size)
{
	u64 seen = value_of(value, size);

	if (vmsim_ordered()) {
		seen = vmsim_order_seen(at, seen, size);
		memcpy(value, &seen, size);
	}
	vmsim_event_raise(VMSIM_EV_READ, (uintptr_t)at, seen, size, __builtin_return_address(0));
}

/* A test of one bit of a word: the word as a whole is not read. */
unsigned long vmsim_read_bit_watched(const volatile unsigned long *at, unsigned int nr)
{
	u64 seen = __READ_ONCE(*at);

	if (vmsim_ordered())
		seen = vmsim_order_seen(at, seen, sizeof(*at));
	vmsim_event_raise(VMSIM_EV_READ, (uintptr_t)at, seen, VMSIM_READ_BIT(nr),
			  __builtin_return_address(0));
	return seen;
}

static void store_now(volatile void *at, u64 value, unsigned int size)
{
	switch (size) {
	case 1:
		__atomic_store_n((volatile u8 *)at, (u8)value, __ATOMIC_RELEASE);
		break;
	case 2:
		__atomic_store_n((volatile u16 *)at, (u16)value, __ATOMIC_RELEASE);
		break;
	case 4:
		__atomic_store_n((volatile u32 *)at, (u32)value, __ATOMIC_RELEASE);
		break;
	case 8:
		__atomic_store_n((volatile u64 *)at, value, __ATOMIC_RELEASE);
		break;
	default:
		BUG();
	}
}

void vmsim_order_store(volatile void *at, uint64_t value, unsigned int size, bool release)
{
	const struct order_store store = {
		.at = (uintptr_t)at,
		.value = value,
		.size = (u8)size,
		.op = VMSIM_RMW_SET,
		.release = release,
	};

	order_insert(vmsim_this_machine()->order, vmsim_this_cpu()->id, &store);
}

void vmsim_write_watched(volatile void *at, const void *value, unsigned int size, bool release)
{
	u64 stored = value_of(value, size);

	if (vmsim_ordered())
		vmsim_order_store(at, stored, size, release);
	else
		store_now(at, stored, size);
	vmsim_event_raise(VMSIM_EV_WRITE, (uintptr_t)at, stored, size,
			  __builtin_return_address(0));
}

/*
 * A spinlock is freed by a plain store on x86, and by a release elsewhere: it waits in the buffer
 * like any other, and what was stored before it stays before it.
 */
void vmsim_order_unlock(u32 *word)
{
	const struct order_store store = {
		.at = (uintptr_t)word,
		.size = sizeof(*word),
		.op = VMSIM_RMW_UNLOCK,
		.release = true,
	};

	order_insert(vmsim_this_machine()->order, vmsim_this_cpu()->id, &store);
}

void vmsim_barrier_watched(enum vmsim_barrier kind)
{
	if (vmsim_ordered()) {
		struct order_buffer *buffer;

		buffer = &vmsim_this_machine()->order->buffer[vmsim_this_cpu()->id];
		if (kind == VMSIM_BARRIER_FULL || kind == VMSIM_BARRIER_ATOMIC)
			vmsim_order_drain(vmsim_this_cpu());
		else if (kind == VMSIM_BARRIER_WRITE && buffer->n &&
			 buffer->store[buffer->n - 1].epoch == buffer->epoch)
			buffer->epoch++;
	}
	vmsim_event_raise(VMSIM_EV_BARRIER, kind, 0, 0, __builtin_return_address(0));
}
