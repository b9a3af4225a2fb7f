// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/tlb.h>

/* After this no reverse-map walk finds the mapping, so none enters its tables (R21). */
static void hide(struct vm_area_struct *vma)
{
	unlink_anon_vmas(vma);
	vmsim_vma_unlink_file(vma);
	vmsim_event(VMA_UNLINK, (uintptr_t)vma, vma->vm_start, vma->vm_end);
}

/**
 * free_pgtables() - frees the page tables behind mappings that have been unmapped
 * @tlb: the gather
 * @mas: walk over the mappings, standing at @vma
 * @vma: the first mapping
 * @floor: tables below this address stay
 * @ceiling: tables above this address stay; 0: none
 * @mm_wr_locked: mmap_lock is held for writing
 *
 * Mappings less than a table apart are done in one go, so that a table that lies between two of
 * them is freed too.
 *
 * Source: mm/memory.c, Linux 6.12.
 */
__vmsim_overridable void free_pgtables(struct mmu_gather *tlb, struct ma_state *mas,
				       struct vm_area_struct *vma, unsigned long floor,
				       unsigned long ceiling, bool mm_wr_locked)
{
	(void)mm_wr_locked;
	while (vma) {
		unsigned long start = vma->vm_start;
		unsigned long end = vma->vm_end;

		hide(vma);
		vma = mas_find(mas, ceiling - 1);
		while (vma && vma->vm_start <= end + PMD_SIZE) {
			hide(vma);
			end = vma->vm_end;
			vma = mas_find(mas, ceiling - 1);
		}
		free_pgd_range(tlb, start, end, floor, vma ? vma->vm_start : ceiling);
	}
}
