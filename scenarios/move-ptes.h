/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_MOVE_PTES_H
#define SCENARIO_MOVE_PTES_H

#include <linux/mm.h>
#include <linux/rmap.h>
#include <asm/tlbflush.h>
#include <vmsim/scenario.h>

/*
 * move_ptes() as it was before Linux 4.20: entries are flushed when their locks have been dropped,
 * but for those of which FLUSHED_IN_TIME(pte) says that they are flushed before. The kernel did
 * that at the end of move_page_tables(), still with mmap_lock held; here it is done for each table.
 */
int move_ptes(struct vm_area_struct *vma, pmd_t *old_pmd, unsigned long old_addr,
	      unsigned long old_end, struct vm_area_struct *new_vma, pmd_t *new_pmd,
	      unsigned long new_addr, bool need_rmap_locks)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long start = old_addr;
	spinlock_t *old_ptl, *new_ptl;
	pte_t *old_pte, *new_pte;
	bool now = false;

	(void)new_vma;
	if (need_rmap_locks)
		take_rmap_locks(vma);
	old_pte = pte_offset_map_lock(mm, old_pmd, old_addr, &old_ptl);
	new_pte = pte_offset_map_nolock(mm, new_pmd, new_addr, &new_ptl);
	if (new_ptl != old_ptl)
		spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING);
	for (; old_addr < old_end; old_addr += PAGE_SIZE, new_addr += PAGE_SIZE) {
		if (!pte_none(ptep_get(old_pte))) {
			pte_t pte = ptep_get_and_clear(mm, old_addr, old_pte);

			now |= FLUSHED_IN_TIME(pte);
			set_pte_at(mm, new_addr, new_pte, pte);
		}
		old_pte++;
		new_pte++;
	}
	if (now)
		flush_tlb_range(vma, start, old_end);
	if (new_ptl != old_ptl)
		spin_unlock(new_ptl);
	pte_unmap(new_pte);
	pte_unmap_unlock(old_pte, old_ptl);
	if (need_rmap_locks)
		drop_rmap_locks(vma);
	vmsim_point("unlocked");
	flush_tlb_range(vma, start, old_end);
	return 0;
}

#endif
