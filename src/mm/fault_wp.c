// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/swap.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>

/*
 * Writes to pages that are mapped read-only. Behaviour of mm/memory.c, Linux 6.12.
 */

/**
 * wp_page_reuse() - makes the entry writable in place
 * @vmf: the fault; entry mapped and locked, unlocked here
 * @folio: the folio, or NULL for what has none
 */
__vmsim_overridable void wp_page_reuse(struct vm_fault *vmf, struct folio *folio)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t entry = maybe_mkwrite(pte_mkdirty(pte_mkyoung(vmf->orig_pte)), vma);

	VM_BUG_ON(!(vmf->flags & FAULT_FLAG_WRITE));
	VM_WARN_ON(is_zero_pfn(pte_pfn(vmf->orig_pte)));
	/* Two owners of a writable anonymous page must not be (R12). */
	VM_BUG_ON(folio && folio_test_anon(folio) && !PageAnonExclusive(vmf->page));
	/* More rights than before need no flush (R4). */
	if (ptep_set_access_flags(vma, vmf->address, vmf->pte, entry, 1))
		update_mmu_cache_range(vmf, vma, vmf->address, vmf->pte, 1);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
}

/**
 * finish_mkwrite_fault() - makes the entry writable after the file has agreed
 * @vmf: the fault
 * @folio: the folio, locked
 *
 * Return: 0, or VM_FAULT_NOPAGE: the entry has changed meanwhile.
 */
__vmsim_overridable vm_fault_t finish_mkwrite_fault(struct vm_fault *vmf, struct folio *folio)
{
	WARN_ON_ONCE(!(vmf->vma->vm_flags & VM_SHARED));
	vmf->pte = pte_offset_map_lock(vmf->vma->vm_mm, vmf->pmd, vmf->address, &vmf->ptl);
	if (!vmf->pte)
		return VM_FAULT_NOPAGE;
	if (unlikely(!pte_same(ptep_get(vmf->pte), vmf->orig_pte))) {
		pte_unmap_unlock(vmf->pte, vmf->ptl);
		return VM_FAULT_NOPAGE;
	}
	wp_page_reuse(vmf, folio);
	return 0;
}

/* Asks the file first, without the page-table lock: it may sleep. */
static vm_fault_t mkwrite_then_reuse(struct vm_fault *vmf, struct folio *folio)
{
	vm_fault_t ret;

	pte_unmap_unlock(vmf->pte, vmf->ptl);
	ret = do_page_mkwrite(vmf, folio);
	if (unlikely(!ret || ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)))
		return ret ? ret : VM_FAULT_NOPAGE;
	ret = finish_mkwrite_fault(vmf, folio);
	if (unlikely(ret))
		folio_unlock(folio);
	return ret;
}

/**
 * wp_page_shared() - write to a page of shared memory
 * @vmf: the fault; entry mapped and locked, unlocked here
 * @folio: the folio
 */
__vmsim_overridable vm_fault_t wp_page_shared(struct vm_fault *vmf, struct folio *folio)
{
	vm_fault_t ret = 0;

	folio_get(folio);
	if (vmf->vma->vm_ops && vmf->vma->vm_ops->page_mkwrite) {
		ret = mkwrite_then_reuse(vmf, folio);
	} else {
		wp_page_reuse(vmf, folio);
		folio_lock(folio);
	}
	if (likely(!ret))
		ret = fault_dirty_shared_page(vmf);
	folio_put(folio);
	if (ret & VM_FAULT_NOPAGE) {
		vmsim_fault_took(vmf, VMSIM_FAULT_SPURIOUS);
		return 0;
	}
	if (!ret)
		vmsim_fault_took(vmf, VMSIM_FAULT_MKWRITE);
	return ret;
}

/**
 * wp_can_reuse_anon_folio() - is an anonymous page nobody else's after all?
 * @folio: the folio; its page is not marked exclusive
 * @vma: mapping that wants to write
 *
 * The proof: under the folio lock, the only reference is that of this entry. Any other could be
 * another process' mapping, or a pin (R10).
 *
 * Context: page-table lock held.
 */
__vmsim_overridable bool wp_can_reuse_anon_folio(struct folio *folio, struct vm_area_struct *vma)
{
	bool alone;

	if (folio_test_large(folio) || folio_test_ksm(folio) || folio_test_swapcache(folio))
		return false;
	if (folio_ref_count(folio) != 1 || !folio_trylock(folio))
		return false;
	alone = folio_ref_count(folio) == 1 && !folio_test_ksm(folio);
	if (alone)
		folio_move_anon_rmap(folio, vma);
	folio_unlock(folio);
	return alone;
}

/* Counters: a file page or nothing (the zero page) becomes an anonymous page. */
static void account_copy(struct mm_struct *mm, struct folio *old)
{
	if (old && folio_test_anon(old))
		return;
	if (old)
		dec_mm_counter(mm, mm_counter_file(old));
	inc_mm_counter(mm, MM_ANONPAGES);
}

