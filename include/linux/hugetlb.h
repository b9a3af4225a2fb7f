/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_HUGETLB_H
#define _VMSIM_LINUX_HUGETLB_H

#include <linux/mm.h>
#include <linux/fs.h>

/* hugetlbfs is not modelled: no VMA is one of its own, and asking for its sizes is a bug. */
struct hstate;

/* What only mappings and folios of hugetlbfs lead to. */
#define VMSIM_NO_HUGETLB() vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled")

static inline void adjust_range_if_pmd_sharing_possible(struct vm_area_struct *vma,
							unsigned long *start, unsigned long *end)
{
	(void)vma, (void)start, (void)end;
	VMSIM_NO_HUGETLB();
}

static inline void set_huge_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte,
				   unsigned long size)
{
	(void)mm, (void)addr, (void)ptep, (void)pte, (void)size;
	VMSIM_NO_HUGETLB();
}

static inline pte_t huge_ptep_clear_flush(struct vm_area_struct *vma, unsigned long addr,
					  pte_t *ptep)
{
	(void)vma, (void)addr, (void)ptep;
	VMSIM_NO_HUGETLB();
}

static inline int hugetlb_vma_trylock_write(struct vm_area_struct *vma)
{
	(void)vma;
	VMSIM_NO_HUGETLB();
}

static inline void hugetlb_vma_unlock_write(struct vm_area_struct *vma)
{
	(void)vma;
	VMSIM_NO_HUGETLB();
}

static inline int huge_pmd_unshare(struct mmu_gather *tlb, struct vm_area_struct *vma,
				   unsigned long addr, pte_t *ptep)
{
	(void)tlb, (void)vma, (void)addr, (void)ptep;
	VMSIM_NO_HUGETLB();
}

static inline void huge_pmd_unshare_flush(struct mmu_gather *tlb, struct vm_area_struct *vma)
{
	(void)tlb, (void)vma;
	VMSIM_NO_HUGETLB();
}

static inline void hugetlb_count_sub(long nr, struct mm_struct *mm)
{
	(void)nr, (void)mm;
	VMSIM_NO_HUGETLB();
}

static inline void hugetlb_remove_rmap(struct folio *folio)
{
	(void)folio;
	VMSIM_NO_HUGETLB();
}

static inline int hugetlb_try_share_anon_rmap(struct folio *folio)
{
	(void)folio;
	VMSIM_NO_HUGETLB();
}

static inline bool is_vm_hugetlb_page(struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_HUGETLB;
}

static inline struct hstate *hstate_vma(struct vm_area_struct *vma)
{
	(void)vma;
	VMSIM_NO_HUGETLB();
}

static inline unsigned long huge_page_size(const struct hstate *h)
{
	(void)h;
	VMSIM_NO_HUGETLB();
}

static inline bool is_file_hugepages(const struct file *file)
{
	(void)file;
	return false;
}

static inline struct hstate *hstate_file(struct file *file)
{
	(void)file;
	VMSIM_NO_HUGETLB();
}

static inline unsigned int huge_page_order(const struct hstate *h)
{
	(void)h;
	VMSIM_NO_HUGETLB();
}

static inline unsigned int huge_page_shift(const struct hstate *h)
{
	(void)h;
	VMSIM_NO_HUGETLB();
}

static inline unsigned int pages_per_huge_page(const struct hstate *h)
{
	(void)h;
	VMSIM_NO_HUGETLB();
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

/* Entries that map huge pages, as values: those of x86. */
#define mk_huge_pte(page, prot) mk_pte(page, prot)
#define huge_pte_write(pte) pte_write(pte)
#define huge_pte_dirty(pte) pte_dirty(pte)
#define huge_pte_mkwrite(pte) pte_mkwrite_novma(pte)
#define huge_pte_wrprotect(pte) pte_wrprotect(pte)
#define huge_pte_mkdirty(pte) pte_mkdirty(pte)
#define arch_make_huge_pte(pte, shift, flags) ((void)(shift), (void)(flags), pte_mkhuge(pte))

static inline spinlock_t *huge_pte_lock(struct hstate *h, struct mm_struct *mm, pte_t *pte)
{
	(void)h, (void)mm, (void)pte;
	VMSIM_NO_HUGETLB();
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
	VMSIM_NO_HUGETLB();
}

static inline int move_hugetlb_page_tables(struct vm_area_struct *vma,
					   struct vm_area_struct *new_vma, unsigned long old_addr,
					   unsigned long new_addr, unsigned long len)
{
	(void)vma, (void)new_vma, (void)old_addr, (void)new_addr, (void)len;
	VMSIM_NO_HUGETLB();
}

static inline void clear_vma_resv_huge_pages(struct vm_area_struct *vma)
{
	(void)vma;
	VMSIM_NO_HUGETLB();
}

#endif
