// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"

/*
 * Reclaim takes a folio out of all page tables. A file's pages can be had again from the file, a
 * clean MADV_FREE page is forgotten; any other anonymous page needs a swap entry in its place,
 * which is not modelled: the walk ends before such an entry is touched.
 */

static bool may_unmap(struct folio *folio, struct vm_area_struct *vma, enum ttu_flags flags)
{
	if ((READ_ONCE(vma->vm_flags) & VM_LOCKED) && !(flags & TTU_IGNORE_MLOCK)) {
		/* mlock() may have missed it. */
		mlock_small_folio(folio, vma);
		return false;
	}
	return !folio_test_anon(folio) || !folio_test_swapbacked(folio);
}

/*
 * Takes one entry away, under its PTL. A deferred flush must come before the folio is written, if
 * the entry was dirty, and before its frame is free (R15). What was clean stays clean: to set D, a
 * CPU must look at the entry, and it is gone (R5).
 */
static pte_t take_entry(struct page_vma_mapped_walk *pvmw, struct folio *folio,
			enum ttu_flags flags)
{
	struct mm_struct *mm = pvmw->vma->vm_mm;
	pte_t entry;

	flush_cache_page(pvmw->vma, pvmw->address, folio_pfn(folio));
	if (should_defer_flush(mm, flags)) {
		entry = ptep_get_and_clear(mm, pvmw->address, pvmw->pte);
		set_tlb_ubc_flush_pending(mm, entry, pvmw->address);
	} else {
		entry = ptep_clear_flush(pvmw->vma, pvmw->address, pvmw->pte);
	}
	if (pte_dirty(entry))
		folio_mark_dirty(folio);
	return entry;
}

/*
 * May a MADV_FREE page be forgotten, now that its entry is cleared? Not if it was written since, or
 * if anybody but its mappings and the caller has a reference: the entry was cleared before the
 * count is read, and GUP-fast raises the count before it reads the entry again (R11).
 */
static bool may_forget(struct folio *folio)
{
	int refs, maps;

	smp_mb();
	refs = folio_ref_count(folio);
	maps = folio_mapcount(folio);
	/*
	 * The count before the dirty bit: a writer through GUP sets the bit, then drops the count.
	 */
	smp_rmb();
	return refs == maps + 1 && !folio_test_dirty(folio);
}

/* One entry. False: the folio must stay, and so must the entry. */
static bool unmap_entry(struct page_vma_mapped_walk *pvmw, struct folio *folio,
			enum ttu_flags flags)
{
	struct mm_struct *mm = pvmw->vma->vm_mm;
	unsigned long nr = pte_pfn(ptep_get(pvmw->pte)) - folio_pfn(folio);
	pte_t entry;

	if (!may_unmap(folio, pvmw->vma, flags))
		return false;
	entry = take_entry(pvmw, folio, flags);
	if (folio_test_anon(folio) && !may_forget(folio)) {
		set_pte_at(mm, pvmw->address, pvmw->pte, entry);
		folio_set_swapbacked(folio);
		return false;
	}
	dec_mm_counter(mm, mm_counter(folio));
	folio_remove_rmap_pte(folio, folio_page(folio, nr), pvmw->vma);
	folio_put(folio);
	return true;
}

/*
 * TTU_SYNC: wait for those who have cleared an entry and not yet uncounted it, so that "still
 * mapped" can be believed afterwards.
 */
__vmsim_overridable bool try_to_unmap_one(struct folio *folio, struct vm_area_struct *vma,
					  unsigned long address, void *arg)
{
	enum ttu_flags flags = (enum ttu_flags)(uintptr_t)arg;
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, address, flags & TTU_SYNC ? PVMW_SYNC : 0);

	while (page_vma_mapped_walk(&pvmw)) {
		if (!unmap_entry(&pvmw, folio, flags)) {
			page_vma_mapped_walk_done(&pvmw);
			return false;
		}
	}
	return true;
}

static int is_unmapped(struct folio *folio)
{
	return !folio_mapped(folio);
}

/**
 * try_to_unmap() - removes a folio from all page tables
 * @folio: locked folio, to which the caller has a reference
 * @flags: TTU_*. TTU_BATCH_FLUSH: the caller calls try_to_unmap_flush()
 *
 * Whether it worked is seen by folio_mapped(). Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void try_to_unmap(struct folio *folio, enum ttu_flags flags)
{
	struct rmap_walk_control rwc = {
		.rmap_one = try_to_unmap_one,
		.anon_lock = folio_lock_anon_vma_read,
		.done = is_unmapped,
		.arg = (void *)(uintptr_t)flags,
	};

	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	VM_BUG_ON(flags & (TTU_SPLIT_HUGE_PMD | TTU_HWPOISON));
	if (flags & TTU_RMAP_LOCKED)
		rmap_walk_locked(folio, &rwc);
	else
		rmap_walk(folio, &rwc);
}