/*
 * Puts the copy in the old page's place (R17). Entry cleared and flushed: no CPU sees the old page
 * any more; the new page counted and mapped; only then the old one's count goes down, so that
 * nobody takes it for unshared while it is still reachable from here. Page-table lock held.
 */
static void replace(struct vm_fault *vmf, struct folio *old, struct folio *copy)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t entry = mk_pte(&copy->page, vma->vm_page_prot);

	if (!(vmf->flags & FAULT_FLAG_UNSHARE))
		entry = maybe_mkwrite(pte_mkdirty(entry), vma);
	else if (pte_soft_dirty(vmf->orig_pte))
		entry = pte_mksoft_dirty(entry);
	account_copy(vma->vm_mm, old);
	ptep_clear_flush(vma, vmf->address, vmf->pte);
	folio_add_new_anon_rmap(copy, vma, vmf->address, RMAP_EXCLUSIVE);
	folio_add_lru_vma(copy, vma);
	set_pte_at(vma->vm_mm, vmf->address, vmf->pte, entry);
	if (old)
		folio_remove_rmap_pte(old, vmf->page, vma);
}

static struct folio *alloc_copy(struct vm_fault *vmf)
{
	bool from_zero = is_zero_pfn(pte_pfn(vmf->orig_pte));
	struct folio *copy;

	copy = folio_alloc(GFP_HIGHUSER_MOVABLE | (from_zero ? __GFP_ZERO : 0), 0);
	if (!copy)
		return NULL;
	if (!from_zero)
		copy_user_highpage(&copy->page, vmf->page, vmf->address, vmf->vma);
	__folio_set_uptodate(copy);
	return copy;
}

/**
 * wp_page_copy() - gives the process a page of its own
 * @vmf: the fault; @vmf->page: the old page with a reference, dropped here; NULL: the zero page
 *
 * Context: page-table lock not held.
 * Return: 0, also where somebody else was first; VM_FAULT_OOM.
 */
__vmsim_overridable vm_fault_t wp_page_copy(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct folio *old = vmf->page ? page_folio(vmf->page) : NULL;
	struct folio *copy = NULL;
	bool unchanged = false;

	if (likely(!vmf_anon_prepare(vmf)))
		copy = alloc_copy(vmf);
	if (unlikely(!copy)) {
		if (old)
			folio_put(old);
		return VM_FAULT_OOM;
	}
	vmf->pte = pte_offset_map_lock(vma->vm_mm, vmf->pmd, vmf->address, &vmf->ptl);
	if (likely(vmf->pte)) {
		unchanged = pte_same(ptep_get(vmf->pte), vmf->orig_pte);
		if (likely(unchanged))
			replace(vmf, old, copy);
		pte_unmap_unlock(vmf->pte, vmf->ptl);
	}
	/* The mapping's reference to the old page goes too. */
	if (old)
		folio_put_refs(old, unchanged ? 2 : 1);
	if (unlikely(!unchanged))
		folio_put(copy);
	else
		vmf->page = &copy->page;
	vmsim_fault_took(vmf, unchanged ? VMSIM_FAULT_COPY : VMSIM_FAULT_SPURIOUS);
	return 0;
}

/* An anonymous page that the process may keep. Page-table lock held. */
static bool may_keep(struct vm_fault *vmf, struct folio *folio)
{
	if (!folio || !folio_test_anon(folio))
		return false;
	if (PageAnonExclusive(vmf->page))
		return true;
	if (!wp_can_reuse_anon_folio(folio, vmf->vma))
		return false;
	SetPageAnonExclusive(vmf->page);
	return true;
}

/**
 * do_wp_page() - write to a page that is mapped read-only
 * @vmf: the fault; entry mapped and locked, unlocked here
 *
 * Return: VM_FAULT_*.
 */
__vmsim_overridable vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct folio *folio = NULL;

	vmf->page = vm_normal_page(vma, vmf->address, vmf->orig_pte);
	if (vmf->page)
		folio = page_folio(vmf->page);
	if (vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) {
		if (likely(folio))
			return wp_page_shared(vmf, folio);
		/* Shared mappings of what is no memory are not modelled. */
		pte_unmap_unlock(vmf->pte, vmf->ptl);
		return VM_FAULT_SIGBUS;
	}
	if (may_keep(vmf, folio)) {
		if (unlikely(vmf->flags & FAULT_FLAG_UNSHARE))
			pte_unmap_unlock(vmf->pte, vmf->ptl);
		else
			wp_page_reuse(vmf, folio);
		vmsim_fault_took(vmf, VMSIM_FAULT_REUSE);
		return 0;
	}
	if (folio)
		folio_get(folio);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return wp_page_copy(vmf);
}
