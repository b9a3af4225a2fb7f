// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries above PTEs: stores that are seen after what they point to, and raise TABLE_SET.
 */
#include "pgtable/table.h"

#define SET_ENTRY(level)								\
__vmsim_overridable void set_##level(level##_t *entryp, level##_t entry)		\
{											\
	level##_t old = __##level(__READ_ONCE(entryp->level));				\
											\
	if (vmsim_ordered())								\
		vmsim_order_store(&entryp->level, entry.level, sizeof(entry), true);	\
	else										\
		__atomic_store_n(&entryp->level, entry.level, __ATOMIC_RELEASE);	\
	vmsim_event(TABLE_SET, (uintptr_t)entryp, level##_val(old), level##_val(entry)); \
	(void)old;									\
}

#if !defined(VMSIM_ARCH_X86_PAE)
SET_ENTRY(pmd)

/**
 * pmdp_get_lockless() - loads a PMD entry that may change
 */
__vmsim_overridable pmd_t pmdp_get_lockless(pmd_t *pmdp)
{
	return pmdp_get(pmdp);
}
#endif
SET_ENTRY(pud)
SET_ENTRY(p4d)
SET_ENTRY(pgd)

/**
 * pmd_clear_bad() - reports and empties an entry that is neither table nor leaf
 * @entryp: the entry
 *
 * Also: pud_clear_bad(), p4d_clear_bad(), pgd_clear_bad().
 *
 * Source: mm/pgtable-generic.c, Linux 6.12.
 */
#define CLEAR_BAD(level)								\
__vmsim_overridable void level##_clear_bad(level##_t *entryp)				\
{											\
	level##_ERROR(level##p_get(entryp));						\
	level##_clear(entryp);								\
}

CLEAR_BAD(pmd)
CLEAR_BAD(pud)
CLEAR_BAD(p4d)
CLEAR_BAD(pgd)

/**
 * vmsim_task_size() - end of the addresses that programs may use
 *
 * The lower half, without the page before the border, which is a guard on x86.
 */
unsigned long vmsim_task_size(void)
{
	return (1UL << (VMSIM_VA_BITS - 1)) - PAGE_SIZE;
}
