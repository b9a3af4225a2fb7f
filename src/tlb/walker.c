// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hardware's walk of the live tables. It knows no locks: what keeps a table in place is that a
 * flush reaches this CPU only between two accesses. Where a flush is missing, the walk reads what
 * the frame holds now, as hardware would; an entry that names no frame counts as not present.
 */
#include "tlb/cache.h"
#include "order/order.h"
#include "pgtable/table.h"

static u64 *slot_in(unsigned long table_pfn, unsigned long addr, unsigned int shift)
{
	u64 *table = page_address(pfn_to_page(table_pfn));

	return &table[(addr >> shift) & (PTRS_PER_PTE - 1)];
}

static bool is_present(u64 value)
{
	return (value & _PAGE_PRESENT) && pfn_valid((value & PTE_PFN_MASK) >> PAGE_SHIFT);
}

static void read_entry(struct vmsim_leaf *leaf)
{
	leaf->value = vmsim_order_global(vmsim_this_machine(), leaf->slot,
					 __atomic_load_n(leaf->slot, __ATOMIC_ACQUIRE),
					 sizeof(*leaf->slot));
	vmsim_event(READ, (uintptr_t)leaf->slot, leaf->value, sizeof(leaf->value));
}

static bool is_leaf(const struct vmsim_leaf *leaf)
{
	return leaf->shift == PAGE_SHIFT ||
	       (leaf->shift == PMD_SHIFT && (leaf->value & _PAGE_PSE));
}

bool vmsim_walk_from_top(struct mm_struct *mm, unsigned long addr, struct vmsim_leaf *leaf)
{
	if (!mm->pgd || addr >> VMSIM_VA_BITS)
		return false;
	leaf->shift = vmsim_level_shift(VMSIM_LEVEL_TOP);
	leaf->slot = (u64 *)mm->pgd + (addr >> leaf->shift);
	read_entry(leaf);
	while (is_present(leaf->value)) {
		if (is_leaf(leaf))
			return true;
		leaf->shift -= VMSIM_LEVEL_BITS;
		leaf->slot = slot_in(vmsim_leaf_pfn(leaf), addr, leaf->shift);
		read_entry(leaf);
	}
	return false;
}

/* The last step of a walk, into a table that is known. */
bool vmsim_walk_table(unsigned long table_pfn, unsigned long addr, struct vmsim_leaf *leaf)
{
	leaf->shift = PAGE_SHIFT;
	leaf->slot = slot_in(table_pfn, addr, PAGE_SHIFT);
	read_entry(leaf);
	return is_present(leaf->value);
}

static bool grants(u64 value, enum vmsim_access access)
{
	if (!is_present(value))
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

	while (grants(leaf->value, access)) {
		u64 old = leaf->value, with = old | bits;

		if (with == old)
			return true;
		if (vmsim_order_claim(vmsim_this_machine(), leaf->slot, &leaf->value, with)) {
			leaf->value = with;
			vmsim_event(ATOMIC, (uintptr_t)leaf->slot, VMSIM_ATOMIC_CHANGES, old);
			return true;
		}
	}
	return false;
}
