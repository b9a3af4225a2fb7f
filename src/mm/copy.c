// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/pgalloc.h>
#include <asm/tlb.h>

/*
 * The page tables of a child, level by level. Behaviour of mm/memory.c, Linux 6.12. mmap_lock of
 * both is held for writing. What was copied before a failure stays in the child, whose end takes it
 * away again.
 */

/* Entries after which the holder of two page-table locks looks whether somebody wants the CPU. */
#define PROGRESS_PRESENT 8
#define PROGRESS_LOOK 32

/**
 * copy_nonpresent_pte() - copies an entry that is neither empty nor present
 *
 * Swap and migration are not modelled: there is no such entry but garbage, which is reported and
 * left out.
 */
__vmsim_overridable unsigned long copy_nonpresent_pte(struct mm_struct *dst_mm,
						      struct mm_struct *src_mm, pte_t *dst_pte,
						      pte_t *src_pte,
						      struct vm_area_struct *dst_vma,
						      struct vm_area_struct *src_vma,
						      unsigned long addr, int *rss)
{
	(void)dst_mm, (void)src_mm, (void)dst_pte, (void)dst_vma, (void)rss;
	print_bad_pte(src_vma, addr, ptep_get(src_pte), NULL);
	return 0;
}

/**
 * struct table_pair - where a copy stands in a PTE table of the parent and that of the child
 * @rss: what the child has got since its counters were last booked
 * @prealloc: folio for a copy that cannot be allocated under the locks
 */
struct table_pair {
	struct vm_area_struct *dst_vma, *src_vma;
	pte_t *dst_pte, *src_pte;
	unsigned long addr, end;
	int rss[NR_MM_COUNTERS];
	struct folio *prealloc;
};

/* Deals with the entry that the pair stands at; the number of entries that are done, or -EAGAIN. */
static int copy_one(struct table_pair *at, pte_t ptent)
{
	int done;

	if (unlikely(!pte_present(ptent))) {
		copy_nonpresent_pte(at->dst_vma->vm_mm, at->src_vma->vm_mm, at->dst_pte,
				    at->src_pte, at->dst_vma, at->src_vma, at->addr, at->rss);
		return 1;
	}
	done = copy_present_ptes(at->dst_vma, at->src_vma, at->dst_pte, at->src_pte, ptent,
				 at->addr, (int)((at->end - at->addr) >> PAGE_SHIFT), at->rss,
				 &at->prealloc);
	/* The entry needed no copy after all, and the folio was for its address. */
	if (unlikely(done > 0 && at->prealloc)) {
		folio_put(at->prealloc);
		at->prealloc = NULL;
	}
	return done;
}

/* Under both locks. -EAGAIN: a folio is needed; 0: the end, or somebody wants the CPU. */
static int copy_some(struct table_pair *at)
{
	int progress = 0;

	while (at->addr != at->end) {
		pte_t ptent;
		int done = 1;

		if (progress >= PROGRESS_LOOK) {
			progress = 0;
			if (need_resched())
				break;
		}
		ptent = ptep_get(at->src_pte);
		if (pte_none(ptent)) {
			progress++;
		} else {
			done = copy_one(at, ptent);
			if (unlikely(done < 0))
				return done;
			progress += done * PROGRESS_PRESENT;
		}
		at->dst_pte += done;
		at->src_pte += done;
		at->addr += (unsigned long)done * PAGE_SIZE;
	}
	return 0;
}

/* Locks both tables, copies, unlocks. *@gone: the parent has no table there any more. */
static int copy_locked(struct table_pair *at, pmd_t *dst_pmd, pmd_t *src_pmd, bool *gone)
{
	struct mm_struct *dst_mm = at->dst_vma->vm_mm;
	spinlock_t *src_ptl, *dst_ptl;
	pte_t *dst, *src;
	int err;

	init_rss_vec(at->rss);
	dst = pte_alloc_map_lock(dst_mm, dst_pmd, at->addr, &dst_ptl);
	if (!dst)
		return -ENOMEM;
	src = pte_offset_map_nolock(at->src_vma->vm_mm, src_pmd, at->addr, &src_ptl);
	*gone = !src;
	if (!src) {
		pte_unmap_unlock(dst, dst_ptl);
		return 0;
	}
	spin_lock_nested(src_ptl, SINGLE_DEPTH_NESTING);
	arch_enter_lazy_mmu_mode();
	at->dst_pte = dst;
	at->src_pte = src;
	err = copy_some(at);
	arch_leave_lazy_mmu_mode();
	pte_unmap_unlock(src, src_ptl);
	add_mm_rss_vec(dst_mm, at->rss);
	pte_unmap_unlock(dst, dst_ptl);
	return err;
}

/**
 * copy_pte_range() - copies the entries of one PTE table
 * @dst_vma: mapping of the child
 * @src_vma: mapping of the parent
 * @dst_pmd: entry of the child that its table hangs from, or will hang from
 * @src_pmd: entry of the parent that its table hangs from
 * @addr: first address
 * @end: end of the range, at most the end of the table
 *
 * Return: 0 or -ENOMEM.
 */
