// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <mm/internal.h>

/*
 * From an address to a page that is mapped there, under the locks. Behaviour of mm/gup.c, Linux
 * 6.12. NULL: there is no page yet that would do, and a fault may bring one.
 */

/* Who dumps core wants no page where there certainly is none: a fault would make one of zeroes. */
static struct page *no_page_table(struct vm_area_struct *vma, unsigned int flags)
{
	bool would_be_zero = vma_is_anonymous(vma) || !vma->vm_ops->fault;

	return flags & FOLL_DUMP && would_be_zero ? ERR_PTR(-EFAULT) : NULL;
}

/**
 * can_follow_write_pte() - may the page behind an entry be written through it?
 * @pte: the entry
 * @page: the page, or NULL for what has none
 * @vma: its mapping
 * @flags: FOLL_*
 *
 * With FOLL_FORCE also where the program itself may not write. It must be a page that nobody else
 * can see: private, and exclusive, so that no copy comes between it and the program. No other sign
 * counts: what an earlier fault achieved may be gone again (M01). A fault that soft-dirty bits wait
 * for has to come first.
 *
 * Context: page-table lock held.
 */
__vmsim_overridable bool can_follow_write_pte(pte_t pte, struct page *page,
					      struct vm_area_struct *vma, unsigned int flags)
{
	if (pte_write(pte))
		return true;
	if (!(flags & FOLL_FORCE) || vma->vm_flags & (VM_MAYSHARE | VM_SHARED | VM_WRITE))
		return false;
	if (!(vma->vm_flags & VM_MAYWRITE) || !page || !PageAnon(page) || !PageAnonExclusive(page))
		return false;
	return !pte_needs_soft_dirty_wp(vma, pte);
}

/* What is mapped there is no memory that is counted; the entry is made young and dirty. */
static struct page *follow_uncounted(struct vm_area_struct *vma, unsigned long address, pte_t *ptep,
				     unsigned int flags)
{
	pte_t old = ptep_get(ptep);
	pte_t entry = pte_mkyoung(flags & FOLL_WRITE ? pte_mkdirty(old) : old);

	if (flags & FOLL_TOUCH && !pte_same(old, entry))
		set_pte_at(vma->vm_mm, address, ptep, entry);
	return ERR_PTR(-EEXIST);
}

/* Before the contents of a page are used, it is noted that they are. */
static void touch(struct page *page, pte_t pte, unsigned int flags)
{
	struct folio *folio = page_folio(page);

	if (flags & FOLL_WRITE && !pte_dirty(pte) && !folio_test_dirty(folio))
		set_page_dirty(page);
	folio_mark_accessed(folio);
}

/* The page of a present entry whose lock is held. */
static struct page *follow_entry(struct vm_area_struct *vma, unsigned long address, pte_t *ptep,
				 pte_t pte, unsigned int flags)
{
	struct page *page = vm_normal_page(vma, address, pte);
	int err;

	if (flags & FOLL_WRITE && !can_follow_write_pte(pte, page, vma, flags))
		return NULL;
	if (!page && flags & FOLL_DUMP)
		return ERR_PTR(-EFAULT);
	if (!page && !is_zero_pfn(pte_pfn(pte)))
		return follow_uncounted(vma, address, ptep, flags);
	if (!page)
		page = pte_page(pte);
	if (!pte_write(pte) && gup_must_unshare(vma, flags, page))
		return ERR_PTR(-EMLINK);
	VM_BUG_ON_PAGE(flags & FOLL_PIN && PageAnon(page) && !PageAnonExclusive(page), page);
	err = try_grab_folio(page_folio(page), 1, flags);
	if (unlikely(err))
		return ERR_PTR(err);
	if (flags & FOLL_TOUCH)
		touch(page, pte, flags);
	return page;
}

/**
 * follow_page_pte() - the page that one entry maps
 * @vma: mapping
 * @address: address in it
 * @pmd: entry above, which points to a table or did so
 * @flags: FOLL_*
 * @pgmap: unused
 *
 * Context: mmap_lock held.
 * Return: the page, with what @flags ask for; NULL: fault first; -EMLINK: unshare first; -EEXIST:
 * what is mapped has no page; -EFAULT; -EINVAL; -ENOMEM.
 */
__vmsim_overridable struct page *follow_page_pte(struct vm_area_struct *vma, unsigned long address,
						 pmd_t *pmd, unsigned int flags,
						 struct dev_pagemap **pgmap)
{
	struct page *page = NULL;
	spinlock_t *ptl;
	pte_t *ptep;
	pte_t pte;

	(void)pgmap;
	if (WARN_ON_ONCE((flags & (FOLL_PIN | FOLL_GET)) == (FOLL_PIN | FOLL_GET)))
		return ERR_PTR(-EINVAL);
	ptep = pte_offset_map_lock(vma->vm_mm, pmd, address, &ptl);
	if (!ptep)
		return no_page_table(vma, flags);
	pte = ptep_get(ptep);
	if (pte_none(pte))
		page = no_page_table(vma, flags);
	else if (pte_present(pte) && (!pte_protnone(pte) || gup_can_follow_protnone(vma, flags)))
		page = follow_entry(vma, address, ptep, pte, flags);
	pte_unmap_unlock(ptep, ptl);
	return page;
}

/**
 * follow_page_mask() - the page that is mapped at an address
 * @vma: mapping
 * @address: address in it
 * @flags: FOLL_*
 * @ctx: what a leaf would say; huge pages are not modelled
 *
 * Context: mmap_lock held.
 * Return: as follow_page_pte().
 */
__vmsim_overridable struct page *follow_page_mask(struct vm_area_struct *vma, unsigned long address,
						  unsigned int flags,
						  struct follow_page_context *ctx)
{
	pmd_t *pmd = mm_find_pmd(vma->vm_mm, address);

	ctx->page_mask = 0;
	if (!pmd || !pmd_present(pmdp_get_lockless(pmd)))
		return no_page_table(vma, flags);
	return follow_page_pte(vma, address, pmd, flags, &ctx->pgmap);
}
