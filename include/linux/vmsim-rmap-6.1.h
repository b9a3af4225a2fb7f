/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RMAP_6_1_H
#define _VMSIM_LINUX_RMAP_6_1_H

/*
 * Reverse maps as Linux 6.1 had them: by pages, not by folios. Part of <linux/vmsim-compat-6.1.h>.
 * The library's page_*() (src/rmap/page.c) are the folio_*() of today. Where mm/rmap.c of 6.1 is in
 * the place of ours it is the other way round: <linux/vmsim-rmap-file-6.1.h>.
 */
#include <linux/hugetlb.h>
#include <linux/mm_inline.h>
#include <linux/rmap.h>
#include <linux/vmstat.h>
#include <mm/internal.h>

#define RMAP_COMPOUND ((rmap_t)2)

__vmsim_export void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma,
				       unsigned long address, rmap_t flags);
__vmsim_export void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
					   unsigned long address);
__vmsim_export void page_add_file_rmap(struct page *page, struct vm_area_struct *vma,
				       bool compound);
__vmsim_export void page_remove_rmap(struct page *page, struct vm_area_struct *vma, bool compound);
__vmsim_export void page_move_anon_rmap(struct page *page, struct vm_area_struct *vma);

#define DEFINE_PAGE_VMA_WALK(name, _page, _vma, _address, _flags)		\
	struct page_vma_mapped_walk name = {					\
		.vma = _vma,							\
		.address = _address,						\
		.pfn = page_to_pfn(_page),					\
		.pgoff = page_to_pgoff(_page),					\
		.nr_pages = PageHead(_page) ? folio_nr_pages(page_folio(_page)) : 1, \
		.flags = _flags,						\
	}
#define page_try_share_anon_rmap(page) folio_try_share_anon_rmap_pte(page_folio(page), page)

/* Nothing maps a page but entries of PTE tables, and no page is hugetlbfs's. */
#define PageHuge(page) ((void)(page), false)
#define PageTransHuge(page) ((void)(page), false)
#define PageTransCompound(page) ((void)(page), false)
#define PageDoubleMap(page) ((void)(page), false)
#define SetPageDoubleMap(page) ((void)(page))
#define ClearPageDoubleMap(page) ((void)(page))
#define TestClearPageDoubleMap(page) ((void)(page), false)
#define __SetPageSwapBacked(page) __folio_set_swapbacked(page_folio(page))
#define deferred_split_huge_page(page) deferred_split_folio(page_folio(page), true)
#define compound_mapcount_ptr(page) (&page_folio(page)->_entire_mapcount)
#define compound_pincount_ptr(page) (&page_folio(page)->_pincount)
#define page_private(page) ((page)->private)
#define page_mapping(page) folio_mapping(page_folio(page))

static inline unsigned int vmsim_compound_order_6_1(struct page *page)
{
	return folio_order(page_folio(page));
}

#define compound_order(page) vmsim_compound_order_6_1(page)
#define thp_nr_pages(page) ((int)folio_nr_pages(page_folio(page)))
#define __dec_lruvec_page_state(page, item) __mod_lruvec_page_state(page, item, -1)
#define set_huge_pte_at(mm, addr, ptep, pte) set_huge_pte_at(mm, addr, ptep, pte, 0)
#define arch_tlbbatch_add_mm(batch, mm) arch_tlbbatch_add_pending(batch, mm, 0)

/* Of large folios mlock() knew those alone that are mapped by one entry. */
static inline void mlock_vma_page(struct page *page, struct vm_area_struct *vma, bool compound)
{
	if (compound || !folio_test_large(page_folio(page)))
		mlock_vma_folio(page_folio(page), vma);
}

static inline void munlock_vma_page(struct page *page, struct vm_area_struct *vma, bool compound)
{
	if (compound || !folio_test_large(page_folio(page)))
		munlock_vma_folio(page_folio(page), vma);
}

#define mlock_vma_folio(folio, vma, compound) mlock_vma_page(&(folio)->page, vma, compound)

#endif
