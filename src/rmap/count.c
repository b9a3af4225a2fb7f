// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"
#include <linux/vmstat.h>

/*
 * Map counts, model of Linux 6.12. Each page counts the entries that map it (_mapcount, from -1).
 * A large folio also counts all its entries (_large_mapcount, from -1) and its pages that have any
 * (_nr_pages_mapped, from 0). All under the PTL of the entry that comes or goes (R6, R7, R28).
 */

/* So many pages of the folio became mapped, or ceased to be. */
static void count_pages(struct folio *folio, int nr)
{
	if (nr)
		__lruvec_stat_mod_folio(folio,
					folio_test_anon(folio) ? NR_ANON_MAPPED : NR_FILE_MAPPED, nr);
}

static void add_rmap(struct folio *folio, struct page *page, int nr_pages)
{
	int first = 0;

	__folio_rmap_sanity_checks(folio, page, nr_pages, RMAP_LEVEL_PTE);
	for (int i = 0; i < nr_pages; i++)
		first += atomic_inc_and_test(&page[i]._mapcount);
	if (folio_test_large(folio)) {
		if (first)
			atomic_add(first, &folio->_nr_pages_mapped);
		atomic_add(nr_pages, &folio->_large_mapcount);
	}
	count_pages(folio, first);
}

/* Pages that are mapped already: no first mapping to count. */
static void dup_rmap(struct folio *folio, struct page *page, int nr_pages)
{
	__folio_rmap_sanity_checks(folio, page, nr_pages, RMAP_LEVEL_PTE);
	for (int i = 0; i < nr_pages; i++)
		atomic_inc(&page[i]._mapcount);
	if (folio_test_large(folio))
		atomic_add(nr_pages, &folio->_large_mapcount);
}

static void remove_rmap(struct folio *folio, struct page *page, int nr_pages)
{
	int last = 0;

	__folio_rmap_sanity_checks(folio, page, nr_pages, RMAP_LEVEL_PTE);
	if (folio_test_large(folio))
		atomic_sub(nr_pages, &folio->_large_mapcount);
	for (int i = 0; i < nr_pages; i++)
		last += atomic_add_negative(-1, &page[i]._mapcount);
	if (last && folio_test_large(folio))
		atomic_sub(last, &folio->_nr_pages_mapped);
	count_pages(folio, -last);
}

/*
 * Pages that may also be mapped by others go to the oldest anon_vma of the family, from which all
 * of them are found. Address and type must appear at once: walkers read without a lock.
 */
static void set_anon(struct folio *folio, struct vm_area_struct *vma, unsigned long address,
		     bool exclusive)
{
	struct anon_vma *anon_vma = vma->anon_vma;

	BUG_ON(!anon_vma);
	if (!exclusive)
		anon_vma = anon_vma->root;
	folio->index = linear_page_index(vma, address);
	WRITE_ONCE(folio->mapping,
		   (struct address_space *)((unsigned long)anon_vma | PAGE_MAPPING_ANON));
}

static void map_new_page(struct page *page, bool exclusive)
{
	atomic_set(&page->_mapcount, 0);
	if (exclusive)
		SetPageAnonExclusive(page);
}

/**
 * folio_add_new_anon_rmap() - counts the first mappings of a new anonymous folio
 * @folio: folio that nobody else knows yet; locked unless exclusive
 * @vma: VMA that maps it
 * @address: where its first page is mapped
 * @flags: RMAP_EXCLUSIVE: only this process can have it
 *
 * Under the PTL. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma,
						 unsigned long address, rmap_t flags)
{
	bool exclusive = flags & RMAP_EXCLUSIVE;
	long nr_pages = folio_nr_pages(folio);

	VM_WARN_ON_FOLIO(!exclusive && !folio_test_locked(folio), folio);
	VM_BUG_ON_VMA(address < vma->vm_start ||
		      nr_pages > (long)((vma->vm_end - address) >> PAGE_SHIFT), vma);
	/* One entry for all of it would need another way of counting. */
	VM_BUG_ON_FOLIO(folio_order(folio) >= HPAGE_PMD_ORDER, folio);

	if (!folio_test_swapbacked(folio))
		__folio_set_swapbacked(folio);
	set_anon(folio, vma, address, exclusive);
	for (long i = 0; i < nr_pages; i++)
		map_new_page(folio_page(folio, i), exclusive);
	if (folio_test_large(folio)) {
		atomic_set(&folio->_nr_pages_mapped, nr_pages);
		atomic_set(&folio->_large_mapcount, nr_pages - 1);
	}
	count_pages(folio, nr_pages);
}

/* What the folio says of itself must lead a walk to this very place. */
static void check_anon(struct folio *folio, struct page *page, struct vm_area_struct *vma,
		       unsigned long address)
{
	VM_BUG_ON_FOLIO(!folio_anon_vma(folio), folio);
	VM_BUG_ON_FOLIO(folio_anon_vma(folio)->root != vma->anon_vma->root, folio);
	VM_BUG_ON_PAGE(folio_pgoff(folio) + folio_page_idx(folio, page) !=
		       linear_page_index(vma, address), page);
}

