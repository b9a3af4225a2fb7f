/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_KSM_H
#define _VMSIM_LINUX_KSM_H

#include <linux/mm.h>
#include <linux/rmap.h>

/*
 * Pages of equal content that become one. There is no ksmd: vmsim_ksm_merge() (<vmsim/process.h>)
 * says which (src/mm/ksm.c, src/mm/ksm_merge.c). Pages of zeroes are not replaced by the zero page.
 */
__vmsim_export int ksm_madvise(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			       int advice, unsigned long *vm_flags);
__vmsim_export void rmap_walk_ksm(struct folio *folio, struct rmap_walk_control *rwc);

#ifndef VMSIM_KERNEL_FILE
/* Static in the kernel. */
__vmsim_export int write_protect_page(struct vm_area_struct *vma, struct folio *folio,
				      pte_t *orig_pte);
__vmsim_export int replace_page(struct vm_area_struct *vma, struct page *page, struct page *kpage,
				pte_t orig_pte);
__vmsim_export int try_to_merge_one_page(struct vm_area_struct *vma, struct page *page,
					 struct page *kpage);
#endif

/* How many entries map the zero page for KSM: none does. */
static inline __vmsim_stubbed void ksm_map_zero_page(struct mm_struct *mm)
{
	(void)mm;
	vmsim_stub_reached("ksm_map_zero_page");
}

static inline void ksm_might_unmap_zero_page(struct mm_struct *mm, pte_t pte)
{
	(void)mm, (void)pte;
}

#endif
