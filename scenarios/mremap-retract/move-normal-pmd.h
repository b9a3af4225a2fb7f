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
	spinlock_t *ptl = pmd_lockptr(vma->vm_mm, old_pmd);
	spinlock_t *other = pmd_lockptr(vma->vm_mm, new_pmd);
	pgtable_t table;

	(void)new_addr;
	if (!arch_supports_page_table_move() || !pmd_none(pmdp_get(new_pmd)))
		return false;
	spin_lock(ptl);
	if (other != ptl)
		spin_lock_nested(other, SINGLE_DEPTH_NESTING);
	table = pmd_pgtable(pmdp_get(old_pmd));
	pmd_clear(old_pmd);
	pmd_populate(vma->vm_mm, new_pmd, table);
	flush_tlb_range(vma, old_addr, old_addr + PMD_SIZE);
	if (other != ptl)
		spin_unlock(other);
	spin_unlock(ptl);
	return true;
}
