/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/mm.h>
#include <asm/pgalloc.h>
#include <asm/tlbflush.h>

/*
 * move_normal_pmd() before 6fa1066fc5d0 in Linux 6.12: its caller has seen that the entry leads to
 * a table, before it took any lock. Nobody looks again.
 */
bool move_normal_pmd(struct vm_area_struct *vma, unsigned long old_addr, unsigned long new_addr,
		     pmd_t *old_pmd, pmd_t *new_pmd)
{
	struct mm_struct *mm = vma->vm_mm;
	spinlock_t *old_ptl, *new_ptl;
	pmd_t pmd;

	(void)new_addr;
	if (!arch_supports_page_table_move() || !pmd_none(pmdp_get(new_pmd)))
		return false;
	old_ptl = pmd_lock(mm, old_pmd);
	new_ptl = pmd_lockptr(mm, new_pmd);
	if (new_ptl != old_ptl)
		spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING);
	pmd = pmdp_get(old_pmd);
	pmd_clear(old_pmd);
	pmd_populate(mm, new_pmd, pmd_pgtable(pmd));
	flush_tlb_range(vma, old_addr, old_addr + PMD_SIZE);
	if (new_ptl != old_ptl)
		spin_unlock(new_ptl);
	spin_unlock(old_ptl);
	return true;
}