__vmsim_overridable int copy_pte_range(struct vm_area_struct *dst_vma,
				       struct vm_area_struct *src_vma, pmd_t *dst_pmd,
				       pmd_t *src_pmd, unsigned long addr, unsigned long end)
{
	struct table_pair at = {
		.dst_vma = dst_vma, .src_vma = src_vma, .addr = addr, .end = end,
	};
	bool gone = false;
	int err = 0;

	while (!err && !gone && at.addr != end) {
		err = copy_locked(&at, dst_pmd, src_pmd, &gone);
		cond_resched();
		if (err != -EAGAIN)
			continue;
		at.prealloc = folio_alloc(GFP_HIGHUSER_MOVABLE, 0);
		err = at.prealloc ? 0 : -ENOMEM;
	}
	if (unlikely(at.prealloc))
		folio_put(at.prealloc);
	return err;
}

/* Levels above; arguments and return value as copy_pte_range(). */
__vmsim_overridable int copy_pmd_range(struct vm_area_struct *dst_vma,
				       struct vm_area_struct *src_vma, pud_t *dst_pud,
				       pud_t *src_pud, unsigned long addr, unsigned long end)
{
	pmd_t *dst_pmd = pmd_alloc(dst_vma->vm_mm, dst_pud, addr);
	pmd_t *src_pmd;

	if (!dst_pmd)
		return -ENOMEM;
	src_pmd = pmd_offset(src_pud, addr);
	for (unsigned long next; addr != end; dst_pmd++, src_pmd++, addr = next) {
		next = pmd_addr_end(addr, end);
		if (!pmd_none_or_clear_bad(src_pmd) &&
		    copy_pte_range(dst_vma, src_vma, dst_pmd, src_pmd, addr, next))
			return -ENOMEM;
	}
	return 0;
}

__vmsim_overridable int copy_pud_range(struct vm_area_struct *dst_vma,
				       struct vm_area_struct *src_vma, p4d_t *dst_p4d,
				       p4d_t *src_p4d, unsigned long addr, unsigned long end)
{
	pud_t *dst_pud = pud_alloc(dst_vma->vm_mm, dst_p4d, addr);
	pud_t *src_pud;

	if (!dst_pud)
		return -ENOMEM;
	src_pud = pud_offset(src_p4d, addr);
	for (unsigned long next; addr != end; dst_pud++, src_pud++, addr = next) {
		next = pud_addr_end(addr, end);
		if (!pud_none_or_clear_bad(src_pud) &&
		    copy_pmd_range(dst_vma, src_vma, dst_pud, src_pud, addr, next))
			return -ENOMEM;
	}
	return 0;
}

__vmsim_overridable int copy_p4d_range(struct vm_area_struct *dst_vma,
				       struct vm_area_struct *src_vma, pgd_t *dst_pgd,
				       pgd_t *src_pgd, unsigned long addr, unsigned long end)
{
	p4d_t *dst_p4d = p4d_alloc(dst_vma->vm_mm, dst_pgd, addr);
	p4d_t *src_p4d;

	if (!dst_p4d)
		return -ENOMEM;
	src_p4d = p4d_offset(src_pgd, addr);
	for (unsigned long next; addr != end; dst_p4d++, src_p4d++, addr = next) {
		next = p4d_addr_end(addr, end);
		if (!p4d_none_or_clear_bad(src_p4d) &&
		    copy_pud_range(dst_vma, src_vma, dst_p4d, src_p4d, addr, next))
			return -ENOMEM;
	}
	return 0;
}

/**
 * vma_needs_copy() - does a child need entries, or can faults make them?
 * @dst_vma: mapping of the child
 * @src_vma: mapping of the parent
 *
 * Pages of files can be found again, anonymous ones cannot.
 */
__vmsim_overridable bool vma_needs_copy(struct vm_area_struct *dst_vma,
					struct vm_area_struct *src_vma)
{
	(void)dst_vma;
	return src_vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP) || src_vma->anon_vma;
}

static int copy_tables(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	unsigned long addr = src_vma->vm_start, end = src_vma->vm_end;
	pgd_t *dst_pgd = pgd_offset(dst_vma->vm_mm, addr);
	pgd_t *src_pgd = pgd_offset(src_vma->vm_mm, addr);

	for (unsigned long next; addr != end; dst_pgd++, src_pgd++, addr = next) {
		next = pgd_addr_end(addr, end);
		if (!pgd_none_or_clear_bad(src_pgd) &&
		    copy_p4d_range(dst_vma, src_vma, dst_pgd, src_pgd, addr, next))
			return -ENOMEM;
	}
	return 0;
}

/**
 * copy_page_range() - copies the entries of a mapping for a child
 * @dst_vma: mapping of the child
 * @src_vma: mapping of the parent
 *
 * Where private memory becomes shared, write_protect_seq is odd meanwhile: who pins pages without a
 * lock sees it and drops what it got (R13).
 *
 * Context: mmap_lock of both held for writing.
 * Return: 0 or -ENOMEM.
 */
__vmsim_overridable int copy_page_range(struct vm_area_struct *dst_vma,
					struct vm_area_struct *src_vma)
{
	bool is_cow = is_cow_mapping(src_vma->vm_flags);
	struct mm_struct *src_mm = src_vma->vm_mm;
	int err;

	if (!vma_needs_copy(dst_vma, src_vma))
		return 0;
	if (is_cow)
		raw_write_seqcount_begin(&src_mm->write_protect_seq);
	err = copy_tables(dst_vma, src_vma);
	if (is_cow)
		raw_write_seqcount_end(&src_mm->write_protect_seq);
	return err;
}
