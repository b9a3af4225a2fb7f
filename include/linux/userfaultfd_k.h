/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_USERFAULTFD_K_H
#define _VMSIM_LINUX_USERFAULTFD_K_H

#include <linux/mm.h>

/* Programs do not handle their faults: the answers of CONFIG_USERFAULTFD=n. */
static inline bool userfaultfd_missing(struct vm_area_struct *vma)
{
	(void)vma;
	return false;
}

static inline bool userfaultfd_wp(struct vm_area_struct *vma)
{
	(void)vma;
	return false;
}

static inline bool userfaultfd_minor(struct vm_area_struct *vma)
{
	(void)vma;
	return false;
}

static inline bool userfaultfd_armed(struct vm_area_struct *vma)
{
	(void)vma;
	return false;
}

static inline bool userfaultfd_pte_wp(struct vm_area_struct *vma, pte_t pte)
{
	(void)vma, (void)pte;
	return false;
}

static inline bool userfaultfd_huge_pmd_wp(struct vm_area_struct *vma, pmd_t pmd)
{
	(void)vma, (void)pmd;
	return false;
}

static inline bool userfaultfd_wp_use_markers(struct vm_area_struct *vma)
{
	(void)vma;
	return false;
}

static inline bool vma_has_uffd_without_event_remap(struct vm_area_struct *vma)
{
	(void)vma;
	return false;
}

static inline bool pte_marker_entry_uffd_wp(swp_entry_t entry)
{
	(void)entry;
	return false;
}

static inline bool pte_marker_uffd_wp(pte_t pte)
{
	(void)pte;
	return false;
}


static inline void mremap_userfaultfd_prep(struct vm_area_struct *vma,
					   struct vm_userfaultfd_ctx *ctx)
{
	(void)vma, (void)ctx;
}

static inline void mremap_userfaultfd_complete(struct vm_userfaultfd_ctx *ctx,
					       unsigned long from, unsigned long to,
					       unsigned long len)
{
	(void)ctx, (void)from, (void)to, (void)len;
}

static inline void userfaultfd_unmap_complete(struct mm_struct *mm, struct list_head *uf)
{
	(void)mm, (void)uf;
}

static inline int userfaultfd_unmap_prep(struct vm_area_struct *vma, unsigned long start,
					 unsigned long end, struct list_head *uf)
{
	(void)vma, (void)start, (void)end, (void)uf;
	return 0;
}

#endif
