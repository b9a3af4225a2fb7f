// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables as frames (Linux 6.12: include/asm-generic/pgalloc.h, arch/x86/mm/pgtable.c). The
 * frame's cell says whose table it is, of which level, which addresses it translates, and has its
 * lock.
 */
#include "pgtable/table.h"
#include <asm/pgalloc.h>
#include <linux/slab.h>

static const struct vmsim_lock_class ptl_class = { .name = "ptl", .is_ptl = true };
static const struct vmsim_lock_class pmd_lock_class = { .name = "pmd-lock" };

/* PTE tables have the PTL, PMD tables their own lock, what is above mm->page_table_lock. */
static bool lock_create(struct page *page, unsigned long level)
{
	struct ptdesc *pt = page_ptdesc(page);

	pt->ptl = NULL;
	if (level > VMSIM_LEVEL_PMD)
		return true;
	pt->ptl = kmalloc(sizeof(*pt->ptl), GFP_KERNEL);
	if (!pt->ptl)
		return false;
	vmsim_spin_init(pt->ptl, level == VMSIM_LEVEL_PTE ? &ptl_class : &pmd_lock_class, page);
	return true;
}

/* Returns NULL where memory is exhausted, or where the failure was asked for. */
static struct page *table_alloc(struct mm_struct *mm, unsigned long level)
{
	struct page *page = alloc_pages(GFP_PGTABLE_USER, 0);
	struct ptdesc *pt = page_ptdesc(page);

	if (!page)
		return NULL;
	if (!lock_create(page, level)) {
		__free_pages(page, 0);
		return NULL;
	}
	/* Where walkers without locks look whether the frame is a tail page (R9). */
	__WRITE_ONCE(pt->pt_mm, mm);
	pt->pt_base = 0;
	pt->pmd_huge_pte = NULL;
	pt->pt_level = (u32)level;
	__WRITE_ONCE(page->page_type, PG_TYPE(PGTY_table));
	__atomic_fetch_add(&vmsim_this_machine()->tables, 1, __ATOMIC_RELAXED);
	vmsim_event(TABLE_ALLOC, (uintptr_t)page, level, (uintptr_t)mm);
	return page;
}

/* The address space may be gone already: it is named, not touched. */
static void table_free(struct page *page)
{
	struct ptdesc *pt = page_ptdesc(page);
	spinlock_t *lock = pt->ptl;

	VM_BUG_ON_PAGE(!vmsim_is_table(page), page);
	VM_BUG_ON_PAGE(lock && spin_is_locked(lock), page);
	vmsim_event(TABLE_FREE, (uintptr_t)page, pt->pt_level, (uintptr_t)pt->pt_mm);
	__WRITE_ONCE(pt->pt_mm, NULL);
	pt->pt_base = 0;
	pt->ptl = NULL;
	pt->pt_level = 0;
	__WRITE_ONCE(page->page_type, UINT32_MAX);
	__atomic_fetch_sub(&vmsim_this_machine()->tables, 1, __ATOMIC_RELAXED);
	kfree(lock);
	__free_pages(page, 0);
}

static void *table_alloc_address(struct mm_struct *mm, unsigned long level)
{
	struct page *page = table_alloc(mm, level);

	return page ? page_address(page) : NULL;
}

/**
 * pgd_alloc() - the top table of an address space
 * @mm: address space
 *
 * Return: the table, empty; NULL without memory.
 */
__vmsim_overridable pgd_t *pgd_alloc(struct mm_struct *mm)
{
	return table_alloc_address(mm, VMSIM_LEVEL_TOP);
}

/**
 * pgd_free() - frees the top table
 * @mm: address space
 * @pgd: its table
 *
 * Context: no CPU has it loaded (R26).
 */
__vmsim_overridable void pgd_free(struct mm_struct *mm, pgd_t *pgd)
{
	BUG_ON(!cpumask_empty(mm_cpumask(mm)));
	table_free(virt_to_page(pgd));
}

/**
 * pte_alloc_one() - a PTE table, with its PTL, hooked in nowhere
 * @mm: address space
 */
