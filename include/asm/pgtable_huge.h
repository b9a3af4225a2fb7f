/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_PGTABLE_HUGE_H
#define _VMSIM_ASM_PGTABLE_HUGE_H

#include <linux/kernel.h>
#include <linux/mm_types.h>

/*
 * Values of PMD and PUD entries that map a huge page (_PAGE_PSE): predicates and modifiers, with the
 * bits of x86 (arch/x86/include/asm/pgtable.h, Linux 6.12). Included by <asm/pgtable.h>.
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
