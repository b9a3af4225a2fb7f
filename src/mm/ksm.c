// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "rmap/internal.h"
#include <asm/tlbflush.h>
#include <linux/ksm.h>
#include <linux/mm_inline.h>
#include <linux/pagemap.h>
#include <linux/swap.h>

/*
 * Two pages of equal content become one. What is compared must not change any more: so the page is
 * made read-only first, for programs and for everybody who came by its address (A04, M10).
 * Behaviour of mm/ksm.c, Linux 6.12.
 */

/* Has anybody but mappings, the swap cache and the caller a reference? */
static bool is_held(const struct folio *folio)
{
	return folio_ref_count(folio) != folio_mapcount(folio) + 1 + folio_test_swapcache(folio);
}

/*
 * An entry that forbids writing and is clean says nothing of TLBs while a flush is pending (R14).
 * And who has a page alone may have pinned it.
 */
static bool may_be_written(struct mm_struct *mm, const struct page *page, pte_t entry)
{
	return pte_write(entry) || pte_dirty(entry) || PageAnonExclusive(page) ||
	       mm_tlb_flush_pending(mm);
}

/*
 * Clears the entry before it looks for others: GUP-fast takes its reference without a lock, and
 * then looks at the entry again (R11). False: there are others; the entry is as it was.
 */
static bool protect_entry(struct page_vma_mapped_walk *pvmw, struct folio *folio, pte_t *entry)
{
	struct mm_struct *mm = pvmw->vma->vm_mm;
	struct page *page = &folio->page;
	bool alone;

	*entry = ptep_clear_flush(pvmw->vma, pvmw->address, pvmw->pte);
	alone = !is_held(folio) &&
		!(PageAnonExclusive(page) && folio_try_share_anon_rmap_pte(folio, page));
	if (alone) {
		if (pte_dirty(*entry))
			folio_mark_dirty(folio);
		*entry = pte_wrprotect(pte_mkclean(*entry));
	}
	set_pte_at(mm, pvmw->address, pvmw->pte, *entry);
	return alone;
}

/**
 * write_protect_page() - sees to it that nobody writes to a page through a mapping
 * @vma: the mapping
 * @folio: the folio, of one page, locked; the caller has a reference
 * @orig_pte: set to the entry, clean and read-only
 *
 * Context: mmap_lock held.
 * Source: mm/ksm.c, Linux 6.12, where it is static.
 * Return: 0; -EFAULT: not mapped there, or somebody else has a reference.
 */
__vmsim_overridable int write_protect_page(struct vm_area_struct *vma, struct folio *folio,
					   pte_t *orig_pte)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, 0, 0);
	bool done = true;
	pte_t entry;

	if (WARN_ON_ONCE(folio_test_large(folio)))
		return -EFAULT;
	pvmw.address = page_address_in_vma(&folio->page, vma);
	if (pvmw.address == (unsigned long)-EFAULT || !page_vma_mapped_walk(&pvmw))
		return -EFAULT;
	entry = ptep_get(pvmw.pte);
	if (may_be_written(vma->vm_mm, &folio->page, entry))
		done = protect_entry(&pvmw, folio, &entry);
	page_vma_mapped_walk_done(&pvmw);
	if (!done)
		return -EFAULT;
	*orig_pte = entry;
	return 0;
}

/* Context: page-table lock held. */
static void exchange(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, struct page *page,
		     struct page *kpage)
{
	VM_BUG_ON_PAGE(PageAnonExclusive(page), page);
	VM_BUG_ON_PAGE(PageAnonExclusive(kpage), kpage);
	get_page(kpage);
	folio_add_anon_rmap_pte(page_folio(kpage), kpage, vma, addr, RMAP_NONE);
	ptep_clear_flush(vma, addr, ptep);
	set_pte_at(vma->vm_mm, addr, ptep, mk_pte(kpage, vma->vm_page_prot));
	folio_remove_rmap_pte(page_folio(page), page, vma);
	put_page(page);
}

/**
 * replace_page() - puts another page in the place of one that has the same content
 * @vma: the mapping
 * @page: the page, locked; the caller has a reference
 * @kpage: the other one, of KSM; the caller has a reference
 * @orig_pte: what write_protect_page() found; any other entry means that the program has written
 *
 * Context: mmap_lock held.
 * Source: mm/ksm.c, Linux 6.12, where it is static.
 * Return: 0; -EFAULT: not mapped there, or the entry has changed.
 */
__vmsim_overridable int replace_page(struct vm_area_struct *vma, struct page *page,
				     struct page *kpage, pte_t orig_pte)
{
	unsigned long addr = page_address_in_vma(page, vma);
	pte_t *ptep = NULL;
	spinlock_t *ptl;
	pmd_t *pmd;
	bool same;

	pmd = addr == (unsigned long)-EFAULT ? NULL : mm_find_pmd(vma->vm_mm, addr);
	if (pmd)
		ptep = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!ptep)
		return -EFAULT;
	same = pte_same(ptep_get(ptep), orig_pte);
	if (same)
		exchange(vma, addr, ptep, page, kpage);
	pte_unmap_unlock(ptep, ptl);
	return same ? 0 : -EFAULT;
}

/* The page itself becomes KSM's. Reclaim must not take it for one that can be forgotten. */
static void keep_page(struct page *page)
{
	vmsim_ksm_begin(page_folio(page));
	mark_page_accessed(page);
	if (!PageDirty(page))
		SetPageDirty(page);
}

static int merge_locked(struct vm_area_struct *vma, struct page *page, struct page *kpage)
{
	pte_t orig_pte;

	/* Large folios are not split. */
	if (folio_test_large(page_folio(page)) ||
	    write_protect_page(vma, page_folio(page), &orig_pte))
		return -EFAULT;
	if (!kpage) {
		keep_page(page);
		return 0;
	}
	return pages_identical(page, kpage) ? replace_page(vma, page, kpage, orig_pte) : -EFAULT;
}

/**
 * try_to_merge_one_page() - merges a page into one of KSM, or makes it one
 * @vma: mapping that has the page
 * @page: the page; the caller has a reference
 * @kpage: the page of KSM; NULL: @page becomes one
 *
 * Context: mmap_lock held. Does not wait for the folio lock.
 * Source: mm/ksm.c, Linux 6.12, where it is static.
 * Return: 0; -EFAULT: not now, or they differ.
 */
__vmsim_overridable int try_to_merge_one_page(struct vm_area_struct *vma, struct page *page,
					      struct page *kpage)
{
	int err;

	/* Both addresses were merged before, or one is the other's copy by a fork. */
	if (page == kpage)
		return 0;
	if (!PageAnon(page) || !folio_trylock(page_folio(page)))
		return -EFAULT;
	err = merge_locked(vma, page, kpage);
	folio_unlock(page_folio(page));
	return err;
}
