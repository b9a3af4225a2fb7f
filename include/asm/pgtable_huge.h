/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_PGTABLE_HUGE_H
#define _VMSIM_ASM_PGTABLE_HUGE_H

#include <linux/kernel.h>
#include <linux/mm_types.h>

/*
 * Values of PMD and PUD entries that map a huge page (_PAGE_PSE): predicates and modifiers, with
 * the bits of x86 (arch/x86/include/asm/pgtable.h, Linux 6.12). Included by <asm/pgtable.h>.
 */
#define VMSIM_LEAF_TEST(level, name, mask)						\
static inline int level##_##name(level##_t entry)					\
{											\
	return (level##_val(entry) & (mask)) != 0;					\
}
#define VMSIM_LEAF_WITH(level, name, mask)						\
static inline level##_t level##_##name(level##_t entry)					\
{											\
	return __##level(level##_val(entry) | (mask));					\
}
#define VMSIM_LEAF_WITHOUT(level, name, mask)						\
static inline level##_t level##_##name(level##_t entry)					\
{											\
	return __##level(level##_val(entry) & ~(mask));					\
}

/* A leaf's frame number is a multiple of what it maps. */
#define VMSIM_LEAF(level, LEVEL)							\
VMSIM_LEAF_TEST(level, write, _PAGE_RW)							\
VMSIM_LEAF_TEST(level, dirty, _PAGE_DIRTY)						\
VMSIM_LEAF_TEST(level, young, _PAGE_ACCESSED)						\
VMSIM_LEAF_TEST(level, devmap, _PAGE_DEVMAP)						\
VMSIM_LEAF_TEST(level, special, _PAGE_SPECIAL)						\
VMSIM_LEAF_TEST(level, soft_dirty, _PAGE_SOFT_DIRTY)					\
VMSIM_LEAF_TEST(level, uffd_wp, _PAGE_UFFD_WP)						\
VMSIM_LEAF_WITH(level, mkdirty, _PAGE_DIRTY | _PAGE_SOFT_DIRTY)				\
VMSIM_LEAF_WITH(level, mkyoung, _PAGE_ACCESSED)						\
VMSIM_LEAF_WITH(level, mkhuge, _PAGE_PSE)						\
VMSIM_LEAF_WITH(level, mkdevmap, _PAGE_DEVMAP)						\
VMSIM_LEAF_WITH(level, mkspecial, _PAGE_SPECIAL)					\
VMSIM_LEAF_WITH(level, mksoft_dirty, _PAGE_SOFT_DIRTY)					\
VMSIM_LEAF_WITHOUT(level, mkclean, _PAGE_DIRTY)						\
VMSIM_LEAF_WITHOUT(level, mkold, _PAGE_ACCESSED)					\
VMSIM_LEAF_WITHOUT(level, wrprotect, _PAGE_RW)						\
VMSIM_LEAF_WITHOUT(level, clear_soft_dirty, _PAGE_SOFT_DIRTY)				\
VMSIM_LEAF_WITHOUT(level, clear_uffd_wp, _PAGE_UFFD_WP)					\
/* Still a leaf to software, no longer to the hardware. */				\
VMSIM_LEAF_WITHOUT(level, mkinvalid, _PAGE_PRESENT | _PAGE_PROTNONE)			\
											\
static inline level##_t level##_mkuffd_wp(level##_t entry)				\
{											\
	return level##_wrprotect(__##level(level##_val(entry) | _PAGE_UFFD_WP));	\
}											\
											\
static inline int level##_trans_huge(level##_t entry)					\
{											\
	return (level##_val(entry) & (_PAGE_PSE | _PAGE_DEVMAP)) == _PAGE_PSE;		\
}											\
											\
static inline level##_t pfn_##level(unsigned long pfn, pgprot_t prot)			\
{											\
	return __##level((((u64)pfn << PAGE_SHIFT) & PTE_PFN_MASK & LEVEL##_MASK) |	\
			 pgprot_val(prot));						\
}											\
											\
static inline level##_t level##_modify(level##_t entry, pgprot_t newprot)		\
{											\
	return __##level((level##_val(entry) & _HPAGE_CHG_MASK) |			\
			 (pgprot_val(newprot) & ~_HPAGE_CHG_MASK));			\
}

VMSIM_LEAF(pmd, PMD)
VMSIM_LEAF(pud, PUD)
VMSIM_LEAF_WITH(pmd, mkwrite_novma, _PAGE_RW)
VMSIM_LEAF_WITH(pud, mkwrite, _PAGE_RW)

static inline pmd_t pmd_mkwrite(pmd_t pmd, struct vm_area_struct *vma)
{
	(void)vma;
	return pmd_mkwrite_novma(pmd);
}

static inline int pmd_protnone(pmd_t pmd)
{
	return (pmd_val(pmd) & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE;
}

#define mk_pmd(page, prot) pfn_pmd(page_to_pfn(page), prot)
#define mk_pud(page, prot) pfn_pud(page_to_pfn(page), prot)

/*
 * Entries in memory (src/pgtable/leaf.c): every change raises TABLE_SET. Nothing maps huge pages
 * yet; what a change owes the TLBs is not modelled.
 */
#define VMSIM_LEAF_MEMORY(level)								\
__vmsim_export void level##p_set_wrprotect(struct mm_struct *mm, unsigned long addr,		\
					   level##_t *entryp);					\
__vmsim_export level##_t level##p_huge_get_and_clear(struct mm_struct *mm, unsigned long addr,	\
						     level##_t *entryp);			\
__vmsim_export level##_t level##p_huge_get_and_clear_full(struct vm_area_struct *vma,		\
							  unsigned long addr,			\
							  level##_t *entryp, int full);		\
__vmsim_export int level##p_set_access_flags(struct vm_area_struct *vma, unsigned long addr,	\
					     level##_t *entryp, level##_t entry, int dirty);	\
__vmsim_export int level##p_test_and_clear_young(struct vm_area_struct *vma, unsigned long addr, \
						 level##_t *entryp);

VMSIM_LEAF_MEMORY(pmd)
VMSIM_LEAF_MEMORY(pud)

#define set_pmd_at(mm, addr, pmdp, pmd) ((void)(mm), (void)(addr), set_pmd(pmdp, pmd))
#define set_pud_at(mm, addr, pudp, pud) ((void)(mm), (void)(addr), set_pud(pudp, pud))

/* PTE tables kept for when a leaf is split: one for each PMD entry that is one; under its lock. */
__vmsim_export void pgtable_trans_huge_deposit(struct mm_struct *mm, pmd_t *pmdp,
					       pgtable_t pgtable);
__vmsim_export pgtable_t pgtable_trans_huge_withdraw(struct mm_struct *mm, pmd_t *pmdp);

/* What the hardware could do; not whether anything uses it. */
#define has_transparent_hugepage() IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE)
#define has_transparent_pud_hugepage() IS_ENABLED(CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD)

#define pmd_access_permitted(pmd, write) vmsim_entry_permits(pmd_val(pmd), write)
#define pud_access_permitted(pud, write) vmsim_entry_permits(pud_val(pud), write)

/* Only where the kernel maps huge pages itself (CONFIG_TRANSPARENT_HUGEPAGE). */
static inline int pmdp_clear_flush_young(struct vm_area_struct *vma, unsigned long addr,
					 pmd_t *pmdp)
{
	(void)vma, (void)addr, (void)pmdp;
	vmsim_bug(__FILE__, __LINE__, "PMD mappings are not modelled");
}

#endif
