// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/swap.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <asm/pgalloc.h>

/*
 * First access to a page of a file mapping. Behaviour of mm/memory.c, Linux 6.12.
 */

#define FAILED (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY)

/**
 * __do_fault() - gets the page from the file
 * @vmf: the fault; @vmf->page is set, referenced and locked
 *
 * The PTE table is made first: with the folio locked, an allocation that waits for writeback could
 * wait for us.
 */
__vmsim_overridable vm_fault_t __do_fault(struct vm_fault *vmf)
{
	vm_fault_t ret;

	if (pte_alloc(vmf->vma->vm_mm, vmf->pmd))
		return VM_FAULT_OOM;
	ret = vmf->vma->vm_ops->fault(vmf);
	if (unlikely(ret & (FAILED | VM_FAULT_DONE_COW)))
		return ret;
	if (unlikely(!(ret & VM_FAULT_LOCKED))) {
		folio_lock(page_folio(vmf->page));
		ret |= VM_FAULT_LOCKED;
	}
	VM_BUG_ON_PAGE(!PageLocked(vmf->page), vmf->page);
	return ret;
}

/**
 * set_pte_range() - maps consecutive pages of a folio
 * @vmf: the fault; @vmf->pte: first entry, empty
 * @folio: the folio
 * @page: first page
 * @nr: number of pages
 * @addr: first address
 *
 * The mapping consumes references of the caller. A private write maps a copy: a new anonymous page.
 *
 * Context: page-table lock held.
 */
__vmsim_overridable void set_pte_range(struct vm_fault *vmf, struct folio *folio, struct page *page,
				       unsigned int nr, unsigned long addr)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t entry = mk_pte(page, vma->vm_page_prot);
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	bool is_copy = write && !(vma->vm_flags & VM_SHARED);

	VM_BUG_ON_FOLIO(is_copy && nr != 1, folio);
	if (write)
		entry = maybe_mkwrite(pte_mkdirty(entry), vma);
	if (!is_copy) {
		folio_add_file_rmap_ptes(folio, page, nr, vma);
	} else {
		folio_add_new_anon_rmap(folio, vma, addr, RMAP_EXCLUSIVE);
		folio_add_lru_vma(folio, vma);
	}
	set_ptes(vma->vm_mm, addr, vmf->pte, entry, nr);
}

/**
 * finish_fault() - maps the page that a fault has got
 * @vmf: the fault; @vmf->page, or @vmf->cow_page for a private write
 *
 * Context: the page is locked.
 * Return: 0, the reference went into the mapping; VM_FAULT_NOPAGE: somebody else was first.
 */
__vmsim_overridable vm_fault_t finish_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	bool copied = vmf->flags & FAULT_FLAG_WRITE && !(vma->vm_flags & VM_SHARED);
	struct page *page = copied ? vmf->cow_page : vmf->page;
	struct folio *folio = page_folio(page);
	bool first;

	if (pte_alloc(vma->vm_mm, vmf->pmd))
		return VM_FAULT_OOM;
	vmf->pte = pte_offset_map_lock(vma->vm_mm, vmf->pmd, vmf->address, &vmf->ptl);
	if (!vmf->pte)
		return VM_FAULT_NOPAGE;
	first = !vmf_pte_changed(vmf);
	if (likely(first)) {
		set_pte_range(vmf, folio, page, 1, vmf->address);
		inc_mm_counter(vma->vm_mm, copied ? MM_ANONPAGES : mm_counter_file(folio));
	}
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return first ? 0 : VM_FAULT_NOPAGE;
}

/**
 * do_fault_around() - maps what the page cache has around the address
 * @vmf: the fault
 *
 * The window is the naturally aligned one of 16 pages, as far as the mapping and the PTE table
 * reach.
 *
 * Return: VM_FAULT_NOPAGE: the page of the fault itself was among them; 0; VM_FAULT_OOM.
 */
__vmsim_overridable vm_fault_t do_fault_around(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	const unsigned long window = VMSIM_FAULT_AROUND_PAGES << PAGE_SHIFT;
	unsigned long low = ALIGN_DOWN(vmf->address, window);
	unsigned long high, table_end = (vmf->address & PMD_MASK) + PMD_SIZE;

	/* Clipped at its start, the window keeps its length: it is counted from there. */
	low = max(low, vma->vm_start);
	low = max(low, vmf->address & PMD_MASK);
	high = min(low + window, min(vma->vm_end, table_end));
	if (pte_alloc(vma->vm_mm, vmf->pmd))
		return VM_FAULT_OOM;
	return vma->vm_ops->map_pages(vmf, vmf->pgoff - ((vmf->address - low) >> PAGE_SHIFT),
				      vmf->pgoff + ((high - 1 - vmf->address) >> PAGE_SHIFT));
}

/**
 * do_read_fault() - first access, reading
 * @vmf: the fault
 */
__vmsim_overridable vm_fault_t do_read_fault(struct vm_fault *vmf)
{
	struct folio *folio;
	vm_fault_t ret;

	if (vmf->vma->vm_ops->map_pages) {
		ret = do_fault_around(vmf);
		if (ret) {
			if (ret == VM_FAULT_NOPAGE)
				vmsim_fault_took(vmf, VMSIM_FAULT_FILE_READ);
			return ret;
		}
	}
	ret = __do_fault(vmf);
	if (unlikely(ret & FAILED))
		return ret;
	ret |= finish_fault(vmf);
	folio = page_folio(vmf->page);
	folio_unlock(folio);
	if (unlikely(ret & FAILED)) {
		folio_put(folio);
		if (ret & VM_FAULT_NOPAGE)
			vmsim_fault_took(vmf, VMSIM_FAULT_SPURIOUS);
		return ret;
	}
	vmsim_fault_took(vmf, VMSIM_FAULT_FILE_READ);
	return ret;
}

