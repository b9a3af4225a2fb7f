/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MEMPOLICY_H
#define _VMSIM_LINUX_MEMPOLICY_H

#include <linux/mm.h>
#include <linux/topology.h>

/* One node: no policies (CONFIG_NUMA=n). */
struct mempolicy;
#define vma_policy(vma) ((struct mempolicy *)NULL)

static inline int vma_dup_policy(struct vm_area_struct *src, struct vm_area_struct *dst)
{
	(void)src, (void)dst;
	return 0;
}

static inline void mpol_put(struct mempolicy *pol)
{
	(void)pol;
}

#endif
