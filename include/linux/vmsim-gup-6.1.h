/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_GUP_6_1_H
#define _VMSIM_LINUX_GUP_6_1_H

/*
 * What mm/gup.c of Linux 6.1 calls otherwise than that of 6.12, or has besides. Part of
 * <linux/vmsim-compat-6.1.h>.
 */
#include <linux/mm.h>
#include <linux/hugetlb.h>
#include <linux/page_ref.h>

#define CONFIG_HAVE_FAST_GUP CONFIG_HAVE_GUP_FAST

/* Who waits for migration; nothing migrates. */
#define FOLL_MIGRATION (1 << 23)

/*
 * Callers could ask for the mappings, too, and none does any more: the argument is left out, in
 * calls and in definitions, where the name then stands for this.
 */
static struct vm_area_struct **const vmas __maybe_unused;
#define get_user_pages(start, nr_pages, flags, pages, vmas) \
	get_user_pages(start, nr_pages, flags, pages)
#define get_user_pages_remote(mm, start, nr_pages, flags, pages, vmas, locked) \
	get_user_pages_remote(mm, start, nr_pages, flags, pages, locked)
#define pin_user_pages(start, nr_pages, flags, pages, vmas) \
	pin_user_pages(start, nr_pages, flags, pages)
#define pin_user_pages_remote(mm, start, nr_pages, flags, pages, vmas, locked) \
	pin_user_pages_remote(mm, start, nr_pages, flags, pages, locked)

/* GUP-fast got its names later. */
#define gup_pte_range gup_fast_pte_range
#define gup_pmd_range gup_fast_pmd_range
#define gup_pud_range gup_fast_pud_range
#define gup_p4d_range gup_fast_p4d_range
#define gup_pgd_range gup_fast_pgd_range
#define lockless_pages_from_mm gup_fast
#define unpin_user_pages_lockless gup_fast_unpin_user_pages
#define internal_get_user_pages_fast gup_fast_fallback

/* One function for who holds the page already and who does not; it was the other name then. */
#define try_grab_folio try_grab_folio_fast
__vmsim_export struct folio *try_grab_folio_fast(struct page *page, int refs, unsigned int flags);
bool __must_check try_grab_page(struct page *page, unsigned int flags);
#define folio_ref_try_add_rcu(folio, count) folio_ref_try_add(folio, count)
#define folio_pincount_ptr(folio) (&(folio)->_pincount)
#define is_longterm_pinnable_page(page) folio_is_longterm_pinnable(page_folio(page))
#define put_devmap_managed_page_refs(page, refs) \
	put_devmap_managed_folio_refs(page_folio(page), refs)
#define page_is_secretmem(page) (sizeof(page) == 0)
#define arch_make_page_accessible(page) arch_make_folio_accessible(page_folio(page))

/* Without a mapping to look at: hints were honoured unless the caller insisted. */
#define gup_can_follow_protnone(flags) (((flags) & FOLL_FORCE) != 0)
/* Pages of files were not made private before they were pinned for long. */
#define gup_must_unshare(flags, page) gup_must_unshare(NULL, (flags) & ~FOLL_LONGTERM, page)

/* Huge pages: of all formats there were, none is here. */
typedef struct {
	unsigned long pd;
} hugepd_t;

#define __hugepd(x) ((hugepd_t){ (x) })
#define is_hugepd(hugepd) (sizeof(hugepd) == 0)
#define pmd_huge(pmd) (sizeof(pmd) == 0)
#define pud_huge(pud) (sizeof(pud) == 0)
#define p4d_huge(p4d) (sizeof(p4d) == 0)
#define pgd_huge(pgd) (sizeof(pgd) == 0)
#define pmd_trans_unstable(pmd) pmd_none_or_clear_bad(pmd)
#define is_huge_zero_page(page) (sizeof(page) == 0)
#define follow_huge_addr(mm, address, write) ERR_PTR(-EINVAL)
#define follow_huge_pd(vma, address, hpd, flags, pdshift) ((struct page *)NULL)
#define follow_huge_pmd_pte(vma, address, flags) ((struct page *)NULL)
#define follow_huge_pud(mm, address, pud, flags) ((struct page *)NULL)
#define follow_huge_pgd(mm, address, pgd, flags) ((struct page *)NULL)
#define follow_devmap_pud(vma, address, pud, flags, pgmap) ((struct page *)NULL)
#define follow_trans_huge_pmd(vma, address, pmd, flags) ((struct page *)NULL)

static inline long follow_hugetlb_page(struct mm_struct *mm, struct vm_area_struct *vma,
				       struct page **pages, struct vm_area_struct **mappings,
				       unsigned long *position, unsigned long *nr_pages, long i,
				       unsigned int flags, int *nonblocking)
{
	(void)mm, (void)vma, (void)pages, (void)mappings, (void)position, (void)nr_pages;
	(void)i, (void)flags, (void)nonblocking;
	vmsim_bug(__FILE__, __LINE__, "hugetlb is not modelled");
}

/* What the library does not have, since nobody calls it. */
struct page *follow_page(struct vm_area_struct *vma, unsigned long address,
			 unsigned int foll_flags);
long faultin_vma_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			    bool write, int *locked);

#endif
