// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/hugetlb.h>
#include <linux/pagewalk.h>

/*
 * From addresses to tables and entries, for whoever wants to see them: what to call comes as a
 * table of functions. Behaviour of mm/pagewalk.c, Linux 6.12. The kernel's tables are not modelled.
 */
enum { DEPTH_PGD, DEPTH_P4D, DEPTH_PUD, DEPTH_PMD };

/* A hole is one of the lowest level that is not folded. */
static int hole(struct mm_walk *walk, unsigned long addr, unsigned long next, int depth)
{
	if (!walk->ops->pte_hole)
		return 0;
	if (depth == DEPTH_PUD && PTRS_PER_PUD == 1)
		depth = DEPTH_P4D;
	if (depth == DEPTH_P4D && PTRS_PER_P4D == 1)
		depth = DEPTH_PGD;
	return walk->ops->pte_hole(addr, next, depth, walk);
}

/* Where the table has gone meanwhile, the caller is to look again. */
static int walk_ptes(pmd_t *pmd, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	spinlock_t *ptl;
	pte_t *table = pte_offset_map_lock(walk->mm, pmd, addr, &ptl);
	int err = 0;

	if (!table) {
		walk->action = ACTION_AGAIN;
		return 0;
	}
	for (pte_t *pte = table; !err && addr != end; pte++, addr += PAGE_SIZE)
		err = walk->ops->pte_entry(pte, addr, addr + PAGE_SIZE, walk);
	pte_unmap_unlock(table, ptl);
	return err;
}

static int visit_pmd(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err;

	do {
		walk->action = ACTION_SUBTREE;
		if (pmd_none(pmdp_get_lockless(pmd)))
			return hole(walk, addr, next, DEPTH_PMD);
		err = ops->pmd_entry ? ops->pmd_entry(pmd, addr, next, walk) : 0;
		if (!err && walk->action == ACTION_SUBTREE && ops->pte_entry) {
			split_huge_pmd(walk->vma, pmd, addr);
			err = walk_ptes(pmd, addr, next, walk);
		}
	} while (!err && walk->action == ACTION_AGAIN);
	return err;
}

static int walk_pmds(pud_t *pud, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	pud_t entry = pudp_get(pud);
	unsigned long next;
	int err = 0;
	pmd_t *pmd;

	/* Only a table stays where it is under mmap_lock. */
	if (!pud_present(entry) || pud_leaf(entry)) {
		walk->action = ACTION_AGAIN;
		return 0;
	}
	for (pmd = pmd_offset_lockless(pud, entry, addr); !err && addr != end; pmd++, addr = next) {
		next = pmd_addr_end(addr, end);
		err = visit_pmd(pmd, addr, next, walk);
	}
	return err;
}

static int visit_pud(pud_t *pud, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err;

	do {
		walk->action = ACTION_SUBTREE;
		if (pud_none(pudp_get(pud)))
			return hole(walk, addr, next, DEPTH_PUD);
		err = ops->pud_entry ? ops->pud_entry(pud, addr, next, walk) : 0;
		if (!err && walk->action == ACTION_SUBTREE && (ops->pmd_entry || ops->pte_entry)) {
			split_huge_pud(walk->vma, pud, addr);
			err = walk_pmds(pud, addr, next, walk);
		}
	} while (!err && walk->action == ACTION_AGAIN);
	return err;
}

static int visit_p4d(p4d_t *p4d, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	unsigned long next;
	int err = 0;

	if (p4d_none_or_clear_bad(p4d))
		return hole(walk, addr, end, DEPTH_P4D);
	if (ops->p4d_entry)
		err = ops->p4d_entry(p4d, addr, end, walk);
	if (!ops->pud_entry && !ops->pmd_entry && !ops->pte_entry)
		return err;
	for (pud_t *pud = pud_offset(p4d, addr); !err && addr != end; pud++, addr = next) {
		next = pud_addr_end(addr, end);
		err = visit_pud(pud, addr, next, walk);
	}
	return err;
}

static int visit_pgd(pgd_t *pgd, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	unsigned long next;
	int err = 0;

	if (pgd_none_or_clear_bad(pgd))
		return hole(walk, addr, end, DEPTH_PGD);
	if (ops->pgd_entry)
		err = ops->pgd_entry(pgd, addr, end, walk);
	if (!ops->p4d_entry && !ops->pud_entry && !ops->pmd_entry && !ops->pte_entry)
		return err;
	for (p4d_t *p4d = p4d_offset(pgd, addr); !err && addr != end; p4d++, addr = next) {
		next = p4d_addr_end(addr, end);
		err = visit_p4d(p4d, addr, next, walk);
	}
	return err;
}

