// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"

/*
 * Finds the entries of one VMA that map one folio. Entries are looked at where the folio's offset
 * says that they should be; whether they are is seen under their PTL only.
 */

static void skip_to(struct page_vma_mapped_walk *pvmw, unsigned long size)
{
	pvmw->address = ALIGN_DOWN(pvmw->address, size) + size;
}

/* Sets pvmw->pmd to the entry for pvmw->address; false, and goes on, where there is none. */
static bool find_pmd(struct page_vma_mapped_walk *pvmw)
{
	pgd_t *pgd = pgd_offset(pvmw->vma->vm_mm, pvmw->address);
	p4d_t *p4d;
	pud_t *pud;

	if (!pgd_present(pgdp_get(pgd))) {
		skip_to(pvmw, PGDIR_SIZE);
		return false;
	}
	p4d = p4d_offset(pgd, pvmw->address);
	if (!p4d_present(p4dp_get(p4d))) {
		skip_to(pvmw, P4D_SIZE);
		return false;
	}
	pud = pud_offset(p4d, pvmw->address);
	if (!pud_present(pudp_get(pud))) {
		skip_to(pvmw, PUD_SIZE);
		return false;
	}
	pvmw->pmd = pmd_offset(pud, pvmw->address);
	return true;
}

/*
 * Enters the table for pvmw->address: with its lock under PVMW_SYNC, else without; *@ptl is the
 * lock in both cases. False where there is no table, or none any more: look again.
 */
static bool enter_table(struct page_vma_mapped_walk *pvmw, spinlock_t **ptl)
{
	struct mm_struct *mm = pvmw->vma->vm_mm;
	pmd_t pmd;

	if (!find_pmd(pvmw))
		return false;
	pmd = pmdp_get_lockless(pvmw->pmd);
	if (!pmd_present(pmd)) {
		skip_to(pvmw, PMD_SIZE);
		return false;
	}
	if (pmd_leaf(pmd))
		vmsim_bug(__FILE__, __LINE__, "PMD mappings are not modelled");

	if (pvmw->flags & PVMW_SYNC) {
		pvmw->pte = pte_offset_map_lock(mm, pvmw->pmd, pvmw->address, ptl);
		pvmw->ptl = pvmw->pte ? *ptl : NULL;
	} else {
		pvmw->pte = pte_offset_map_nolock(mm, pvmw->pmd, pvmw->address, ptl);
	}
	return pvmw->pte != NULL;
}

static void leave_table(struct page_vma_mapped_walk *pvmw)
{
	if (pvmw->ptl)
		spin_unlock(pvmw->ptl);
	if (pvmw->pte)
		pte_unmap(pvmw->pte);
	pvmw->ptl = NULL;
	pvmw->pte = NULL;
}

static void next_entry(struct page_vma_mapped_walk *pvmw)
{
	pvmw->address += PAGE_SIZE;
	if (IS_ALIGNED(pvmw->address, PMD_SIZE))
		leave_table(pvmw);
	else
		pvmw->pte++;
}

static bool maps_folio(struct page_vma_mapped_walk *pvmw)
{
	pte_t pte = ptep_get(pvmw->pte);

	return pte_present(pte) && pte_pfn(pte) >= pvmw->pfn &&
	       pte_pfn(pte) < pvmw->pfn + pvmw->nr_pages;
}

/*
 * Looks at the current entry. Without PVMW_SYNC an entry that looks empty is believed to be: that
 * is too early where a zap has cleared it and not yet dropped the map count (732ed55823fc).
 */
static bool check_entry(struct page_vma_mapped_walk *pvmw, spinlock_t *ptl)
{
	if (!pvmw->ptl) {
		if (!pte_present(ptep_get(pvmw->pte)))
			return false;
		spin_lock(ptl);
		pvmw->ptl = ptl;
	}
	return maps_folio(pvmw);
}

/**
 * page_vma_mapped_walk() - the next entry that maps the folio in the VMA
 * @pvmw: made with DEFINE_FOLIO_VMA_WALK(); its address is where the folio should be first
 *
 * While it returns true, ->pte and ->address are the entry, and its PTL is held. When it returns
 * false, nothing is. PMD mappings and swap entries are not modelled.
 *
 * Return: whether there is one. Source: Linux 6.12, mm/page_vma_mapped.c.
 */
__vmsim_overridable bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw)
{
	unsigned long end = vma_address_end(pvmw);
	spinlock_t *ptl = pvmw->ptl;

	VM_BUG_ON(pvmw->flags & PVMW_MIGRATION);
	if (pvmw->pte) {
		/* A single page has one place. */
		if (pvmw->nr_pages == 1)
			goto none;
		next_entry(pvmw);
	}
	while (pvmw->address < end) {
		if (!pvmw->pte && !enter_table(pvmw, &ptl))
			continue;
		if (check_entry(pvmw, ptl))
			return true;
		next_entry(pvmw);
	}
none:
	page_vma_mapped_walk_done(pvmw);
	return false;
}

/** page_vma_mapped_walk_done() - gives up a walk that has not returned false */
__vmsim_overridable void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw)
{
	leave_table(pvmw);
}