/**
 * folio_add_anon_rmap_ptes() - counts mappings of consecutive pages of an anonymous folio
 * @folio: folio that has been mapped before; locked
 * @page: first page
 * @nr_pages: how many
 * @vma: VMA that maps them
 * @address: where @page is mapped
 * @flags: RMAP_EXCLUSIVE: the pages are this process's own
 *
 * Under the PTL. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void folio_add_anon_rmap_ptes(struct folio *folio, struct page *page,
						  int nr_pages, struct vm_area_struct *vma,
						  unsigned long address, rmap_t flags)
{
	VM_WARN_ON_FOLIO(!folio_test_anon(folio), folio);
	add_rmap(folio, page, nr_pages);
	if (likely(!folio_test_ksm(folio)))
		check_anon(folio, page, vma, address);
	for (int i = 0; i < nr_pages; i++) {
		if (flags & RMAP_EXCLUSIVE)
			SetPageAnonExclusive(page + i);
		/* Exclusive is one mapping (R12). */
		VM_WARN_ON_FOLIO(page_mapcount(page + i) > 1 && PageAnonExclusive(page + i), folio);
	}
	mlock_small_folio(folio, vma);
}

/**
 * folio_add_file_rmap_ptes() - counts mappings of consecutive pages of a file's folio
 * @folio: folio
 * @page: first page
 * @nr_pages: how many
 * @vma: VMA that maps them
 *
 * Under the PTL. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void folio_add_file_rmap_ptes(struct folio *folio, struct page *page,
						  int nr_pages, struct vm_area_struct *vma)
{
	VM_WARN_ON_FOLIO(folio_test_anon(folio), folio);
	add_rmap(folio, page, nr_pages);
	mlock_small_folio(folio, vma);
}

/**
 * folio_dup_file_rmap_ptes() - counts the mappings of a child beside those of its parent
 * @folio: folio of a file
 * @page: first page
 * @nr_pages: how many
 *
 * Under the PTLs of both. Source: Linux 6.12, include/linux/rmap.h.
 */
__vmsim_overridable void folio_dup_file_rmap_ptes(struct folio *folio, struct page *page,
						  int nr_pages)
{
	VM_WARN_ON_FOLIO(folio_test_anon(folio), folio);
	dup_rmap(folio, page, nr_pages);
}

/* What is pinned through an exclusive page stays the page of who pinned it (R12). */
static bool must_stay(struct folio *folio, struct page *page, int nr_pages,
		      struct vm_area_struct *src_vma)
{
	if (likely(!folio_needs_cow_for_dma(src_vma, folio)))
		return false;
	for (int i = 0; i < nr_pages; i++)
		if (PageAnonExclusive(page + i))
			return true;
	return false;
}

/**
 * folio_try_dup_anon_rmap_ptes() - shares consecutive pages of an anonymous folio with a child
 * @folio: the folio
 * @page: first page
 * @nr_pages: how many
 * @src_vma: VMA of the parent
 *
 * On success the child's mappings are counted and no page is exclusive any more; entries of the
 * parent that allow writing are the caller's to take that away from, under the same lock.
 *
 * Under the PTLs of both, write_protect_seq odd. Source: Linux 6.12, include/linux/rmap.h.
 * Return: 0; -EBUSY: an exclusive page may be pinned, the child needs a copy.
 */
__vmsim_overridable int folio_try_dup_anon_rmap_ptes(struct folio *folio, struct page *page,
						     int nr_pages, struct vm_area_struct *src_vma)
{
	VM_WARN_ON_FOLIO(!folio_test_anon(folio), folio);
	if (unlikely(must_stay(folio, page, nr_pages, src_vma)))
		return -EBUSY;
	for (int i = 0; i < nr_pages; i++)
		if (PageAnonExclusive(page + i))
			ClearPageAnonExclusive(page + i);
	dup_rmap(folio, page, nr_pages);
	return 0;
}

/**
 * folio_remove_rmap_ptes() - uncounts mappings of consecutive pages of a folio
 * @folio: folio
 * @page: first page
 * @nr_pages: how many
 * @vma: VMA that mapped them
 *
 * Under the PTL, before the reference of each mapping is put (R7). folio->mapping stays: it says
 * nothing while the folio is not mapped, and a new mapping may be setting it. The kernel would
 * also queue a partly unmapped anonymous folio for a split; here it stays as it is.
 * Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void folio_remove_rmap_ptes(struct folio *folio, struct page *page,
						int nr_pages, struct vm_area_struct *vma)
{
	remove_rmap(folio, page, nr_pages);
	munlock_vma_folio(folio, vma);
}

/**
 * folio_move_anon_rmap() - an anonymous folio becomes its only user's own
 * @folio: locked folio that only @vma maps
 * @vma: VMA to whose anon_vma it moves, so that walks no longer search the relatives
 *
 * Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void folio_move_anon_rmap(struct folio *folio, struct vm_area_struct *vma)
{
	unsigned long anon_vma = (unsigned long)vma->anon_vma;

	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	VM_BUG_ON_VMA(!anon_vma, vma);
	WRITE_ONCE(folio->mapping, (struct address_space *)(anon_vma | PAGE_MAPPING_ANON));
}
