/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_GFP_H
#define _VMSIM_LINUX_GFP_H

#include <linux/mm_types.h>
#include <linux/nodemask.h>

#define MAX_PAGE_ORDER 10
#define NR_PAGE_ORDERS (MAX_PAGE_ORDER + 1)

#define __GFP_HIGHMEM 0x02u
#define __GFP_MOVABLE 0x08u
#define __GFP_IO 0x40u
#define __GFP_FS 0x80u
#define __GFP_ZERO 0x100u
#define __GFP_DIRECT_RECLAIM 0x400u
#define __GFP_KSWAPD_RECLAIM 0x800u
#define __GFP_NOWARN 0x2000u
#define __GFP_NOFAIL 0x8000u
#define __GFP_NORETRY 0x10000u
#define __GFP_COMP 0x40000u
#define __GFP_ACCOUNT 0x400000u
#define __GFP_RECLAIM (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define GFP_ATOMIC __GFP_KSWAPD_RECLAIM
#define GFP_NOWAIT (__GFP_KSWAPD_RECLAIM | __GFP_NOWARN)
#define GFP_KERNEL (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_PGTABLE_KERNEL (GFP_KERNEL | __GFP_ZERO)
#define GFP_PGTABLE_USER (GFP_PGTABLE_KERNEL | __GFP_ACCOUNT)
#define GFP_HIGHUSER_MOVABLE (GFP_KERNEL | __GFP_HIGHMEM | __GFP_MOVABLE)

/*
 * The page allocator (src/folio/page_alloc.c). Returns NULL when memory is exhausted or when the
 * failure was asked for (vmsim_fail_pages()).
 */
__vmsim_export struct page *alloc_pages(gfp_t gfp, unsigned int order);
__vmsim_export struct folio *folio_alloc(gfp_t gfp, unsigned int order);
__vmsim_export void __free_pages(struct page *page, unsigned int order);
__vmsim_export unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
__vmsim_export void free_pages(unsigned long addr, unsigned int order);

#ifdef CONFIG_CONTIG_ALLOC
struct page *alloc_contig_pages(unsigned long nr_pages, gfp_t gfp_mask, int nid, void *nodemask);
#endif
/* Without CONFIG_CONTIG_ALLOC nobody has what it would free. */
void free_contig_range(unsigned long pfn, unsigned long nr_pages);

#define alloc_page(gfp) alloc_pages(gfp, 0)
#define __free_page(page) __free_pages(page, 0)
#define __get_free_page(gfp) __get_free_pages(gfp, 0)
#define get_zeroed_page(gfp) __get_free_pages((gfp) | __GFP_ZERO, 0)
#define free_page(addr) free_pages(addr, 0)
#define folio_alloc_noprof folio_alloc
#define alloc_pages_noprof alloc_pages

#endif
