/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_KSM_H
#define _VMSIM_LINUX_KSM_H

#include <linux/mm.h>
#include <linux/rmap.h>

/* As without CONFIG_KSM: no page is one of its own. */

static inline void rmap_walk_ksm(struct folio *folio, struct rmap_walk_control *rwc)
{
	(void)folio, (void)rwc;
}

static inline int ksm_madvise(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			      int advice, unsigned long *vm_flags)
{
	(void)vma, (void)start, (void)end, (void)advice, (void)vm_flags;
	return 0;
}

static inline void ksm_might_unmap_zero_page(struct mm_struct *mm, pte_t pte)
{
	(void)mm, (void)pte;
}

#endif
