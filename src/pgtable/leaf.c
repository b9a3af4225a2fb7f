// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries of upper levels that map a huge page (Linux 6.12: arch/x86, mm/pgtable-generic.c). As in
 * the kernel, what the hardware may change at the same time is changed by one access.
 */
#include "pgtable/table.h"

static u64 exchange(void *entryp, u64 value)
{
	u64 old;

	if (vmsim_ordered())
		vmsim_order_xchg(entryp, &value, &old, sizeof(old));
	else
		old = __atomic_exchange_n((u64 *)entryp, value, __ATOMIC_SEQ_CST);
	vmsim_event(TABLE_SET, (uintptr_t)entryp, old, value);
	return old;
}

static bool try_exchange(void *entryp, u64 *old, u64 value)
{
	if (vmsim_ordered())
		return vmsim_order_cmpxchg(entryp, old, &value, sizeof(value));
	return __atomic_compare_exchange_n((u64 *)entryp, old, value, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* Returns the value before. */
static u64 take_bits(void *entryp, u64 bits)
{
	u64 old = VMSIM_ENTRY_LOAD(*(u64 *)entryp);

	while (!try_exchange(entryp, &old, old & ~bits))
		;
	vmsim_event(TABLE_SET, (uintptr_t)entryp, old, old & ~bits);
	return old;
}

/* Each as ptep_NAME(), src/pgtable/pte.c. */
#define LEAF_MEMORY(level)									\
__vmsim_overridable void level##p_set_wrprotect(struct mm_struct *mm, unsigned long addr,	\
						level##_t *entryp)				\
{												\
	(void)mm, (void)addr;									\
	(void)take_bits(entryp, _PAGE_RW);							\
}												\
__vmsim_overridable level##_t level##p_huge_get_and_clear(struct mm_struct *mm,			\
							  unsigned long addr, level##_t *entryp) \
{												\
	(void)mm, (void)addr;									\
	return __##level(exchange(entryp, 0));							\
}												\
__vmsim_overridable level##_t level##p_huge_get_and_clear_full(struct vm_area_struct *vma,	\
							       unsigned long addr,		\
							       level##_t *entryp, int full)	\
{												\
	(void)full;										\
	return level##p_huge_get_and_clear(vma->vm_mm, addr, entryp);				\
}												\
__vmsim_overridable int level##p_set_access_flags(struct vm_area_struct *vma, unsigned long addr, \
						  level##_t *entryp, level##_t entry, int dirty) \
{												\
	bool differs = !level##_same(level##p_get(entryp), entry);				\
												\
	(void)vma, (void)addr;									\
	if (differs && dirty)									\
		set_##level(entryp, entry);							\
	return differs;										\
}												\
__vmsim_overridable int level##p_test_and_clear_young(struct vm_area_struct *vma,		\
						      unsigned long addr, level##_t *entryp)	\
{												\
	(void)vma, (void)addr;									\
	return (take_bits(entryp, _PAGE_ACCESSED) & _PAGE_ACCESSED) != 0;			\
}

LEAF_MEMORY(pmd)
LEAF_MEMORY(pud)

/* The tables of one PMD table: a stack, whose links stand where the PMD table has its top. */
static pgtable_t *kept(pmd_t *pmdp)
{
	return &page_ptdesc(virt_to_page(pmdp))->pmd_huge_pte;
}

/**
 * pgtable_trans_huge_deposit() - keeps a PTE table for an entry that becomes a leaf
 * @mm: address space
 * @pmdp: the entry
 * @pgtable: a table that is hooked in nowhere
 *
 * Context: pmd_lockptr() of @pmdp held.
 */
__vmsim_overridable void pgtable_trans_huge_deposit(struct mm_struct *mm, pmd_t *pmdp,
						    pgtable_t pgtable)
{
	assert_spin_locked(pmd_lockptr(mm, pmdp));
	page_ptdesc(pgtable)->pmd_huge_pte = *kept(pmdp);
	*kept(pmdp) = pgtable;
}

/**
 * pgtable_trans_huge_withdraw() - takes a PTE table that was kept
 * @mm: address space
 * @pmdp: the entry that is no leaf any more
 *
 * Context: pmd_lockptr() of @pmdp held. Return: a table; which one does not matter.
 */
__vmsim_overridable pgtable_t pgtable_trans_huge_withdraw(struct mm_struct *mm, pmd_t *pmdp)
{
	pgtable_t pgtable = *kept(pmdp);

	assert_spin_locked(pmd_lockptr(mm, pmdp));
	*kept(pmdp) = page_ptdesc(pgtable)->pmd_huge_pte;
	page_ptdesc(pgtable)->pmd_huge_pte = NULL;
	return pgtable;
}
