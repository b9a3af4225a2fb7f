// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"

/*
 * Before a file page is written back, every entry that could dirty it unnoticed loses its dirty
 * and its write bit: the next write faults and makes itself known.
 */

/*
 * Cleans one entry, under its PTL. The entry is empty while it is flushed, so that no CPU can set
 * a bit that the new value would not have (R5).
 */
static void clean_pte(struct vm_area_struct *vma, unsigned long address, pte_t *ptep, pte_t seen)
{
	pte_t entry;

	flush_cache_page(vma, address, pte_pfn(seen));
	entry = ptep_clear_flush(vma, address, ptep);
	set_pte_at(vma->vm_mm, address, ptep, pte_mkclean(pte_wrprotect(entry)));
}

__vmsim_overridable int page_vma_mkclean_one(struct page_vma_mapped_walk *pvmw)
{
	int cleaned = 0;

	while (page_vma_mapped_walk(pvmw)) {
		pte_t entry = ptep_get(pvmw->pte);

		if (pte_dirty(entry) || pte_write(entry)) {
			clean_pte(pvmw->vma, pvmw->address, pvmw->pte, entry);
			cleaned++;
		}
	}
	return cleaned;
}

/*
 * PVMW_SYNC: an entry that looks empty may be one that a zap has cleared and not yet flushed. Its
 * lock must be taken, for then the flush has been done and the folio says that it is dirty (R6).
 */
__vmsim_overridable bool page_mkclean_one(struct folio *folio, struct vm_area_struct *vma,
					  unsigned long address, void *arg)
{
	int *total = arg;
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, address, PVMW_SYNC);

	*total += page_vma_mkclean_one(&pvmw);
	return true;
}

/* What is written through private mappings is no concern of the file's. */
static bool is_private(struct vm_area_struct *vma, void *arg)
{
	(void)arg;
	return !(READ_ONCE(vma->vm_flags) & VM_SHARED);
}

/**
 * folio_mkclean() - takes dirty and write rights from all shared mappings of a file's folio
 * @folio: locked folio
 *
 * Whoever zaps a dirty entry keeps the folio mapped until no CPU can write through it (R6): a folio
 * that is not mapped is believed without a look at any PTL (MR3).
 *
 * Return: how many entries had such rights. Source: Linux 6.12, mm/rmap.c; 732ed55823fc.
 */
__vmsim_overridable int folio_mkclean(struct folio *folio)
{
	int cleaned = 0;
	struct rmap_walk_control rwc = {
		.rmap_one = page_mkclean_one,
		.invalid_vma = is_private,
		.arg = &cleaned,
	};

	BUG_ON(!folio_test_locked(folio));
	if (folio_mapped(folio) && folio_mapping(folio))
		rmap_walk(folio, &rwc);
	return cleaned;
}
