// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"

/*
 * Memory that fills whole page tables, for comparisons: it is mapped, stored to at a few places, moved
 * with its tables, looked at, and unmapped again before the step ends. The model knows nothing of it.
 */

#define AREA (16 * PUD_SIZE)
#define AREA_SIZE (16 * PUD_SIZE)
#define PLACES 8u

/**
 * struct whole - what is mapped and moved
 * @from: start of the mapping
 * @part: how far inside the part begins that moves
 * @length: size of that part, with which the mapping ends
 * @to: where it goes
 */
struct whole {
	unsigned long from, part, length, to;
	u64 stored[PLACES];
};

/* First and last pages of the part and of tables: there errors show. */
static unsigned long place(const struct whole *whole, unsigned int i)
{
	unsigned long start = whole->from + whole->part, end = start + whole->length;
	unsigned long next = (start & PMD_MASK) + PMD_SIZE;
	const unsigned long at[PLACES] = {
		start, end - PAGE_SIZE, next - PAGE_SIZE, next, next + PMD_SIZE - PAGE_SIZE,
		next + PMD_SIZE, (end & PMD_MASK) - PAGE_SIZE, start + 5 * PAGE_SIZE,
	};

	return min(max(at[i], start), end - PAGE_SIZE) - start;
}

static struct whole whole_of(const struct op *op)
{
	static const unsigned long pages[] = { 0, 0, 0, 1, 3 };
	unsigned long before = pages[op->x % 5] * PAGE_SIZE;
	unsigned long length = op->n & 0x80 ? PUD_SIZE + (op->n & 1) * PMD_SIZE :
					      (1 + op->n % 3) * PMD_SIZE + (op->n & 4) * PAGE_SIZE;

	return (struct whole) {
		.from = AREA + 2 * PUD_SIZE - before,
		.part = op->y & 1 ? 0 : (op->y & 2 ? PMD_SIZE : 7 * PAGE_SIZE),
		.length = length + before,
		.to = AREA + 8 * PUD_SIZE - before + (op->y & 0x1c ? 0 : 3 * PAGE_SIZE) +
		      (op->y & 0x20 ? PMD_SIZE : 0),
	};
}

static void store_all(struct whole *whole)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		unsigned long addr = whole->from + whole->part + place(whole, i);
		int result = vmsim_store(addr, 8, ++tree.stores);

		tree_result("", result);
		whole->stored[i] = result ? 0 : tree.stores;
	}
}

/* A place that was stored to twice holds what came last. */
static bool is_last(const struct whole *whole, unsigned int i)
{
	for (unsigned int j = i + 1; j < PLACES; j++)
		if (place(whole, j) == place(whole, i))
			return false;
	return whole->stored[i];
}

static void load_all(const struct whole *whole)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		unsigned long addr = whole->to + place(whole, i);
		uint64_t value = 0;
		int result = vmsim_load(addr, 8, &value);

		tree_result("", result);
		if (!result && is_last(whole, i) && value != whole->stored[i])
			tree_fail("at %lx: expected %lx, found %lx", addr, whole->stored[i], value);
	}
}

static void tell_all(void)
{
	vmsim_enter();
	tree_result_held(NULL, 0);
	vmsim_leave();
}

void op_tables(struct act *act)
{
	struct whole whole = whole_of(act->op);
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED | (act->op->x & 0xc0 ? 0 : MREMAP_DONTUNMAP);
	int kind = act->op->x & 0x20 ? MAP_SHARED : MAP_PRIVATE;
	unsigned long size = whole.part + whole.length;
	long result;

	if (AREA + AREA_SIZE > act->space->mm->task_size) {
		act_say("whole tables (no room)");
		return;
	}
	act_say("whole tables, kind %d: %lx+%lx, from %lx on to %lx, flags %x", kind, whole.from,
		size, whole.part, whole.to, (unsigned int)flags);
	result = vmsim_mmap(whole.from, size, PROT_READ | PROT_WRITE,
			    kind | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, VMSIM_NO_FILE, 0);
	tree_result("", result);
	if (result < 0)
		return;
	store_all(&whole);
	result = vmsim_mremap(whole.from + whole.part, whole.length, whole.length, flags, whole.to);
	tree_result("", result);
	tell_all();
	if (result > 0)
		load_all(&whole);
	tell_all();
	tree_result("", vmsim_munmap(AREA, AREA_SIZE));
}
