// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/swap.h>
#include <linux/highmem.h>
#include <linux/rmap.h>

/*
 * What a fork does with single entries. Behaviour of mm/memory.c, Linux 6.12. Both page-table locks
 * are held, the child's first.
 */

/**
 * __copy_present_ptes() - gives the child the parent's entries
 * @dst_vma: mapping of the child
 * @src_vma: mapping of the parent
 * @dst_pte: first entry of the child, empty
 * @src_pte: first entry of the parent
 * @pte: its value; with the right to write if any of the entries has it
 * @addr: first address
 * @nr: number of entries that map consecutive pages of one folio
 *
 * From now on who writes to private memory faults, on both sides. What CPUs have cached of the
 * parent's is flushed at the end of the fork (R13).
 */
__vmsim_overridable void __copy_present_ptes(struct vm_area_struct *dst_vma,
					     struct vm_area_struct *src_vma, pte_t *dst_pte,
					     pte_t *src_pte, pte_t pte, unsigned long addr, int nr)
{
	if (is_cow_mapping(src_vma->vm_flags) && pte_write(pte)) {
		wrprotect_ptes(src_vma->vm_mm, addr, src_pte, (unsigned int)nr);
		pte = pte_wrprotect(pte);
	}
	/* What the parent has made dirty the parent's entry tells of. */
	if (src_vma->vm_flags & VM_SHARED)
		pte = pte_mkclean(pte);
	set_ptes(dst_vma->vm_mm, addr, dst_pte, pte_mkold(pte), (unsigned int)nr);
}

/**
 * copy_present_page() - gives the child a copy of a page that must stay the parent's
 * @dst_vma: mapping of the child
 * @src_vma: mapping of the parent
 * @dst_pte: entry of the child, empty
 * @src_pte: entry of the parent
 * @addr: address
 * @rss: counters of the child, booked by the caller
 * @prealloc: a folio for the copy, used up on success; NULL in it: none yet
 * @page: the parent's page
 *
 * Return: 0; -EAGAIN: allocate a folio, without the locks, and come back.
 */
__vmsim_overridable int copy_present_page(struct vm_area_struct *dst_vma,
					  struct vm_area_struct *src_vma, pte_t *dst_pte,
					  pte_t *src_pte, unsigned long addr, int *rss,
					  struct folio **prealloc, struct page *page)
{
	struct folio *copy = *prealloc;
	pte_t entry;

	(void)src_vma, (void)src_pte;
	if (!copy)
		return -EAGAIN;
	*prealloc = NULL;
	copy_user_highpage(&copy->page, page, addr, src_vma);
	__folio_set_uptodate(copy);
	folio_add_new_anon_rmap(copy, dst_vma, addr, RMAP_EXCLUSIVE);
	folio_add_lru_vma(copy, dst_vma);
	rss[MM_ANONPAGES]++;
	entry = pte_mkdirty(mk_pte(&copy->page, dst_vma->vm_page_prot));
	set_pte_at(dst_vma->vm_mm, addr, dst_pte, maybe_mkwrite(entry, dst_vma));
	return 0;
}

/* Takes references and counts mappings for the child; -EBUSY: the pages must stay the parent's. */
static int share(struct folio *folio, struct page *page, int nr, struct vm_area_struct *src_vma,
		 int *rss)
{
	folio_ref_add(folio, nr);
	if (!folio_test_anon(folio)) {
		folio_dup_file_rmap_ptes(folio, page, nr);
		rss[mm_counter_file(folio)] += nr;
		return 0;
	}
	if (unlikely(folio_try_dup_anon_rmap_ptes(folio, page, nr, src_vma))) {
		folio_ref_sub(folio, nr);
		return -EBUSY;
	}
	rss[MM_ANONPAGES] += nr;
	return 0;
}

/* How many entries from @src_pte on can be shared at once. */
static int run_length(struct vm_area_struct *src_vma, struct folio *folio, pte_t *src_pte,
		      pte_t pte, unsigned long addr, int max_nr, bool *any_writable)
{
	fpb_t flags = vma_soft_dirty_enabled(src_vma) ? 0 : FPB_IGNORE_SOFT_DIRTY;

	if (src_vma->vm_flags & VM_SHARED)
		flags |= FPB_IGNORE_DIRTY;
	return folio_pte_batch(folio, addr, src_pte, pte, max_nr, flags, any_writable, NULL, NULL);
}

/**
 * copy_present_ptes() - copies a present entry, and those after it that map the same folio
 * @dst_vma: mapping of the child
 * @src_vma: mapping of the parent
 * @dst_pte: first entry of the child, empty
 * @src_pte: first entry of the parent
 * @pte: its value
 * @addr: first address
 * @max_nr: entries up to the end of the range
 * @rss: counters of the child, booked by the caller
 * @prealloc: a folio for one copy, NULL in it: none
 *
 * Return: the number of entries that are dealt with; -EAGAIN: a folio for a copy is needed.
 */
__vmsim_overridable int copy_present_ptes(struct vm_area_struct *dst_vma,
					  struct vm_area_struct *src_vma, pte_t *dst_pte,
					  pte_t *src_pte, pte_t pte, unsigned long addr, int max_nr,
					  int *rss, struct folio **prealloc)
{
	struct page *page = vm_normal_page(src_vma, addr, pte);
	bool any_writable = false;
	struct folio *folio;
	int nr = 1, err;

	if (!page) {
		/* The zero page: nobody counts it. */
		__copy_present_ptes(dst_vma, src_vma, dst_pte, src_pte, pte, addr, 1);
		return 1;
	}
	folio = page_folio(page);
	/* With a folio for a copy at hand, one entry is likely to need it. */
	if (unlikely(folio_test_large(folio) && !*prealloc && max_nr != 1))
		nr = run_length(src_vma, folio, src_pte, pte, addr, max_nr, &any_writable);
	if (unlikely(share(folio, page, nr, src_vma, rss))) {
		if (nr > 1)
			return -EAGAIN;
		err = copy_present_page(dst_vma, src_vma, dst_pte, src_pte, addr, rss, prealloc,
					page);
		return err ? err : 1;
	}
	if (any_writable)
		pte = pte_mkwrite(pte, src_vma);
	__copy_present_ptes(dst_vma, src_vma, dst_pte, src_pte, pte, addr, nr);
	return nr;
}
