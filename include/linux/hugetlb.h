/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_HUGETLB_H
#define _VMSIM_LINUX_HUGETLB_H

#include <linux/mm.h>
#include <linux/fs.h>

/* hugetlbfs is not modelled: no VMA is one of its own, and asking for its sizes is a bug. */
struct hstate;

static inline bool is_vm_hugetlb_page(struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_HUGETLB;
}

static inline struct hstate *hstate_vma(struct vm_area_struct *vma)
{
	(void)vma;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

static inline unsigned long huge_page_size(const struct hstate *h)
{
	(void)h;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

static inline bool is_file_hugepages(const struct file *file)
{
	(void)file;
	return false;
}

static inline struct hstate *hstate_file(struct file *file)
{
	(void)file;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

static inline unsigned int huge_page_order(const struct hstate *h)
{
	(void)h;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

static inline unsigned int huge_page_shift(const struct hstate *h)
{
	(void)h;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

static inline unsigned int pages_per_huge_page(const struct hstate *h)
{
	(void)h;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

static inline pte_t *hugetlb_walk(struct vm_area_struct *vma, unsigned long addr, unsigned long sz)
{
	(void)vma, (void)addr, (void)sz;
	return NULL;
}

static inline pte_t *huge_pte_offset(struct mm_struct *mm, unsigned long addr, unsigned long sz)
{
	(void)mm, (void)addr, (void)sz;
	return NULL;
}

static inline pte_t huge_ptep_get(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	(void)mm, (void)addr;
	return ptep_get(ptep);
}

static inline spinlock_t *huge_pte_lock(struct hstate *h, struct mm_struct *mm, pte_t *pte)
{
	(void)h, (void)mm, (void)pte;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

static inline bool hugetlbfs_pagecache_present(struct hstate *h, struct vm_area_struct *vma,
					       unsigned long address)
{
	(void)h, (void)vma, (void)address;
	return false;
}

static inline unsigned long huge_page_mask(const struct hstate *h)
{
	return ~(huge_page_size(h) - 1);
}

static inline long hugetlb_change_protection(struct vm_area_struct *vma, unsigned long start,
					     unsigned long end, pgprot_t newprot,
					     unsigned long cp_flags)
{
	(void)vma, (void)start, (void)end, (void)newprot, (void)cp_flags;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

static inline int move_hugetlb_page_tables(struct vm_area_struct *vma,
					   struct vm_area_struct *new_vma, unsigned long old_addr,
					   unsigned long new_addr, unsigned long len)
{
	(void)vma, (void)new_vma, (void)old_addr, (void)new_addr, (void)len;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

static inline void clear_vma_resv_huge_pages(struct vm_area_struct *vma)
{
	(void)vma;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

#endif