__vmsim_overridable pgtable_t pte_alloc_one(struct mm_struct *mm)
{
	return table_alloc(mm, VMSIM_LEVEL_PTE);
}

/**
 * pte_free() - frees a PTE table that no walker can have found
 * @mm: address space
 * @pte: the table
 */
__vmsim_overridable void pte_free(struct mm_struct *mm, pgtable_t pte)
{
	(void)mm;
	table_free(pte);
}

/*
 * The upper levels: as pte_alloc_one() and pte_free(). @addr is for hints, and not used. A level
 * that is folded has no tables: what looks like one is a part of the table above.
 */
#define UPPER_TABLE(level, LEVEL)							\
__vmsim_overridable level##_t *level##_alloc_one(struct mm_struct *mm, unsigned long addr) \
{											\
	(void)addr;									\
	return table_alloc_address(mm, LEVEL);						\
}											\
__vmsim_overridable void level##_free(struct mm_struct *mm, level##_t *table)		\
{											\
	if (!mm_##level##_folded(mm))							\
		table_free(virt_to_page(table));					\
}

UPPER_TABLE(pmd, VMSIM_LEVEL_PMD)
UPPER_TABLE(pud, VMSIM_LEVEL_PUD)
UPPER_TABLE(p4d, VMSIM_LEVEL_P4D)

/*
 * A table learns its first address, and tells those below it. mremap() moves tables with all that
 * hangs from them.
 */
static void set_base(struct page *table, unsigned long base)
{
	struct ptdesc *pt = page_ptdesc(table);
	const u64 *entries = page_address(table);

	if (pt->pt_base == base)
		return;
	pt->pt_base = base;
	for (unsigned long i = 0; pt->pt_level > VMSIM_LEVEL_PTE && i < PTRS_PER_PTE; i++) {
		u64 entry = __READ_ONCE(entries[i]);

		if ((entry & (_PAGE_PRESENT | _PAGE_PSE)) == _PAGE_PRESENT)
			set_base(pfn_to_page((entry & PTE_PFN_MASK) >> PAGE_SHIFT),
				 base + (i << vmsim_level_shift(pt->pt_level)));
	}
}

/* Tells a table which addresses it will translate when @entry points to it. Returns the value. */
static u64 adopt(void *entry, struct page *child)
{
	const struct ptdesc *parent = page_ptdesc(virt_to_page(entry));
	unsigned long index = offset_in_page(entry) / sizeof(u64);

	set_base(child, parent->pt_base + (index << vmsim_level_shift(parent->pt_level)));
	return ((u64)page_to_pfn(child) << PAGE_SHIFT) | _PAGE_TABLE;
}

/**
 * pmd_populate() - hooks a PTE table in
 * @mm: address space
 * @pmd: empty entry
 * @pte: the table
 *
 * Context: pmd_lock() held.
 */
__vmsim_overridable void pmd_populate(struct mm_struct *mm, pmd_t *pmd, pgtable_t pte)
{
	(void)mm;
	set_pmd(pmd, __pmd(adopt(pmd, pte)));
}

__vmsim_overridable void pud_populate(struct mm_struct *mm, pud_t *pud, pmd_t *pmd)
{
	(void)mm;
	set_pud(pud, __pud(adopt(pud, virt_to_page(pmd))));
}

__vmsim_overridable void p4d_populate(struct mm_struct *mm, p4d_t *p4d, pud_t *pud)
{
	(void)mm;
	set_p4d(p4d, __p4d(adopt(p4d, virt_to_page(pud))));
}

__vmsim_overridable void pgd_populate(struct mm_struct *mm, pgd_t *pgd, p4d_t *p4d)
{
	(void)mm;
	BUG_ON(!pgtable_l5_enabled());
	set_pgd(pgd, __pgd(adopt(pgd, virt_to_page(p4d))));
}

/**
 * __tlb_remove_table() - frees a table that a gather collected
 * @table: its struct page
 *
 * Context: flushed everywhere, and every lockless walker that can have seen it is gone (R2).
 */
__vmsim_overridable void __tlb_remove_table(void *table)
{
	table_free(table);
}
