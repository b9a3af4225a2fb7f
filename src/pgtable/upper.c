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
 * vmsim_pmd_bad() - reports and empties an entry that is neither table nor leaf
 * @pmd: the entry
 *
 * Return: 1.
 */
__vmsim_overridable int vmsim_pmd_bad(pmd_t *pmd)
{
	vmsim_warn(__FILE__, __LINE__, "bad PMD entry");
	pmd_clear(pmd);
	return 1;
}

/**
 * vmsim_task_size() - end of the addresses that programs may use
 *
 * The lower half, without the page before the border, which is a guard on x86.
 */
unsigned long vmsim_task_size(void)
{
	return (1UL << (VMSIM_VA_BITS - 1)) - PAGE_SIZE;
}
