// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "order/order.h"

/* Words with stores outstanding, and what who sees of them. */

#define WORD_SIZE sizeof(u64)

static uintptr_t word_of(uintptr_t at)
{
	return at & ~(WORD_SIZE - 1);
}

static unsigned int offset_of(uintptr_t at)
{
	return at & (WORD_SIZE - 1);
}

static u8 bytes_of(uintptr_t at, unsigned int size)
{
	BUG_ON(offset_of(at) + size > WORD_SIZE);
	return (u8)(((1u << size) - 1) << offset_of(at));
}

/* The part of @word (a word, or a copy of it) that an access to @at is about. */
u64 order_load(const void *word, uintptr_t at, unsigned int size)
{
	u64 value = 0;

	memcpy(&value, (const char *)word + offset_of(at), size);
	return value;
}

void order_apply(void *word, uintptr_t at, unsigned int size, enum vmsim_rmw op, u64 value)
{
	u64 old = order_load(word, at, size);

	switch (op) {
	case VMSIM_RMW_ADD:
		value = old + value;
		break;
	case VMSIM_RMW_OR:
		value = old | value;
		break;
	case VMSIM_RMW_AND:
		value = old & value;
		break;
	default:
		break;
	}
	memcpy((char *)word + offset_of(at), &value, size);
}

/* Copies the bytes of @mask. */
static void copy_bytes(void *to, const void *from, u8 mask)
{
	for (unsigned int i = 0; i < WORD_SIZE; i++)
		if (mask & 1u << i)
			((char *)to)[i] = ((const char *)from)[i];
}

struct order_cell *order_cell_find(struct vmsim_order *order, uintptr_t at)
{
	if (!order->outstanding)
		return NULL;
	for (unsigned int i = 0; i < order->nr_cpus * ORDER_SLOTS; i++)
		if (order->cell[i].word == word_of(at))
			return &order->cell[i];
	return NULL;
}

static struct order_cell *cell_new(struct vmsim_order *order, uintptr_t at, unsigned int cpu)
{
	struct order_cell *cell = order->cell;

	while (cell->word)
		cell++;
	*cell = (struct order_cell) { .word = word_of(at), .cpu = (u8)cpu };
	return cell;
}

/* The cell for a change of @at by @cpu that is about to be made. */
struct order_cell *order_cell_get(struct vmsim_order *order, uintptr_t at, unsigned int size,
				  unsigned int cpu)
{
	struct order_cell *cell = order_cell_find(order, at);
	u8 bytes = bytes_of(at, size);

	if (!cell)
		cell = cell_new(order, at, cpu);
	copy_bytes(&cell->global, (const void *)cell->word, bytes & ~cell->mask);
	cell->mask |= bytes;
	cell->several |= cell->cpu != cpu;
	return cell;
}

/* One store less. After the last one, memory has what came out. */
void order_cell_put(struct vmsim_order *order, struct order_cell *cell)
{
	(void)order;
	if (--cell->stores)
		return;
	if (cell->several)
		copy_bytes((void *)cell->word, &cell->global, cell->mask);
	*cell = (struct order_cell) { .word = 0 };
}

/* The whole word as @cpu sees it. */
u64 order_cell_seen(const struct vmsim_order *order, const struct order_cell *cell,
		    unsigned int cpu)
{
	u64 word = *(const u64 *)cell->word;

	if (cell->cpu == cpu && !cell->several)
		return word;
	copy_bytes(&word, &cell->global, cell->mask);
	if (cpu >= order->nr_cpus)
		return word;
	for (unsigned int i = 0; i < order->buffer[cpu].n; i++) {
		const struct order_store *store = &order->buffer[cpu].store[i];

		if (store->op != VMSIM_RMW_UNLOCK && word_of(store->at) == cell->word)
			order_apply(&word, store->at, store->size, (enum vmsim_rmw)store->op,
				    store->value);
	}
	return word;
}
