/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MM_INLINE_H
#define _VMSIM_LINUX_MM_INLINE_H

#include <linux/mm.h>
#include <linux/userfaultfd_k.h>

/* Anonymous pages and shared anonymous memory are kept apart from files by reclaim. */
static inline int folio_is_file_lru(const struct folio *folio)
{
	return !folio_test_swapbacked(folio);
}

/*
 * The pending-flush counter: raised before the first entry of a batch changes, lowered after the
 * flush completed. Ordered against entry changes by the PTL (R14).
 */
static inline void init_tlb_flush_pending(struct mm_struct *mm)
{
	atomic_set(&mm->tlb_flush_pending, 0);
}

static inline void inc_tlb_flush_pending(struct mm_struct *mm)
{
	int now = atomic_add_unseen(1, &mm->tlb_flush_pending) + 1;

	vmsim_event(FLUSH_PENDING, (uintptr_t)mm, now - 1, now);
	(void)now;
}

static inline void dec_tlb_flush_pending(struct mm_struct *mm)
{
	int now = atomic_add_unseen(-1, &mm->tlb_flush_pending) - 1;

	vmsim_event(FLUSH_PENDING, (uintptr_t)mm, now + 1, now);
	(void)now;
}

static inline bool mm_tlb_flush_pending(struct mm_struct *mm)
{
	return atomic_read(&mm->tlb_flush_pending) > 0;
}

static inline bool mm_tlb_flush_nested(struct mm_struct *mm)
{
	return atomic_read(&mm->tlb_flush_pending) > 1;
}

/* As without CONFIG_PTE_MARKER_UFFD_WP: no marker stays behind. */
static inline void pte_install_uffd_wp_if_needed(struct vm_area_struct *vma, unsigned long addr, pte_t *pte,
						 pte_t pteval)
{
	(void)vma, (void)addr, (void)pte, (void)pteval;
}

#endif
