/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_PGTABLE_TYPES_H
#define _VMSIM_ASM_PGTABLE_TYPES_H

#include <asm/page.h>
#include <linux/sched.h>

/*
 * Entries of all levels, and their bits. Bit positions are those of x86 (Intel SDM vol. 3, 4.5;
 * software bits as in Linux 6.12, arch/x86/include/asm/pgtable_types.h). The s390 flavour keeps
 * them and differs in protocol only: clearing an entry flushes.
 */
typedef u64 pteval_t;
typedef u64 pmdval_t;
typedef u64 pudval_t;
typedef u64 p4dval_t;
typedef u64 pgdval_t;

#if defined(VMSIM_ARCH_X86_PAE)
/* Two words: the low one has the present bit. No single access reads or writes both (R34). */
typedef union {
	struct {
		u32 pte_low, pte_high;
	};
	pteval_t pte;
} pte_t;
typedef union {
	struct {
		u32 pmd_low, pmd_high;
	};
	pmdval_t pmd;
} pmd_t;
#else
typedef struct { pteval_t pte; } pte_t;
typedef struct { pmdval_t pmd; } pmd_t;
#endif
typedef struct { pudval_t pud; } pud_t;
typedef struct { p4dval_t p4d; } p4d_t;
typedef struct { pgdval_t pgd; } pgd_t;
typedef struct { pteval_t pgprot; } pgprot_t;
typedef struct page *pgtable_t;

#define _PAGE_PRESENT	BIT_ULL(0)
#define _PAGE_RW	BIT_ULL(1)
#define _PAGE_USER	BIT_ULL(2)
#define _PAGE_PWT	BIT_ULL(3)
#define _PAGE_PCD	BIT_ULL(4)
#define _PAGE_ACCESSED	BIT_ULL(5)
#define _PAGE_DIRTY	BIT_ULL(6)
#define _PAGE_PSE	BIT_ULL(7)
#define _PAGE_GLOBAL	BIT_ULL(8)
#define _PAGE_PROTNONE	_PAGE_GLOBAL	/* meaningful only where not present */
#define _PAGE_SPECIAL	BIT_ULL(9)
#define _PAGE_UFFD_WP	BIT_ULL(10)
#define _PAGE_SOFT_DIRTY BIT_ULL(11)
#define _PAGE_DEVMAP	BIT_ULL(58)
#define _PAGE_NX	BIT_ULL(63)

/* Where an entry is neither present nor empty, it is a swap entry, and has these. */
#define _PAGE_SWP_SOFT_DIRTY _PAGE_RW
#define _PAGE_SWP_UFFD_WP _PAGE_USER
#define _PAGE_SWP_EXCLUSIVE _PAGE_PWT

/* The frame number stands in bits 12 to 51. */
#define PTE_PFN_MASK	(GENMASK(51, PAGE_SHIFT))
#define PTE_FLAGS_MASK	(~PTE_PFN_MASK)

#define __pte(x) ((pte_t){ .pte = (x) })
#define __pmd(x) ((pmd_t){ .pmd = (x) })
#define __pud(x) ((pud_t){ (x) })
#define __p4d(x) ((p4d_t){ (x) })
#define __pgd(x) ((pgd_t){ (x) })
#define __pgprot(x) ((pgprot_t){ (x) })
#define pte_val(x) ((x).pte)
#define pmd_val(x) ((x).pmd)
#define pud_val(x) ((x).pud)
#define p4d_val(x) ((x).p4d)
#define pgd_val(x) ((x).pgd)
#define pgprot_val(x) ((x).pgprot)

#define _PAGE_TABLE	(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _PAGE_CHG_MASK	(PTE_PFN_MASK | _PAGE_PCD | _PAGE_PWT | _PAGE_SPECIAL | _PAGE_ACCESSED | \
			 _PAGE_DIRTY | _PAGE_SOFT_DIRTY | _PAGE_DEVMAP | _PAGE_UFFD_WP)
#define _HPAGE_CHG_MASK	(_PAGE_CHG_MASK | _PAGE_PSE)

#define PAGE_NONE	__pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_SHARED	__pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX)
#define PAGE_SHARED_EXEC __pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_COPY	__pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX)
#define PAGE_COPY_EXEC	__pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_READONLY	PAGE_COPY
#define PAGE_READONLY_EXEC PAGE_COPY_EXEC

#if defined(VMSIM_ARCH_X86_PAE)
#define PGDIR_SHIFT	30
#define PTRS_PER_PGD	4
#define pgtable_l5_enabled() false
#define P4D_SHIFT	PGDIR_SHIFT
#define PTRS_PER_P4D	1
#define PUD_SHIFT	PGDIR_SHIFT
#define PTRS_PER_PUD	1
#define VMSIM_VA_BITS	32
#else
/* Five levels compiled in; with four, which is the machine's choice, the p4d level is folded. */
#define pgtable_l5_enabled() (vmsim_self->pgtable_l5)
#define PGDIR_SHIFT	(pgtable_l5_enabled() ? 48 : 39)
#define PTRS_PER_PGD	512
#define P4D_SHIFT	39
#define MAX_PTRS_PER_P4D 512
#define PTRS_PER_P4D	(pgtable_l5_enabled() ? 512 : 1)
#define PUD_SHIFT	30
#define PTRS_PER_PUD	512
#define VMSIM_VA_BITS	(pgtable_l5_enabled() ? 57 : 48)
#endif
#define PMD_SHIFT	21
#define PTRS_PER_PMD	512
#define PTRS_PER_PTE	512

#define PMD_SIZE	(1UL << PMD_SHIFT)
#define PMD_MASK	(~(PMD_SIZE - 1))
#define PUD_SIZE	(1UL << PUD_SHIFT)
#define PUD_MASK	(~(PUD_SIZE - 1))
#define P4D_SIZE	(1UL << P4D_SHIFT)
#define P4D_MASK	(~(P4D_SIZE - 1))
#define PGDIR_SIZE	(1UL << PGDIR_SHIFT)
#define PGDIR_MASK	(~(PGDIR_SIZE - 1))
#define PMD_ORDER	(PMD_SHIFT - PAGE_SHIFT)
#define PUD_ORDER	(PUD_SHIFT - PAGE_SHIFT)
#define HPAGE_PMD_SHIFT PMD_SHIFT
#define HPAGE_PMD_SIZE	PMD_SIZE
#define HPAGE_PMD_MASK	PMD_MASK
#define HPAGE_PMD_ORDER PMD_ORDER
#define HPAGE_PMD_NR	(1 << HPAGE_PMD_ORDER)
#define HPAGE_PUD_SHIFT PUD_SHIFT
#define HPAGE_PUD_SIZE	PUD_SIZE
#define HPAGE_PUD_MASK	PUD_MASK
#define HPAGE_PUD_ORDER PUD_ORDER
#define HPAGE_PUD_NR	(1 << HPAGE_PUD_ORDER)

/* No address of a program lies below; free_pgtables() may go down to here. */
#define FIRST_USER_ADDRESS 0UL

/* End of the addresses that programs may use: half of what the tables translate. */
__vmsim_export unsigned long vmsim_task_size(void);
#define TASK_SIZE vmsim_task_size()

#endif
