/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MMU_NOTIFIER_H
#define _VMSIM_LINUX_MMU_NOTIFIER_H

/*
 * Secondary TLBs are not modelled: there is nobody to notify. What is not declared here does not
 * compile.
 */
#include <linux/mm_types.h>

/* Until Linux 6.5; the gather calls it at each flush. */
static inline void mmu_notifier_invalidate_range(struct mm_struct *mm, unsigned long start,
						 unsigned long end)
{
	(void)mm, (void)start, (void)end;
}

#endif
