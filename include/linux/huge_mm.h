/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_HUGE_MM_H
#define _VMSIM_LINUX_HUGE_MM_H

#include <linux/mm.h>

/*
 * What the kernel answers without CONFIG_TRANSPARENT_HUGEPAGE (include/linux/huge_mm.h, Linux
 * 6.12): no VMA is fit for huge pages, and no entry above a PTE maps one. Functions that are
 * reached only with such an entry end in a report.
 */
enum mthp_stat_item {
	MTHP_STAT_NR_ANON,
	MTHP_STAT_SPLIT_DEFERRED,
	MTHP_STAT_NR_ANON_PARTIALLY_MAPPED,
};

static inline void mod_mthp_stat(int order, enum mthp_stat_item item, int delta)
{
	(void)order, (void)item, (void)delta;
}

static inline void count_mthp_stat(int order, enum mthp_stat_item item)
{
	mod_mthp_stat(order, item, 1);
}

static inline bool thp_vma_suitable_order(struct vm_area_struct *vma, unsigned long addr,
					  int order)
{
	(void)vma, (void)addr, (void)order;
	return false;
}

static inline bool thp_migration_supported(void) { return false; }

static inline bool folio_test_pmd_mappable(struct folio *folio)
{
	(void)folio;
	return false;
}

static inline bool is_huge_zero_folio(const struct folio *folio)
{
	(void)folio;
	return false;
}

static inline bool is_huge_zero_pmd(pmd_t pmd)
{
	(void)pmd;
	return false;
}

static inline struct page *vm_normal_page_pmd(struct vm_area_struct *vma, unsigned long addr,
					      pmd_t pmd)
{
	(void)vma, (void)addr, (void)pmd;
	vmsim_bug(__FILE__, __LINE__, "PMD mappings are not modelled");
}

static inline int is_swap_pmd(pmd_t pmd)
{
	(void)pmd;
	return 0;
}

static inline spinlock_t *pmd_trans_huge_lock(pmd_t *pmd, struct vm_area_struct *vma)
{
	(void)pmd, (void)vma;
	return NULL;
}

static inline spinlock_t *pud_trans_huge_lock(pud_t *pud, struct vm_area_struct *vma)
{
	(void)pud, (void)vma;
	return NULL;
}

/* Nothing to split. */
#define split_huge_pmd(vma, pmd, address) ((void)(vma), (void)(pmd), (void)(address))
#define split_huge_pud(vma, pud, address) ((void)(vma), (void)(pud), (void)(address))

static inline void __split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long address,
				    bool freeze, struct folio *folio)
{
	(void)vma, (void)pmd, (void)address, (void)freeze, (void)folio;
}

static inline void split_huge_pmd_address(struct vm_area_struct *vma, unsigned long address,
					  bool freeze, struct folio *folio)
{
	(void)vma, (void)address, (void)freeze, (void)folio;
}

static inline void split_huge_pmd_locked(struct vm_area_struct *vma, unsigned long address,
					 pmd_t *pmd, bool freeze, struct folio *folio)
{
	(void)vma, (void)address, (void)pmd, (void)freeze, (void)folio;
}

static inline void __split_huge_pud(struct vm_area_struct *vma, pud_t *pud, unsigned long address)
{
	(void)vma, (void)pud, (void)address;
}

static inline bool unmap_huge_pmd_locked(struct vm_area_struct *vma, unsigned long addr,
					 pmd_t *pmdp, struct folio *folio)
{
	(void)vma, (void)addr, (void)pmdp, (void)folio;
	return false;
}

static inline void deferred_split_folio(struct folio *folio, bool partially_mapped)
{
	(void)folio, (void)partially_mapped;
}

static inline bool move_huge_pmd(struct vm_area_struct *vma, unsigned long old_addr,
				 unsigned long new_addr, pmd_t *old_pmd, pmd_t *new_pmd)
{
	(void)vma, (void)old_addr, (void)new_addr, (void)old_pmd, (void)new_pmd;
	vmsim_bug(__FILE__, __LINE__, "PMD mappings are not modelled");
}

static inline int change_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd,
				  unsigned long addr, pgprot_t newprot, unsigned long cp_flags)
{
	(void)tlb, (void)vma, (void)pmd, (void)addr, (void)newprot, (void)cp_flags;
	vmsim_bug(__FILE__, __LINE__, "PMD mappings are not modelled");
}

static inline int change_huge_pud(struct mmu_gather *tlb, struct vm_area_struct *vma, pud_t *pudp,
				  unsigned long addr, pgprot_t newprot, unsigned long cp_flags)
{
	(void)tlb, (void)vma, (void)pudp, (void)addr, (void)newprot, (void)cp_flags;
	vmsim_bug(__FILE__, __LINE__, "PUD mappings are not modelled");
}

struct dev_pagemap;

static inline struct page *follow_devmap_pmd(struct vm_area_struct *vma, unsigned long addr,
					     pmd_t *pmd, int flags, struct dev_pagemap **pgmap)
{
	(void)vma, (void)addr, (void)pmd, (void)flags, (void)pgmap;
	return NULL;
}

#endif