/**
 * do_cow_fault() - first access, writing to private memory: a copy of the file's page
 * @vmf: the fault
 */
__vmsim_overridable vm_fault_t do_cow_fault(struct vm_fault *vmf)
{
	struct folio *copy, *source;
	vm_fault_t ret;

	if (unlikely(vmf_anon_prepare(vmf)))
		return VM_FAULT_OOM;
	copy = folio_alloc(GFP_HIGHUSER_MOVABLE, 0);
	if (unlikely(!copy))
		return VM_FAULT_OOM;
	vmf->cow_page = &copy->page;
	ret = __do_fault(vmf);
	if (unlikely(ret & FAILED)) {
		folio_put(copy);
		return ret;
	}
	source = page_folio(vmf->page);
	copy_user_highpage(vmf->cow_page, vmf->page, vmf->address, vmf->vma);
	__folio_set_uptodate(copy);
	ret |= finish_fault(vmf);
	folio_unlock(source);
	folio_put(source);
	if (unlikely(ret & FAILED)) {
		folio_put(copy);
		if (ret & VM_FAULT_NOPAGE)
			vmsim_fault_took(vmf, VMSIM_FAULT_SPURIOUS);
		return ret;
	}
	vmf->page = vmf->cow_page;
	vmsim_fault_took(vmf, VMSIM_FAULT_FILE_COW);
	return ret;
}

/**
 * do_page_mkwrite() - tells the file that a page is about to be written to
 * @vmf: the fault; @vmf->page is the page
 * @folio: its folio, referenced, not locked
 *
 * Return: VM_FAULT_LOCKED: the folio is locked, go on; 0: it has left the file, try again;
 * VM_FAULT_*: failed.
 */
__vmsim_overridable vm_fault_t do_page_mkwrite(struct vm_fault *vmf, struct folio *folio)
{
	enum fault_flag flags = vmf->flags;
	vm_fault_t ret;

	vmf->flags = FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE;
	ret = vmf->vma->vm_ops->page_mkwrite(vmf);
	vmf->flags = flags;
	if (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_LOCKED))
		return ret;
	folio_lock(folio);
	if (folio->mapping)
		return ret | VM_FAULT_LOCKED;
	folio_unlock(folio);
	return 0;
}

/**
 * fault_dirty_shared_page() - the page is mapped writable: so it counts as dirty
 * @vmf: the fault; @vmf->page is locked, and unlocked here
 */
__vmsim_overridable vm_fault_t fault_dirty_shared_page(struct vm_fault *vmf)
{
	struct folio *folio = page_folio(vmf->page);

	VM_BUG_ON_FOLIO(folio_test_anon(folio), folio);
	folio_mark_dirty(folio);
	folio_unlock(folio);
	/* The kernel slows the writer down here; nothing is to be modelled of that. */
	return 0;
}

/**
 * do_shared_fault() - first access, writing to shared memory
 * @vmf: the fault
 */
__vmsim_overridable vm_fault_t do_shared_fault(struct vm_fault *vmf)
{
	vm_fault_t ret = __do_fault(vmf);
	struct folio *folio;

	if (unlikely(ret & FAILED))
		return ret;
	folio = page_folio(vmf->page);
	if (vmf->vma->vm_ops->page_mkwrite) {
		vm_fault_t allowed;

		folio_unlock(folio);
		allowed = do_page_mkwrite(vmf, folio);
		if (unlikely(!(allowed & VM_FAULT_LOCKED) || allowed & FAILED)) {
			folio_put(folio);
			return allowed;
		}
	}
	ret |= finish_fault(vmf);
	if (unlikely(ret & FAILED)) {
		folio_unlock(folio);
		folio_put(folio);
		if (ret & VM_FAULT_NOPAGE)
			vmsim_fault_took(vmf, VMSIM_FAULT_SPURIOUS);
		return ret;
	}
	ret |= fault_dirty_shared_page(vmf);
	vmsim_fault_took(vmf, VMSIM_FAULT_FILE_SHARED);
	return ret;
}

/**
 * do_fault() - first access to a page of a file mapping
 * @vmf: the fault
 */
__vmsim_overridable vm_fault_t do_fault(struct vm_fault *vmf)
{
	vm_fault_t ret;

	if (unlikely(!vmf->vma->vm_ops->fault))
		ret = VM_FAULT_SIGBUS;
	else if (!(vmf->flags & FAULT_FLAG_WRITE))
		ret = do_read_fault(vmf);
	else if (!(vmf->vma->vm_flags & VM_SHARED))
		ret = do_cow_fault(vmf);
	else
		ret = do_shared_fault(vmf);
	/* Only a replacement of one of the handlers makes a table ahead. */
	if (vmf->prealloc_pte) {
		pte_free(vmf->vma->vm_mm, vmf->prealloc_pte);
		vmf->prealloc_pte = NULL;
	}
	return ret;
}
