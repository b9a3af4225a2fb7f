// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hardware's walk of the live tables. It knows no locks: what keeps a table in place is that a
 * flush reaches this CPU only between two accesses. Where a flush is missing, the walk reads what
 * the frame holds now, as hardware would; an entry that names no frame counts as not present.
 */
#include "tlb/cache.h"
#include "order/order.h"
#include "pgtable/table.h"

static inline u64 *slot_in(unsigned long table_pfn, unsigned long addr, unsigned int shift)
{
	u64 *table = __va_pfn(table_pfn);

	return &table[(addr >> shift) & (PTRS_PER_PTE - 1)];
}

static inline unsigned long pfn_of(u64 value)
{
	return (value & PTE_PFN_MASK) >> PAGE_SHIFT;
}

/* Hardware asks nobody whether there is memory: not pfn_valid(), which belongs to the kernel. */
static inline bool is_present(const struct vmsim_machine *m, u64 value)
{
	return value & _PAGE_PRESENT && vmsim_machine_has_cell(m, pfn_of(value));
}

static inline u64 read_entry(struct vmsim_machine *m, const u64 *slot)
{
	u64 value = __atomic_load_n(slot, __ATOMIC_ACQUIRE);

	if (unlikely(m->order))
		value = vmsim_order_global(m, slot, value, sizeof(*slot));
	vmsim_event(READ, (uintptr_t)slot, value, sizeof(value));
	return value;
}

static inline bool is_leaf(u64 value, unsigned int shift)
{
	return shift == PAGE_SHIFT || (shift == PMD_SHIFT && (value & _PAGE_PSE));
}

bool vmsim_walk_from_top(struct mm_struct *mm, unsigned long addr, struct vmsim_leaf *leaf)
{
	struct vmsim_machine *m = vmsim_this_machine();
	unsigned int shift = vmsim_level_shift(VMSIM_LEVEL_TOP);
	u64 *slot = (u64 *)mm->pgd + (addr >> shift);
	u64 value;

	if (!mm->pgd || addr >> VMSIM_VA_BITS)
		return false;
	for (value = read_entry(m, slot); is_present(m, value); value = read_entry(m, slot)) {
		if (is_leaf(value, shift)) {
			*leaf = (struct vmsim_leaf){ slot, value, shift };
			return true;
		}
		shift -= VMSIM_LEVEL_BITS;
		slot = slot_in(pfn_of(value), addr, shift);
	}
	return false;
}

/* The last step of a walk, into a table that is known. */
bool vmsim_walk_table(unsigned long table_pfn, unsigned long addr, struct vmsim_leaf *leaf)
{
	struct vmsim_machine *m = vmsim_this_machine();

	leaf->shift = PAGE_SHIFT;
	leaf->slot = slot_in(table_pfn, addr, PAGE_SHIFT);
	leaf->value = read_entry(m, leaf->slot);
	return is_present(m, leaf->value);
}

static bool grants(const struct vmsim_machine *m, u64 value, enum vmsim_access access)
{
	if (!is_present(m, value))
		return false;
	if (access == VMSIM_ACCESS_WRITE)
		return value & _PAGE_RW;
	if (access == VMSIM_ACCESS_EXEC)
		return !(value & _PAGE_NX);
	return true;
}

/*
 * The promise on which the rules for clean entries rest (R5): D is set only in an entry that, in
 * the same atomic step, is present and writable.
 */
bool vmsim_walk_claim(struct vmsim_leaf *leaf, enum vmsim_access access)
{
	u64 bits = _PAGE_ACCESSED | (access == VMSIM_ACCESS_WRITE ? _PAGE_DIRTY : 0);
	struct vmsim_machine *m = vmsim_this_machine();

	while (grants(m, leaf->value, access)) {
		u64 old = leaf->value, with = old | bits;

		if (with == old)
			return true;
		if (vmsim_order_claim(m, leaf->slot, &leaf->value, with)) {
			leaf->value = with;
			vmsim_event(ATOMIC, (uintptr_t)leaf->slot, VMSIM_ATOMIC_CHANGES, old);
			return true;
		}
	}
	return false;
}
