// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables that are missing (Linux 6.12, mm/memory.c). One is allocated without any lock; under the
 * lock of the entry it is hooked in, or freed where somebody else was faster.
 */
#include "pgtable/table.h"
#include <asm/pgalloc.h>
#include <errno.h>

/**
 * pmd_install() - hooks a PTE table in, if the entry is still empty
 * @mm: address space
 * @pmd: the entry
 * @pte: the table; NULL is stored where it was used
 */
__vmsim_overridable void pmd_install(struct mm_struct *mm, pmd_t *pmd, pgtable_t *pte)
{
	spinlock_t *lock = pmd_lock(mm, pmd);

	if (pmd_none(pmdp_get(pmd))) {
		pmd_populate(mm, pmd, *pte);
		mm_inc_nr_ptes(mm);
		*pte = NULL;
	}
	spin_unlock(lock);
}

/**
 * __pte_alloc() - gives a PMD entry a PTE table
 * @mm: address space
 * @pmd: the entry, empty a moment ago
 *
 * Return: 0, also where somebody else did it; -ENOMEM.
 */
__vmsim_overridable int __pte_alloc(struct mm_struct *mm, pmd_t *pmd)
{
	pgtable_t table = pte_alloc_one(mm);

	if (!table)
		return -ENOMEM;
	pmd_install(mm, pmd, &table);
	if (table)
		pte_free(mm, table);
	return 0;
}

/* The levels above share one lock per address space. @counted: how a table of the kind is. */
#define GROW_LEVEL(parent, child, counted)						\
__vmsim_overridable int __##child##_alloc(struct mm_struct *mm, parent##_t *entry,	\
					  unsigned long address)			\
{											\
	child##_t *table = child##_alloc_one(mm, address);				\
	bool hook;									\
											\
	if (!table)									\
		return -ENOMEM;								\
	spin_lock(&mm->page_table_lock);						\
	hook = parent##_none(parent##p_get(entry));					\
	if (hook) {									\
		parent##_populate(mm, entry, table);					\
		counted;								\
	}										\
	spin_unlock(&mm->page_table_lock);						\
	if (!hook)									\
		child##_free(mm, table);						\
	return 0;									\
}											\
__vmsim_overridable child##_t *child##_alloc(struct mm_struct *mm, parent##_t *entry,	\
					     unsigned long address)			\
{											\
	if (parent##_none(parent##p_get(entry)) && __##child##_alloc(mm, entry, address)) \
		return NULL;								\
	return child##_offset(entry, address);						\
}

GROW_LEVEL(pud, pmd, mm_inc_nr_pmds(mm))
GROW_LEVEL(p4d, pud, mm_inc_nr_puds(mm))
GROW_LEVEL(pgd, p4d, (void)0)
