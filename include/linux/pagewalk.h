/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PAGEWALK_H
#define _VMSIM_LINUX_PAGEWALK_H

#include <linux/mm.h>

struct mm_walk;

/**
 * enum page_walk_lock - what a walk does about the lock over the VMAs that it visits
 * @PGWALK_RDLOCK: mmap_lock is held for reading at least
 * @PGWALK_WRLOCK: mmap_lock is held for writing; each VMA is locked for writing
 * @PGWALK_WRLOCK_VERIFY: as before, and the caller has locked the VMAs
 */
enum page_walk_lock {
	PGWALK_RDLOCK = 0,
	PGWALK_WRLOCK = 1,
	PGWALK_WRLOCK_VERIFY = 2,
};

/* What to do with an entry that pud_entry() or pmd_entry() has seen. */
enum page_walk_action {
	ACTION_SUBTREE = 0,	/* go on with what hangs from it */
	ACTION_CONTINUE = 1,	/* go on behind it */
	ACTION_AGAIN = 2,	/* look at it again */
};

/**
 * struct mm_walk_ops - what to call during a walk; each may be NULL
 * @pgd_entry, @p4d_entry, @pud_entry, @pmd_entry: for every entry that is not empty, of folded
 *	levels too
 * @pte_entry: for every PTE, empty ones too
 * @pte_hole: for every range without a table; depth 0 = PGD ... 3 = PMD, -1 = not known
 * @hugetlb_entry: for every huge page of a hugetlb VMA
 * @test_walk: whether to visit the VMA: 0 = yes, 1 = no, negative = end the walk
 * @pre_vma, @post_vma: before and after a VMA; not the second where the first failed
 * @walk_lock: see enum page_walk_lock; ignored before Linux 6.6
 *
 * A result that is not 0 ends the walk, and is its result. Source: include/linux/pagewalk.h, Linux
 * 6.12.
 */
struct mm_walk_ops {
	int (*pgd_entry)(pgd_t *pgd, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*p4d_entry)(p4d_t *p4d, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pud_entry)(pud_t *pud, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pmd_entry)(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pte_entry)(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pte_hole)(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk);
	int (*hugetlb_entry)(pte_t *pte, unsigned long hmask, unsigned long addr,
			     unsigned long next, struct mm_walk *walk);
	int (*test_walk)(unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pre_vma)(unsigned long start, unsigned long end, struct mm_walk *walk);
	void (*post_vma)(struct mm_walk *walk);
	enum page_walk_lock walk_lock;
};

/**
 * struct mm_walk - a walk, as its callbacks see it
 * @ops: the callbacks
 * @mm: address space
 * @pgd: top table of a walk without VMAs, or NULL
 * @vma: VMA that is visited; NULL outside
 * @action: what to do next; pud_entry() and pmd_entry() may set it
 * @no_vma: VMAs do not matter
 * @private: the caller's
 */
struct mm_walk {
	const struct mm_walk_ops *ops;
	struct mm_struct *mm;
	pgd_t *pgd;
	struct vm_area_struct *vma;
	enum page_walk_action action;
	bool no_vma;
	void *private;
};

__vmsim_export int walk_page_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		    const struct mm_walk_ops *ops, void *private);
__vmsim_export int walk_page_range_vma(struct vm_area_struct *vma, unsigned long start,
				       unsigned long end, const struct mm_walk_ops *ops,
				       void *private);
__vmsim_export int walk_page_vma(struct vm_area_struct *vma, const struct mm_walk_ops *ops,
				 void *private);
__vmsim_export int walk_page_mapping(struct address_space *mapping, pgoff_t first_index, pgoff_t nr,
		      const struct mm_walk_ops *ops, void *private);
int walk_kernel_page_table_range(unsigned long start, unsigned long end,
				 const struct mm_walk_ops *ops, pgd_t *pgd, void *private);

typedef int folio_walk_flags_t;
#define FW_MIGRATION ((folio_walk_flags_t)BIT(0))
#define FW_ZEROPAGE ((folio_walk_flags_t)BIT(1))

enum folio_walk_level {
	FW_LEVEL_PTE,
	FW_LEVEL_PMD,
	FW_LEVEL_PUD,
};

/**
 * struct folio_walk - where folio_walk_start() found a folio; its lock is held
 * @page: the page at the address, or NULL
 * @level: of the entry
 * @ptep, @pmdp, @pudp: the entry
 * @pte, @pmd, @pud: its value
 * @vma, @ptl: for folio_walk_end()
 */
struct folio_walk {
	struct page *page;
	enum folio_walk_level level;
	union {
		pte_t *ptep;
		pud_t *pudp;
		pmd_t *pmdp;
	};
	union {
		pte_t pte;
		pud_t pud;
		pmd_t pmd;
	};
	struct vm_area_struct *vma;
	spinlock_t *ptl;
};

struct folio *folio_walk_start(struct folio_walk *fw, struct vm_area_struct *vma,
			       unsigned long addr, folio_walk_flags_t flags);

#define folio_walk_end(fw, vma)							\
do {										\
	spin_unlock((fw)->ptl);							\
	if ((fw)->level == FW_LEVEL_PTE)					\
		pte_unmap((fw)->ptep);						\
	vma_pgtable_walk_end(vma);						\
} while (0)

#endif
