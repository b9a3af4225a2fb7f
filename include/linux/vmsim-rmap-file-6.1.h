/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RMAP_FILE_6_1_H
#define _VMSIM_LINUX_RMAP_FILE_6_1_H

/*
 * For mm/rmap.c of Linux 6.1 alone, which includes it with the tracepoints that it makes: what
 * counts entries today, by what counted them then. Two things were different:
 *
 * - a new anonymous page was always its process's own; one that is not is added as an old one;
 * - a large anonymous folio was mapped by one entry; here it is mapped page by page.
 */
#include <linux/vmsim-compat-6.1.h>

void folio_add_anon_rmap_ptes(struct folio *folio, struct page *page, int nr_pages,
			      struct vm_area_struct *vma, unsigned long address, rmap_t flags)
{
	(void)folio;
	for (int i = 0; i < nr_pages; i++)
		page_add_anon_rmap(page + i, vma, address + i * PAGE_SIZE, flags);
}

/* Nobody else knows the folio: it need not have been locked, and it can be. */
static void vmsim_add_pages_6_1(struct folio *folio, struct vm_area_struct *vma,
				unsigned long address, rmap_t flags)
{
	bool locked = folio_test_locked(folio);

	if (!locked)
		BUG_ON(!folio_trylock(folio));
	__folio_set_swapbacked(folio);
	folio_add_anon_rmap_ptes(folio, &folio->page, (int)folio_nr_pages(folio), vma, address,
				 flags);
	if (!locked)
		folio_unlock(folio);
}

void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma,
			     unsigned long address, rmap_t flags)
{
	if (folio_test_large(folio) || !(flags & RMAP_EXCLUSIVE))
		vmsim_add_pages_6_1(folio, vma, address, flags);
	else
		page_add_new_anon_rmap(&folio->page, vma, address);
}

void folio_add_file_rmap_ptes(struct folio *folio, struct page *page, int nr_pages,
			      struct vm_area_struct *vma)
{
	(void)folio;
	for (int i = 0; i < nr_pages; i++)
		page_add_file_rmap(page + i, vma, false);
}

void folio_remove_rmap_ptes(struct folio *folio, struct page *page, int nr_pages,
			    struct vm_area_struct *vma)
{
	(void)folio;
	for (int i = 0; i < nr_pages; i++)
		page_remove_rmap(page + i, vma, false);
}

void folio_move_anon_rmap(struct folio *folio, struct vm_area_struct *vma)
{
	page_move_anon_rmap(&folio->page, vma);
}

#endif
