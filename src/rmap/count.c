// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"

/*
 * Map counts, model of Linux 6.12. Each page counts the entries that map it (_mapcount, from -1).
 * A large folio also counts all its entries (_large_mapcount, from -1) and its pages that have any
 * (_nr_pages_mapped, from 0). All under the PTL of the entry that comes or goes (R6, R7, R28).
 *
 * Events carry numbers of entries: MAP_ADD and MAP_REMOVE for each page, MAP_ZERO for the folio
 * that nothing maps any more.
 */

static void check_pages(struct folio *folio, struct page *page, int nr_pages)
{
	VM_WARN_ON_FOLIO(is_zero_pfn(page_to_pfn(page)), folio);
	VM_WARN_ON_ONCE(nr_pages <= 0);
	VM_WARN_ON_FOLIO(page_folio(page) != folio, folio);
	VM_WARN_ON_FOLIO(page_folio(page + nr_pages - 1) != folio, folio);
}

/* One more entry maps the page. True where it is the first. */
static bool page_map(struct page *page)
{
	int entries = atomic_fetch_add_unseen(1, &page->_mapcount) + 2;

	vmsim_event(MAP_ADD, (uintptr_t)page, entries - 1, entries);
	return entries == 1;
}

/* One entry fewer. True where it was the last. */
static bool page_unmap(struct page *page)
{
	int entries = atomic_fetch_add_unseen(-1, &page->_mapcount);

	vmsim_event(MAP_REMOVE, (uintptr_t)page, entries + 1, entries);
	return entries <= 0;
}

static void add_rmap(struct folio *folio, struct page *page, int nr_pages)
{
	int first = 0;

	check_pages(folio, page, nr_pages);
	if (!folio_test_large(folio)) {
		page_map(page);
		return;
	}
	for (int i = 0; i < nr_pages; i++)
		first += page_map(page + i);
	if (first)
		atomic_add(first, &folio->_nr_pages_mapped);
	atomic_add(nr_pages, &folio->_large_mapcount);
}

/* Pages that are mapped already: no first mapping to count. */
static void dup_rmap(struct folio *folio, struct page *page, int nr_pages)
{
	check_pages(folio, page, nr_pages);
	for (int i = 0; i < nr_pages; i++)
		page_map(page + i);
	if (folio_test_large(folio))
		atomic_add(nr_pages, &folio->_large_mapcount);
}

/* True where nothing maps the folio any more. */
static bool remove_rmap(struct folio *folio, struct page *page, int nr_pages)
{
	bool unmapped;
	int last = 0;

	check_pages(folio, page, nr_pages);
	if (!folio_test_large(folio))
		return page_unmap(page);
	unmapped = atomic_sub_return(nr_pages, &folio->_large_mapcount) < 0;
	for (int i = 0; i < nr_pages; i++)
		last += page_unmap(page + i);
	if (last)
		atomic_sub(last, &folio->_nr_pages_mapped);
	return unmapped;
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
	vmsim_event(MAP_ADD, (uintptr_t)page, 0, 1);
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
	check_anon(folio, page, vma, address);
	for (int i = 0; i < nr_pages; i++) {
		if (flags & RMAP_EXCLUSIVE)
			SetPageAnonExclusive(page + i);
		/* Exclusive is one mapping (R12). */
		VM_WARN_ON_FOLIO(page_mapcount(page + i) > 1 && PageAnonExclusive(page + i), folio);
	}
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
	(void)vma;
	VM_WARN_ON_FOLIO(folio_test_anon(folio), folio);
	add_rmap(folio, page, nr_pages);
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
	(void)vma;
	if (remove_rmap(folio, page, nr_pages))
		vmsim_event(MAP_ZERO, (uintptr_t)folio, 0, 0);
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
