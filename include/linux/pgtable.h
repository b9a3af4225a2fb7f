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

#endif
