/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TLBGATHER_INTERNAL_H
#define VMSIM_TLBGATHER_INTERNAL_H

#include <asm/tlb.h>

/*
 * Functions that are static in the kernel's mm/mmu_gather.c and separate, replaceable symbols here.
 * The names are the kernel's where it has one.
 */

/* Page batches (batch.c, delayed_rmap.c). */
#ifndef CONFIG_MMU_GATHER_NO_GATHER
void tlb_batch_init(struct mmu_gather *tlb);
bool tlb_next_batch(struct mmu_gather *tlb);
void __tlb_batch_free_encoded_pages(struct mmu_gather_batch *batch);
void tlb_batch_pages_flush(struct mmu_gather *tlb);
void tlb_batch_list_free(struct mmu_gather *tlb);
bool __tlb_remove_folio_pages_size(struct mmu_gather *tlb, struct page *page,
				   unsigned int nr_pages, bool delay_rmap, int page_size);
void tlb_flush_rmap_batch(struct mmu_gather_batch *batch, struct vm_area_struct *vma);
#else
static inline void tlb_batch_init(struct mmu_gather *tlb) { (void)tlb; }
static inline void tlb_batch_pages_flush(struct mmu_gather *tlb) { (void)tlb; }
static inline void tlb_batch_list_free(struct mmu_gather *tlb) { (void)tlb; }
#endif

/* Table batches (table.c). */
void tlb_table_flush(struct mmu_gather *tlb);
void tlb_table_invalidate(struct mmu_gather *tlb);
void tlb_remove_table_one(void *table);
void tlb_remove_table_free(struct mmu_table_batch *batch);
void __tlb_remove_table_free(struct mmu_table_batch *batch);

/* The gather itself (gather.c). */
void __tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm, bool fullmm);
void tlb_flush_mmu_free(struct mmu_gather *tlb);

#endif
