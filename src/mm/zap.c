// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/tlb.h>

/*
 * Taking entries out of page tables. Behaviour of mm/memory.c, Linux 6.12. What is static there is
 * replaceable here, with the same arguments.
 */

static bool zaps_private_copies(const struct zap_details *details)
{
	return !details || details->even_cows;
}

static bool spares(const struct zap_details *details, const struct folio *folio)
{
	return folio_test_anon(folio) && !zaps_private_copies(details);
}

/**
 * zap_present_folio_ptes() - takes out entries of one folio
 * @tlb: the gather
 * @vma: mapping that the entries belong to
 * @folio: folio that they map
 * @page: first page
 * @pte: first entry
 * @ptent: its value as it was read
 * @nr: number of consecutive pages and entries
 * @addr: first address
 * @details: what to spare; not looked at here
 * @rss: counters, lowered here, booked by the caller
 * @force_flush: set: flush before the page-table lock is dropped
 * @force_break: set: the gather is full, flush and come back
 *
 * Dirty bits move to the folio before the lock is dropped (R5), and a dirty file page counts as
 * mapped until the flush has been done (R6).
 *
 * Context: page-table lock held.
 */
__vmsim_overridable void zap_present_folio_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma,
						struct folio *folio, struct page *page, pte_t *pte,
						pte_t ptent, unsigned int nr, unsigned long addr,
						struct zap_details *details, int *rss,
						bool *force_flush, bool *force_break)
{
	bool anon = folio_test_anon(folio);
	bool late_rmap = false;

	if (anon)
		clear_full_ptes(tlb->mm, addr, pte, nr, tlb->fullmm);
	else
		ptent = get_and_clear_full_ptes(tlb->mm, addr, pte, nr, tlb->fullmm);
	rss[mm_counter(folio)] -= nr;
	if (!anon && pte_dirty(ptent)) {
		folio_mark_dirty(folio);
		late_rmap = tlb_delay_rmap(tlb);
		*force_flush |= late_rmap;
	}
	if (!anon && pte_young(ptent) && likely(vma_has_recency(vma)))
		folio_mark_accessed(folio);
	arch_check_zapped_pte(vma, ptent);
	tlb_remove_tlb_entries(tlb, pte, nr, addr);
	if (!late_rmap)
		folio_remove_rmap_ptes(folio, page, nr, vma);
	if (unlikely(__tlb_remove_folio_pages(tlb, page, nr, late_rmap)))
		*force_flush = *force_break = true;
}

/**
 * zap_present_ptes() - takes out a present entry, and those after it that map the same folio
 *
 * Arguments as zap_present_folio_ptes(); @max_nr: entries up to the end of the range.
 *
 * Context: page-table lock held.
 * Return: the number of entries that are dealt with.
 */
__vmsim_overridable int zap_present_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma,
					 pte_t *pte, pte_t ptent, unsigned int max_nr,
					 unsigned long addr, struct zap_details *details, int *rss,
					 bool *force_flush, bool *force_break)
{
	const fpb_t flags = FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY;
	struct page *page = vm_normal_page(vma, addr, ptent);
	struct folio *folio;
	int nr = 1;

	if (!page) {
		/* The zero page: nobody counts it. */
		ptep_get_and_clear_full(tlb->mm, addr, pte, tlb->fullmm);
		arch_check_zapped_pte(vma, ptent);
		tlb_remove_tlb_entry(tlb, pte, addr);
		return 1;
	}
	folio = page_folio(page);
	if (unlikely(spares(details, folio)))
		return 1;
	if (unlikely(folio_test_large(folio)))
		nr = folio_pte_batch(folio, addr, pte, ptent, (int)max_nr, flags, NULL, NULL, NULL);
	zap_present_folio_ptes(tlb, vma, folio, page, pte, ptent, (unsigned int)nr, addr, details,
			       rss, force_flush, force_break);
	return nr;
}

/* There is no swap and no migration yet: nothing but garbage is neither empty nor present. */
static void zap_garbage(struct mmu_gather *tlb, struct vm_area_struct *vma, pte_t *pte, pte_t ptent,
			unsigned long addr)
{
	print_bad_pte(vma, addr, ptent, NULL);
	clear_not_present_full_ptes(tlb->mm, addr, pte, 1, tlb->fullmm);
}

/**
 * zap_pte_range() - takes out the entries of one PTE table
 * @tlb: the gather
 * @vma: mapping that they belong to
 * @pmd: entry that the table hangs from
 * @addr: first address
 * @end: end of the range, at most the end of the table
 * @details: what to spare; NULL: nothing
 *
 * Return: how far it came. Less than @end: call again (the table is gone, the gather was full, or
 * somebody else wants the CPU).
 */
__vmsim_overridable unsigned long zap_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
						pmd_t *pmd, unsigned long addr, unsigned long end,
						struct zap_details *details)
{
	bool force_flush = false, force_break = false;
	int rss[NR_MM_COUNTERS];
	pte_t *table, *pte;
	spinlock_t *ptl;

