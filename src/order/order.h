/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_ORDER_INTERNAL_H
#define VMSIM_ORDER_INTERNAL_H

#include <vmsim/explore.h>
#include <vmsim/order.h>
#include <linux/types.h>

/*
 * Store buffers (docs/memory-models.md). Memory has what the CPU that stored sees, so that its
 * plain accesses need no help. A buffer remembers, for each store in it, what everybody else still
 * sees; the words in question have a cell with that.
 */

struct vmsim_machine;
struct vmsim_cpu;

/* Stores that a CPU may have outstanding. Real buffers have dozens; programs here are short. */
#define ORDER_SLOTS 8

struct order_store {
	uintptr_t at;
	u64 value;
	u8 size;
	u8 op;			/* enum vmsim_rmw */
	bool release;		/* after all that came before */
	u8 epoch;		/* number of write barriers before it */
};

struct order_buffer {
	u8 n, epoch;
	struct order_store store[ORDER_SLOTS];
};

/**
 * struct order_cell - an aligned word of 8 bytes with stores outstanding
 * @word: its address; 0: the cell is free
 * @global: the word as a CPU without stores in it sees it, where @mask has a bit for the byte
 * @stores: how many are outstanding
 * @cpu: who stored first
 * @several: other CPUs stored, too, so that memory may have neither what one of them sees nor what
 *           comes out in the end
 */
struct order_cell {
	uintptr_t word;
	u64 global;
	u8 mask, stores, cpu;
	bool several;
};

struct vmsim_order {
	enum vmsim_memory_model model;
	unsigned int nr_cpus, outstanding;
	bool interrupt;			/* a handler runs */
	struct order_cell *cell;	/* nr_cpus * ORDER_SLOTS */
	struct order_buffer buffer[];
};

/* Cells (src/order/cell.c). */
struct order_cell *order_cell_find(struct vmsim_order *order, uintptr_t at);
struct order_cell *order_cell_get(struct vmsim_order *order, uintptr_t at, unsigned int size,
				  unsigned int cpu);
void order_cell_put(struct vmsim_order *order, struct order_cell *cell);
u64 order_cell_seen(const struct vmsim_order *order, const struct order_cell *cell,
		    unsigned int cpu);
void order_apply(void *word, uintptr_t at, unsigned int size, enum vmsim_rmw op, u64 value);
u64 order_load(const void *word, uintptr_t at, unsigned int size);

/* Buffers (src/order/buffer.c). */
void order_insert(struct vmsim_order *order, unsigned int cpu, const struct order_store *store);
void order_drain_word(struct vmsim_order *order, unsigned int cpu, uintptr_t at);
void order_drain_cpu(struct vmsim_order *order, unsigned int cpu);

/*
 * Around the handler of an interrupt. On x86 taking and ending one empties the buffer; elsewhere
 * the acknowledgement is a release.
 */
void vmsim_order_interrupt(struct vmsim_cpu *cpu, bool begins);

/* For the machine: every store of one CPU, or of all, reaches memory. */
void vmsim_order_drain(struct vmsim_cpu *cpu);
void vmsim_order_drain_all(struct vmsim_machine *machine);
/* What a CPU without stores of its own sees: hardware's walks. */
u64 vmsim_order_global(struct vmsim_machine *machine, const void *at, u64 value, unsigned int size);
/* The walker's compare and exchange, of which the CPU's own stores know nothing. */
bool vmsim_order_claim(struct vmsim_machine *machine, u64 *at, u64 *old, u64 to);
/* Acquires a lock by a read-modify-write: on x86 the CPU's stores come first. */
void vmsim_order_locked(void);
/* Frees the word of a spinlock. */
void vmsim_order_unlock(u32 *word);

/* For the explorer: drains are named by CPU and place in its buffer. */
int vmsim_order_create(struct vmsim_machine *machine, enum vmsim_memory_model model);
unsigned int vmsim_order_drains(const struct vmsim_order *order, u16 *id, unsigned int max);
void vmsim_order_drain_one(struct vmsim_machine *machine, u16 id);
#define ORDER_DRAIN_ID(cpu, slot) ((u16)((cpu) * ORDER_SLOTS + (slot)))

#endif
