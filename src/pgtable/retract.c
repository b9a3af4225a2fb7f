// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking away a PTE table that lockless walkers and waiters for its lock may have found (Linux
 * 6.12, mm/pgtable-generic.c). It stays what it is until they have looked again and left (R2, R23).
 */
#include "pgtable/table.h"
#include <asm/pgalloc.h>
#include <asm/tlbflush.h>
#include <linux/rcupdate.h>

/**
 * pmdp_collapse_flush() - unhooks a PTE table, from the TLBs too
 * @vma: mapping that it serves
 * @address: first address that it translates
 * @pmdp: entry that it hangs from
 *
 * Context: pmd_lock() of @pmdp held, and whatever keeps the table's entries as they are.
 * Return: the value of the entry before.
 */
__vmsim_overridable pmd_t pmdp_collapse_flush(struct vm_area_struct *vma, unsigned long address,
					      pmd_t *pmdp)
{
	pmd_t old;

	VM_BUG_ON(!IS_ALIGNED(address, PMD_SIZE));
	old = pmdp_huge_get_and_clear(vma->vm_mm, address, pmdp);
	VM_BUG_ON(pmd_leaf(old));
	/* What CPUs have cached are the pages below, and the way to their table. */
	flush_tlb_range(vma, address, address + PMD_SIZE);
	return old;
}

static void free_after_readers(struct rcu_head *head)
{
	struct ptdesc *pt = container_of(head, struct ptdesc, pt_rcu_head);

	pt->pt_rcu_head = (struct rcu_head) { 0 };
	pte_free(NULL, ptdesc_page(pt));
}

/**
 * pte_free_defer() - frees a PTE table once nobody is in it any more
 * @mm: address space
 * @pgtable: the table, unhooked and flushed
 *
 * Who came to it before is an RCU reader: until pte_unmap(), or with interrupts off.
 */
__vmsim_overridable void pte_free_defer(struct mm_struct *mm, pgtable_t pgtable)
{
	(void)mm;
	call_rcu(&page_ptdesc(pgtable)->pt_rcu_head, free_after_readers);
}
