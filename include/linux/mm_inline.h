/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MM_INLINE_H
#define _VMSIM_LINUX_MM_INLINE_H

#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/userfaultfd_k.h>

/* Anonymous pages and shared anonymous memory are kept apart from files by reclaim. */
static inline int folio_is_file_lru(const struct folio *folio)
{
	return !folio_test_swapbacked(folio);
}

/* Onto the list that its flags ask for, or off it: there are no lists. */
static inline void lruvec_add_folio(struct lruvec *lruvec, struct folio *folio) /* customised */
{
	(void)lruvec, (void)folio;
}

static inline void lruvec_del_folio(struct lruvec *lruvec, struct folio *folio) /* customised */
{
	(void)lruvec, (void)folio;
}

/* Without CONFIG_LRU_GEN. */
static inline bool lru_gen_enabled(void) { return false; }

struct page_vma_mapped_walk;

static inline bool lru_gen_look_around(struct page_vma_mapped_walk *pvmw)
{
	(void)pvmw;
	return false;
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
