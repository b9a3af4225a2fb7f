/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_PGALLOC_H
#define _VMSIM_ASM_PGALLOC_H

#include <linux/mm.h>

/* Table allocation (src/pgtable/pgalloc.c). */
__vmsim_export pgd_t *pgd_alloc(struct mm_struct *mm);
__vmsim_export void pgd_free(struct mm_struct *mm, pgd_t *pgd);
__vmsim_export pgtable_t pte_alloc_one(struct mm_struct *mm);
__vmsim_export void pte_free(struct mm_struct *mm, pgtable_t pte);
__vmsim_export pmd_t *pmd_alloc_one(struct mm_struct *mm, unsigned long addr);
__vmsim_export void pmd_free(struct mm_struct *mm, pmd_t *pmd);
__vmsim_export pud_t *pud_alloc_one(struct mm_struct *mm, unsigned long addr);
__vmsim_export void pud_free(struct mm_struct *mm, pud_t *pud);
__vmsim_export p4d_t *p4d_alloc_one(struct mm_struct *mm, unsigned long addr);
__vmsim_export void p4d_free(struct mm_struct *mm, p4d_t *p4d);

/*
 * Hooks a table in: entry, then child. The child learns its first address from the entry's place.
 */
__vmsim_export void pmd_populate(struct mm_struct *mm, pmd_t *pmd, pgtable_t pte);
__vmsim_export void pud_populate(struct mm_struct *mm, pud_t *pud, pmd_t *pmd);
__vmsim_export void p4d_populate(struct mm_struct *mm, p4d_t *p4d, pud_t *pud);
__vmsim_export void pgd_populate(struct mm_struct *mm, pgd_t *pgd, p4d_t *p4d);

/* Hooks *@pte in and takes it, unless somebody else was first: then *@pte stays the caller's. */
__vmsim_export void pmd_install(struct mm_struct *mm, pmd_t *pmd, pgtable_t *pte);

/* Frees a table of any level that a gather collected; its readers are gone (R2). */
__vmsim_export void __tlb_remove_table(void *table);

#endif
