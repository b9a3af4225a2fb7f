// SPDX-License-Identifier: GPL-2.0-only
#include "move-normal-pmd.h"
#include <linux/fs.h>
#include <mm/internal.h>
#include <asm/tlb.h>

/*
 * Override: Linux 5.14 to 6.5. mremap() relies on what it saw before it took the locks of the
 * reverse map, but holds mmap_lock, and tables are retracted only by who gets that lock, too. He
 * does not wait for it: where it is taken, the table stays.
 */

static bool has_table(pmd_t *pmd)
{
	pmd_t value = pmd ? pmdp_get_lockless(pmd) : __pmd(0);

	return pmd_present(value) && !pmd_leaf(value) && !pmd_bad(value);
}

/* Nobody is in the address space: under its lock nobody waits, but for who walks without locks. */
static void retract_locked(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmd)
{
	struct mm_struct *mm = vma->vm_mm;
	pmd_t old;

	if (vma->anon_vma || atomic_read(&mm->mm_users) == 0)
		return;
	old = pmdp_collapse_flush(vma, addr, pmd);
	tlb_remove_table_sync_one();
	mm_dec_nr_ptes(mm);
	pte_free(mm, pmd_pgtable(old));
}

void retract_page_tables(struct address_space *mapping, pgoff_t pgoff)
{
	struct vm_area_struct *vma;

	i_mmap_lock_write(mapping);
	vma_interval_tree_foreach(vma, &mapping->i_mmap, pgoff, pgoff) {
		unsigned long addr = vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT);
		pmd_t *pmd;

		if (READ_ONCE(vma->anon_vma) || addr & ~PMD_MASK || vma->vm_end < addr + PMD_SIZE)
			continue;
		pmd = mm_find_pmd(vma->vm_mm, addr);
		if (!has_table(pmd) || !down_write_trylock(&vma->vm_mm->mmap_lock))
			continue;
		retract_locked(vma, addr, pmd);
		mmap_write_unlock(vma->vm_mm);
	}
	i_mmap_unlock_write(mapping);
}
