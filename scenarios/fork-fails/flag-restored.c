// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/rmap.h>
#include <asm/tlbflush.h>

/*
 * Override, a mutation: after a failure the parent's pages are marked exclusive again, for there is
 * no child; but its entries are still there, and go only with mmput().
 */

#define AREA 0x10000000UL

static void restore(struct mm_struct *mm)
{
	pud_t *pud = pud_offset(p4d_offset(pgd_offset(mm, AREA), AREA), AREA);
	spinlock_t *ptl;
	pte_t *pte = pte_offset_map_lock(mm, pmd_offset(pud, AREA), AREA, &ptl);

	if (!pte)
		return;
	if (pte_present(ptep_get(pte)))
		SetPageAnonExclusive(pfn_to_page(pte_pfn(ptep_get(pte))));
	pte_unmap_unlock(pte, ptl);
}

int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	int err;

	mmap_write_lock(oldmm);
	mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING);
	err = vmsim_dup_mappings(mm, oldmm);
	mmap_write_unlock(mm);
	if (err)
		restore(oldmm);
	flush_tlb_mm(oldmm);
	mmap_write_unlock(oldmm);
	return err;
}
