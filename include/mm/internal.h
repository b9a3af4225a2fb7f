/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_MM_INTERNAL_H
#define _VMSIM_MM_INTERNAL_H

/*
 * What mm/internal.h declares for other files of mm/, in the form of Linux 6.12. The kernel's files
 * find it as "internal.h" (-I include/mm).
 */
#include <linux/mm.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/swapops.h>
#include <mm/vma.h>

static inline void *folio_raw_mapping(const struct folio *folio)
{
	return (void *)((unsigned long)READ_ONCE(folio->mapping) & ~(unsigned long)PAGE_MAPPING_FLAGS);
}

/* May reclaim have it? No file keeps its pages for ever (AS_UNEVICTABLE); mlock() does. */
static inline bool folio_evictable(struct folio *folio)
{
	return !folio_test_mlocked(folio);
}

/* Faulting in (mm/gup.c); mlock() and limits (mm/mmap.c). */
__vmsim_export long populate_vma_page_range(struct vm_area_struct *vma, unsigned long start,
					    unsigned long end, int *locked);
bool mlock_future_ok(struct mm_struct *mm, unsigned long flags, unsigned long bytes);

/* The PMD entry of an address; NULL where there is no such table (mm/rmap.c). */
__vmsim_export pmd_t *mm_find_pmd(struct mm_struct *mm, unsigned long address);

/* What page offsets [pgoff, pgoff + nr_pages) have in a VMA: their first address, or -EFAULT. */
static inline unsigned long vma_address(const struct vm_area_struct *vma, pgoff_t pgoff,
					unsigned long nr_pages)
{
	pgoff_t first = max(pgoff, vma->vm_pgoff);
	pgoff_t past = vma->vm_pgoff + vma_pages(vma);

	if (first >= past || pgoff + nr_pages <= vma->vm_pgoff)
		return -EFAULT;
	return vma->vm_start + ((first - vma->vm_pgoff) << PAGE_SHIFT);
}

/* The first address in the VMA behind those of the folio; vma_address() has found the first. */
static inline unsigned long vma_address_end(struct page_vma_mapped_walk *pvmw)
{
	const struct vm_area_struct *vma = pvmw->vma;
	unsigned long past;

	if (pvmw->nr_pages == 1)
		return pvmw->address + PAGE_SIZE;
	past = pvmw->pgoff + pvmw->nr_pages - vma->vm_pgoff;
	return past < vma_pages(vma) ? vma->vm_start + (past << PAGE_SHIFT) : vma->vm_end;
}

/* Does the VMA have the whole folio at addresses in [start, end)? */
static inline bool folio_within_range(struct folio *folio, struct vm_area_struct *vma,
				      unsigned long start, unsigned long end)
{
	pgoff_t pgoff = folio_pgoff(folio);
	unsigned long at;

	VM_WARN_ON_FOLIO(folio_test_ksm(folio), folio);
	if (pgoff < vma->vm_pgoff || pgoff - vma->vm_pgoff >= vma_pages(vma))
		return false;
	at = vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT);
	end = min(end, vma->vm_end);
	return at >= max(start, vma->vm_start) && at < end && folio_size(folio) <= end - at;
}

static inline bool folio_within_vma(struct folio *folio, struct vm_area_struct *vma)
{
	return folio_within_range(folio, vma, vma->vm_start, vma->vm_end);
}

/*
 * Pages of VM_LOCKED mappings (mm/mlock.c): counted under the PTL of the entry that comes or goes.
 * A mapping of a special kind is none, whatever it says while it is being made.
 */
__vmsim_export void mlock_folio(struct folio *folio);
__vmsim_export void munlock_folio(struct folio *folio);
__vmsim_export void mlock_new_folio(struct folio *folio);
__vmsim_customised __vmsim_export void mlock_drain_local(void);
__vmsim_customised __vmsim_export void mlock_drain_remote(int cpu);
__vmsim_customised __vmsim_export bool need_mlock_drain(int cpu);

static inline void mlock_vma_folio(struct folio *folio, struct vm_area_struct *vma)
{
	if (unlikely((vma->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED))
		mlock_folio(folio);
}

static inline void munlock_vma_folio(struct folio *folio, struct vm_area_struct *vma)
{
	if (unlikely(vma->vm_flags & VM_LOCKED))
		munlock_folio(folio);
}

/* Can mlock() do anything for the mapping? There are no DAX and no gate mappings. */
static inline bool vma_supports_mlock(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_SPECIAL | VM_DROPPABLE | VM_HUGETLB));
}

/* The entry of the next swap slot, all else the same. */
static inline pte_t pte_next_swp_offset(pte_t pte)
{
	swp_entry_t entry = pte_to_swp_entry(pte);
	pte_t next = swp_entry_to_pte(swp_entry(swp_type(entry), swp_offset(entry) + 1));

	if (pte_swp_soft_dirty(pte))
		next = pte_swp_mksoft_dirty(next);
	if (pte_swp_exclusive(pte))
		next = pte_swp_mkexclusive(next);
	if (pte_swp_uffd_wp(pte))
		next = pte_swp_mkuffd_wp(next);
	return next;
}

/* How many of max_nr entries from start_ptep on, which holds pte, are of slots one after the other. */
static inline int swap_pte_batch(pte_t *start_ptep, int max_nr, pte_t pte)
{
	int nr = 1;

	while (nr < max_nr) {
		pte = pte_next_swp_offset(pte);
		if (!pte_same(ptep_get(start_ptep + nr), pte))
			break;
		nr++;
	}
	return nr;
}

#endif
