// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding and locking PTE tables (Linux 6.12, mm/pgtable-generic.c). A table that was found without
 * its lock may be unhooked at any time. RCU keeps its memory, and with it its lock, until
 * pte_unmap(); what the PMD entry said is true again only after a second look under the lock (R23).
 */
#include "pgtable/table.h"

/* The lock of the table behind a PMD value that was read. */
static spinlock_t *lock_behind(pmd_t pmdval)
{
	struct page *table = pmd_page(pmdval);
	spinlock_t *lock = page_ptdesc(table)->ptl;

	VM_BUG_ON_PAGE(!vmsim_is_table(table) || !lock, table);
	return lock;
}

/* What the entry says; of a copy that the caller has made nobody else knows: it is just read. */
static pmd_t value_of(pmd_t *pmd)
{
	const struct vmsim_machine *m = vmsim_this_machine();
	uintptr_t offset = (uintptr_t)pmd - (uintptr_t)m->frames;

	return offset >> PAGE_SHIFT < m->nr_frames ? pmdp_get(pmd) : *pmd;
}

/**
 * pte_lockptr() - the PTL of a table that cannot go away
 * @mm: address space
 * @pmd: entry that points to the table, or a copy of it
 */
__vmsim_overridable spinlock_t *pte_lockptr(struct mm_struct *mm, pmd_t *pmd)
{
	(void)mm;
	return lock_behind(value_of(pmd));
}

/**
 * pmd_lockptr() - the lock of the entries of a PMD table
 * @mm: address space
 * @pmd: any entry of the table
 */
__vmsim_overridable spinlock_t *pmd_lockptr(struct mm_struct *mm, pmd_t *pmd)
{
	(void)mm;
	return page_ptdesc(virt_to_page(pmd))->ptl;
}

/**
 * pmd_lock() - takes pmd_lockptr()
 */
__vmsim_overridable spinlock_t *pmd_lock(struct mm_struct *mm, pmd_t *pmd)
{
	spinlock_t *lock = pmd_lockptr(mm, pmd);

	spin_lock(lock);
	return lock;
}

/* True if @pmdval points to a PTE table. What is neither table, leaf nor empty is reported. */
static bool leads_to_table(pmd_t *pmd, pmd_t pmdval)
{
	if (pmd_none(pmdval) || !pmd_present(pmdval) || pmd_leaf(pmdval))
		return false;
	if (likely(!pmd_bad(pmdval)))
		return true;
	pmd_clear_bad(pmd);
	return false;
}

/**
 * __pte_offset_map() - the PTE of an address, without its lock
 * @pmd: entry above
 * @addr: address
 * @pmdvalp: receives what the entry above held; may be NULL
 *
 * Return: the entry, in an RCU read section that ends with pte_unmap(); NULL without one, where
 * there is no PTE table.
 */
__vmsim_overridable pte_t *__pte_offset_map(pmd_t *pmd, unsigned long addr, pmd_t *pmdvalp)
{
	pmd_t pmdval;

	rcu_read_lock();
	pmdval = pmdp_get_lockless(pmd);
	if (pmdvalp)
		*pmdvalp = pmdval;
	if (leads_to_table(pmd, pmdval))
		return (pte_t *)page_address(pmd_page(pmdval)) + pte_index(addr);
	rcu_read_unlock();
	return NULL;
}

/**
 * pte_offset_map_nolock() - the PTE of an address, and its lock, not taken
 * @mm: address space
 * @pmd: entry above
 * @addr: address
 * @ptlp: receives the lock
 *
 * The caller looks again, at the PTE or at @pmd, after it took the lock.
 */
__vmsim_overridable pte_t *pte_offset_map_nolock(struct mm_struct *mm, pmd_t *pmd,
						 unsigned long addr, spinlock_t **ptlp)
{
	pmd_t pmdval;
	pte_t *pte = __pte_offset_map(pmd, addr, &pmdval);

	(void)mm;
	if (pte)
		*ptlp = lock_behind(pmdval);
	return pte;
}

/**
 * __pte_offset_map_lock() - the PTE of an address, with its lock held
 * @mm: address space
 * @pmd: entry above
 * @addr: address
 * @ptlp: receives the lock
 *
 * Return: the entry, for pte_unmap_unlock(); NULL where there is no PTE table.
 */
__vmsim_overridable pte_t *__pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd,
						 unsigned long addr, spinlock_t **ptlp)
{
	pmd_t pmdval;
	pte_t *pte;

	(void)mm;
	while ((pte = __pte_offset_map(pmd, addr, &pmdval)) != NULL) {
		spinlock_t *lock = lock_behind(pmdval);

		spin_lock(lock);
		if (pmd_same(pmdval, pmdp_get_lockless(pmd))) {
			*ptlp = lock;
			break;
		}
		pte_unmap_unlock(pte, lock);
	}
	return pte;
}