	tlb_change_page_size(tlb, PAGE_SIZE);
	table = pte_offset_map_lock(tlb->mm, pmd, addr, &ptl);
	if (unlikely(!table))
		return addr;
	init_rss_vec(rss);
	/* Empty and read-only entries are about to be relied upon (R15). */
	flush_tlb_batched_pending(tlb->mm);
	arch_enter_lazy_mmu_mode();
	for (pte = table; addr != end && !force_break;) {
		pte_t ptent = ptep_get(pte);
		int nr = 1;

		if (!pte_none(ptent)) {
			if (need_resched())
				break;
			if (likely(pte_present(ptent)))
				nr = zap_present_ptes(tlb, vma, pte, ptent,
						      (end - addr) >> PAGE_SHIFT, addr, details,
						      rss, &force_flush, &force_break);
			else
				zap_garbage(tlb, vma, pte, ptent, addr);
		}
		pte += nr;
		addr += nr * PAGE_SIZE;
	}
	arch_leave_lazy_mmu_mode();
	add_mm_rss_vec(tlb->mm, rss);

	/* Whoever gets the lock next takes the entries for the truth (R3, R6). */
	if (force_flush) {
		tlb_flush_mmu_tlbonly(tlb);
		tlb_flush_rmaps(tlb, vma);
	}
	pte_unmap_unlock(table, ptl);
	if (force_flush)
		tlb_flush_mmu(tlb);
	return addr;
}

/* Levels above; arguments and return value as zap_pte_range(). */
__vmsim_overridable unsigned long zap_pmd_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
						pud_t *pud, unsigned long addr, unsigned long end,
						struct zap_details *details)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	while (addr != end) {
		unsigned long next = pmd_addr_end(addr, end);

		if (pmd_none_or_clear_bad(pmd))
			addr = next;
		else
			addr = zap_pte_range(tlb, vma, pmd, addr, next, details);
		if (addr == next)
			pmd++;
		cond_resched();
	}
	return addr;
}

__vmsim_overridable unsigned long zap_pud_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
						p4d_t *p4d, unsigned long addr, unsigned long end,
						struct zap_details *details)
{
	for (pud_t *pud = pud_offset(p4d, addr); addr != end; pud++) {
		unsigned long next = pud_addr_end(addr, end);

		if (!pud_none_or_clear_bad(pud))
			zap_pmd_range(tlb, vma, pud, addr, next, details);
		addr = next;
		cond_resched();
	}
	return addr;
}

__vmsim_overridable unsigned long zap_p4d_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
						pgd_t *pgd, unsigned long addr, unsigned long end,
						struct zap_details *details)
{
	for (p4d_t *p4d = p4d_offset(pgd, addr); addr != end; p4d++) {
		unsigned long next = p4d_addr_end(addr, end);

		if (!p4d_none_or_clear_bad(p4d))
			zap_pud_range(tlb, vma, p4d, addr, next, details);
		addr = next;
	}
	return addr;
}

/**
 * unmap_page_range() - takes out the entries of a range of one mapping
 * @tlb: the gather
 * @vma: the mapping
 * @addr: start
 * @end: end
 * @details: what to spare; NULL: nothing
 */
__vmsim_overridable void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
					  unsigned long addr, unsigned long end,
					  struct zap_details *details)
{
	pgd_t *pgd = pgd_offset(vma->vm_mm, addr);

	BUG_ON(addr >= end);
	tlb_start_vma(tlb, vma);
	for (; addr != end; pgd++) {
		unsigned long next = pgd_addr_end(addr, end);

		if (!pgd_none_or_clear_bad(pgd))
			zap_p4d_range(tlb, vma, pgd, addr, next, details);
		addr = next;
	}
	tlb_end_vma(tlb, vma);
}

/* The part of [start_addr, end_addr) that lies in the mapping. */
__vmsim_overridable void unmap_single_vma(struct mmu_gather *tlb, struct vm_area_struct *vma,
					  unsigned long start_addr, unsigned long end_addr,
					  struct zap_details *details, bool mm_wr_locked)
{
	unsigned long start = max(start_addr, vma->vm_start);
	unsigned long end = min(end_addr, vma->vm_end);

	(void)mm_wr_locked;
	if (start < end)
		unmap_page_range(tlb, vma, start, end, details);
}

/**
 * unmap_vmas() - takes out the entries of consecutive mappings
 * @tlb: the gather; its end flushes
 * @mas: walk over the mappings, standing at @vma
 * @vma: the first mapping
 * @start_addr: start of the range
 * @end_addr: its end
 * @tree_end: where the walk ends
 * @mm_wr_locked: mmap_lock is held for writing
 *
 * Context: mmap_lock held, or the mappings are out of reach of everybody else.
 */
__vmsim_overridable void unmap_vmas(struct mmu_gather *tlb, struct ma_state *mas,
				    struct vm_area_struct *vma, unsigned long start_addr,
				    unsigned long end_addr, unsigned long tree_end,
				    bool mm_wr_locked)
{
	struct zap_details everything = {
		.even_cows = true,
		.zap_flags = ZAP_FLAG_UNMAP | ZAP_FLAG_DROP_MARKER,
	};

	for (; vma; vma = mas_find(mas, tree_end - 1))
		unmap_single_vma(tlb, vma, start_addr, end_addr, &everything, mm_wr_locked);
}

/**
 * zap_page_range_single() - takes out the entries of a range of one mapping, with an own gather
 * @vma: the mapping
 * @address: start
 * @size: size; the range lies in the mapping
 * @details: what to spare; NULL: nothing
 *
 * Context: mmap_lock held, or i_mmap_rwsem of the file.
 */
__vmsim_overridable void zap_page_range_single(struct vm_area_struct *vma, unsigned long address,
					       unsigned long size, struct zap_details *details)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, vma->vm_mm);
	unmap_single_vma(&tlb, vma, address, address + size, details, false);
	tlb_finish_mmu(&tlb);
}