/* A part of one mapping that is not to be skipped. */
static int walk_mapping(unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err = ops->pre_vma ? ops->pre_vma(addr, end, walk) : 0;
	unsigned long next;

	if (err)
		return err;
	if (!is_vm_hugetlb_page(walk->vma)) {
		pgd_t *pgd = pgd_offset(walk->mm, addr);

		for (; !err && addr != end; pgd++, addr = next) {
			next = pgd_addr_end(addr, end);
			err = visit_pgd(pgd, addr, next, walk);
		}
	}
	if (ops->post_vma)
		ops->post_vma(walk);
	return err;
}

/* Whether to skip a part of a mapping: positive; or to end the walk: negative. */
static int test_mapping(unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err = 0;

	if (ops->test_walk)
		return ops->test_walk(addr, end, walk);
	if (!(walk->vma->vm_flags & VM_PFNMAP))
		return 0;
	/* No pages of ours: as if nothing was there. */
	if (ops->pte_hole)
		err = ops->pte_hole(addr, end, -1, walk);
	return err ? err : 1;
}

static void assert_lock(struct mm_struct *mm, const struct mm_walk_ops *ops)
{
	if (ops->walk_lock == PGWALK_RDLOCK)
		mmap_assert_locked(mm);
	else
		mmap_assert_write_locked(mm);
}

/**
 * walk_page_range() - shows tables and entries of a range of addresses
 * @mm: address space
 * @start, @end: the range; mappings need not fill it
 * @ops: what to call for what is there, and for what is not
 * @private: for mm_walk.private
 *
 * Context: mmap_lock, see @ops->walk_lock. pte_entry() is called with the page-table lock held.
 * Return: 0, -EINVAL for an empty range, or the first result that is not 0. Source: Linux 6.12,
 * mm/pagewalk.c; here and below.
 */
__vmsim_overridable int walk_page_range(struct mm_struct *mm, unsigned long start,
					unsigned long end, const struct mm_walk_ops *ops,
					void *private)
{
	struct mm_walk walk = { .ops = ops, .mm = mm, .private = private };
	struct vm_area_struct *vma;
	unsigned long next;
	int err = 0;

	if (start >= end || !mm)
		return -EINVAL;
	assert_lock(mm, ops);
	for (; !err && start < end; start = next) {
		vma = find_vma(mm, start);
		walk.vma = vma && start >= vma->vm_start ? vma : NULL;
		next = !vma ? end : min(end, walk.vma ? vma->vm_end : vma->vm_start);
		if (!walk.vma) {
			err = ops->pte_hole ? ops->pte_hole(start, next, -1, &walk) : 0;
			continue;
		}
		err = test_mapping(start, next, &walk);
		if (err)
			err = min(err, 0);
		else
			err = walk_mapping(start, next, &walk);
	}
	return err;
}

/** walk_page_range_vma() - walk_page_range() within one mapping, without test_walk() */
__vmsim_overridable int walk_page_range_vma(struct vm_area_struct *vma, unsigned long start,
					    unsigned long end, const struct mm_walk_ops *ops,
					    void *private)
{
	struct mm_walk walk = { .ops = ops, .mm = vma->vm_mm, .vma = vma, .private = private };

	if (start >= end || !walk.mm || start < vma->vm_start || end > vma->vm_end)
		return -EINVAL;
	assert_lock(walk.mm, ops);
	return walk_mapping(start, end, &walk);
}

/** walk_page_vma() - walk_page_range_vma() of all of it */
__vmsim_overridable int walk_page_vma(struct vm_area_struct *vma, const struct mm_walk_ops *ops,
				      void *private)
{
	return walk_page_range_vma(vma, vma->vm_start, vma->vm_end, ops, private);
}

/**
 * walk_page_mapping() - shows what maps a range of a file
 * @mapping: the file
 * @first_index, @nr: pages of the file
 * @ops: what to call
 * @private: for mm_walk.private
 *
 * Context: i_mmap_rwsem held, so that the mappings stay.
 * Return: 0, or the first result that is not 0; a mapping that is to be skipped ends the walk.
 */
__vmsim_overridable int walk_page_mapping(struct address_space *mapping, pgoff_t first_index,
					  pgoff_t nr, const struct mm_walk_ops *ops, void *private)
{
	struct mm_walk walk = { .ops = ops, .private = private };
	pgoff_t last = first_index + nr - 1;
	struct vm_area_struct *vma;
	int err = 0;

	VM_BUG_ON(!rwsem_is_locked(&mapping->i_mmap_rwsem));
	vma_interval_tree_foreach(vma, &mapping->i_mmap, first_index, last) {
		pgoff_t first = max(first_index, vma->vm_pgoff) - vma->vm_pgoff;
		pgoff_t past = min(last + 1 - vma->vm_pgoff, vma_pages(vma));

		walk.vma = vma;
		walk.mm = vma->vm_mm;
		err = test_mapping(vma->vm_start, vma->vm_end, &walk);
		if (!err)
			err = walk_mapping(vma->vm_start + (first << PAGE_SHIFT),
					   vma->vm_start + (past << PAGE_SHIFT), &walk);
		else if (err > 0)
			return 0;
		if (err)
			break;
	}
	return err;
}
