/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_RMAP_INTERNAL_H
#define VMSIM_RMAP_INTERNAL_H

#include <linux/rmap.h>
#include <linux/pagemap.h>
#include <linux/mm_inline.h>
#include <mm/internal.h>

/*
 * Functions that are static in the kernel's mm/rmap.c and mm/internal.h. Those that decide
 * something are separate, replaceable symbols here.
 */

bool page_mkclean_one(struct folio *folio, struct vm_area_struct *vma, unsigned long address,
		      void *arg);
int page_vma_mkclean_one(struct page_vma_mapped_walk *pvmw);
bool folio_referenced_one(struct folio *folio, struct vm_area_struct *vma, unsigned long address,
			  void *arg);
bool try_to_unmap_one(struct folio *folio, struct vm_area_struct *vma, unsigned long address,
		      void *arg);

/* Whether a large folio is in a VM_LOCKED mapping with all its pages, reclaim finds out. */
static inline void mlock_small_folio(struct folio *folio, struct vm_area_struct *vma)
{
	if (!folio_test_large(folio))
		mlock_vma_folio(folio, vma);
}

/* Parts of a walk (walk.c). False: the lock was not to be had without waiting; the walk is over. */
bool vmsim_rmap_lock(struct rmap_walk_control *rwc, struct rw_semaphore *sem);
bool vmsim_rmap_visit(struct folio *folio, struct rmap_walk_control *rwc,
		      struct vm_area_struct *vma, unsigned long address);

/*
 * Pages of KSM (ksm.c), under the machine's ksm_lock. A page that becomes one has no node until the
 * first address is appended, and is found nowhere. vmsim_ksm_append() takes the item over; folio
 * locked. vmsim_ksm_prune() forgets pages that are gone.
 */
struct vmsim_ksm_item;

void vmsim_ksm_begin(struct folio *folio);
struct vmsim_ksm_item *vmsim_ksm_item_alloc(void);
void vmsim_ksm_item_set(struct vmsim_ksm_item *item, const struct vm_area_struct *vma,
			unsigned long address);
void vmsim_ksm_item_free(struct vmsim_ksm_item *item);
void vmsim_ksm_append(struct folio *folio, struct vmsim_ksm_item *item);
void vmsim_ksm_prune(void);
bool vmsim_ksm_finds(const struct folio *folio, const struct vm_area_struct *vma,
		     unsigned long address);

/* Flushes owed by reclaim (unmap_batch.c). */
bool should_defer_flush(struct mm_struct *mm, enum ttu_flags flags);
void set_tlb_ubc_flush_pending(struct mm_struct *mm, pte_t pteval, unsigned long uaddr);

#endif
