/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_MM_LARGE_FOLIO_H
#define TEST_MM_LARGE_FOLIO_H

#include "fork_test.h"
#include <linux/highmem.h>

#define ORDER 3
#define PAGES (1 << ORDER)

/* Large folios are mapped by hand, since faults make none yet. @skip: the page that is not written. */
static inline struct folio *map_large(unsigned long addr, unsigned int skip)
{
	struct mm_struct *mm = vmsim_self->mm;
	struct vm_area_struct *vma = vma_at(addr);
	struct folio *folio;
	spinlock_t *ptl;
	pmd_t *pmd;
	pte_t *pte;

	vmsim_enter();
	mmap_read_lock(mm);
	assert_int_equal(anon_vma_prepare(vma), 0);
	folio = folio_alloc(GFP_HIGHUSER_MOVABLE, ORDER);
	assert_non_null(folio);
	__folio_set_uptodate(folio);
	for (unsigned int i = 0; i < PAGES; i++)
		clear_highpage(folio_page(folio, i));
	pmd = pmd_alloc(mm, pud_alloc(mm, p4d_alloc(mm, pgd_offset(mm, addr), addr), addr), addr);
	assert_int_equal(pte_alloc(mm, pmd), 0);
	pte = pte_offset_map_lock(mm, pmd, addr, &ptl);
	folio_add_new_anon_rmap(folio, vma, addr, RMAP_EXCLUSIVE);
	folio_ref_add(folio, PAGES - 1);
	set_ptes(mm, addr, pte, pte_mkwrite(pte_mkdirty(mk_pte(&folio->page, vma->vm_page_prot)),
					    vma), PAGES);
	add_mm_counter(mm, MM_ANONPAGES, PAGES);
	pte_unmap_unlock(pte, ptl);
	mmap_read_unlock(mm);
	vmsim_leave();
	for (unsigned int i = 0; i < PAGES; i++)
		if (i != skip)
			store(addr + i * PG, i + 1);
	return folio;
}

#endif
