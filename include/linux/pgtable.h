/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PGTABLE_H
#define _VMSIM_LINUX_PGTABLE_H

#include <asm/pgtable.h>

/* Of guests that say which of their pages they no longer need (s390) there are none. */
static inline int pte_unused(pte_t pte)
{
	(void)pte;
	return 0;
}

/* No architecture of ours keeps something beside a page that goes to swap (sparc does). */
static inline int arch_unmap_one(struct mm_struct *mm, struct vm_area_struct *vma,
				 unsigned long addr, pte_t orig_pte)
{
	(void)mm, (void)vma, (void)addr, (void)orig_pte;
	return 0;
}

/*
 * A PTE table is taken away from under those who may be in it (src/pgtable/retract.c). The kernel
 * does so only where it maps huge pages itself (CONFIG_TRANSPARENT_HUGEPAGE).
 */
__vmsim_export pmd_t pmdp_collapse_flush(struct vm_area_struct *vma, unsigned long address,
					 pmd_t *pmdp);
__vmsim_export void pte_free_defer(struct mm_struct *mm, pgtable_t pgtable);

/* Waits until nobody is between the two loads of an entry of two words; see <asm/tlb.h>. */
#if defined(CONFIG_GUP_GET_PXX_LOW_HIGH)
#define pmdp_get_lockless_sync() tlb_remove_table_sync_one()
#else
#define pmdp_get_lockless_sync() ((void)0)
#endif

#endif
