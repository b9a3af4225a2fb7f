/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_GENERIC_TLB_H
#define _VMSIM_ASM_GENERIC_TLB_H

#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/hugetlb.h>
#include <linux/swap.h>
#include <asm/tlbflush.h>

/**
 * DOC: The gather
 *
 * A struct mmu_gather stands for an unmap under way. Entries are cleared one by one; their frames
 * and tables are held back here until no CPU can translate through them (R1, R2), so that one
 * flush serves many of them. Names, signatures and behaviour: Linux 6.12, include/asm-generic/tlb.h
 * and mm/mmu_gather.c. From tlb_gather_mmu() to tlb_finish_mmu() the address space counts one
 * pending flush (R14).
 */

struct mmu_gather;

#ifdef CONFIG_MMU_GATHER_TABLE_FREE
/* One page full of tables to free. With RCU, lockless walkers may still be in them (R2, R24). */
struct mmu_table_batch {
#ifdef CONFIG_MMU_GATHER_RCU_TABLE_FREE
	struct rcu_head rcu;
#endif
	unsigned int nr;
	void *tables[];
};

__vmsim_export void tlb_remove_table(struct mmu_gather *tlb, void *table);

#define MAX_TABLE_BATCH \
	((PAGE_SIZE - offsetof(struct mmu_table_batch, tables)) / sizeof(void *))
#else
/* Without a table batch, tables are frames like any other. */
#define tlb_remove_table(tlb, page) tlb_remove_page((tlb), (page))
#endif

#ifdef CONFIG_MMU_GATHER_RCU_TABLE_FREE
/* Hardware walks the tables: what is freed must be invalidated first. */
#ifndef tlb_needs_table_invalidate
#define tlb_needs_table_invalidate() (true)
#endif
__vmsim_export void tlb_remove_table_sync_one(void);
#else
#define tlb_remove_table_sync_one() ((void)0)
#endif

#ifndef CONFIG_MMU_GATHER_NO_GATHER
/* Slots on the stack: what a gather can hold where no page for a larger batch is to be had. */
#define MMU_GATHER_BUNDLE 8

struct mmu_gather_batch {
	struct mmu_gather_batch *next;
	unsigned int nr, max;
	struct encoded_page *encoded_pages[];
};

#define MAX_GATHER_BATCH \
	((PAGE_SIZE - offsetof(struct mmu_gather_batch, encoded_pages)) / sizeof(void *))
/* About ten thousand frames are held back at most, then they are flushed and freed. */
#define MAX_GATHER_BATCH_COUNT (10000UL / MAX_GATHER_BATCH)

/* Both return true when the gather is full: flush before the next frame is queued. */
__vmsim_export bool __tlb_remove_page_size(struct mmu_gather *tlb, struct page *page,
					   bool delay_rmap, int page_size);
__vmsim_export bool __tlb_remove_folio_pages(struct mmu_gather *tlb, struct page *page,
					     unsigned int nr_pages, bool delay_rmap);

#ifdef CONFIG_SMP
/* True, and noted in the gather: this map count may be dropped after the flush (R6, E64). */
#define tlb_delay_rmap(tlb) ({ (tlb)->delayed_rmap = 1; true; })
__vmsim_export void tlb_flush_rmaps(struct mmu_gather *tlb, struct vm_area_struct *vma);
#endif
#endif /* !CONFIG_MMU_GATHER_NO_GATHER */

/* No remote entry outlives its PTE on such machines, so there is nothing to wait for (E52). */
#ifndef tlb_delay_rmap
#define tlb_delay_rmap(tlb) ((void)(tlb), false)
#define tlb_flush_rmaps(tlb, vma) ((void)(tlb), (void)(vma))
#endif

/**
 * struct mmu_gather - frames and tables whose translations are being removed
 * @mm: address space
 * @batch: tables to free, NULL where there are none yet
 * @start, @end: range that the next flush must cover; @end is 0 where nothing is to be flushed
 * @fullmm: the whole address space goes; nobody runs in it any more
 * @need_flush_all: architecture code asks for a flush of everything
 * @freed_tables: tables were unhooked: paging-structure caches must go, too
 * @delayed_rmap: batches may have frames whose map count is still to be dropped
 * @cleared_ptes, @cleared_pmds, @cleared_puds, @cleared_p4ds: levels that lost entries
 * @vma_exec, @vma_huge, @vma_pfn: what kind of VMA is being unmapped
 * @unshared_tables, @fully_unshared_tables: hugetlb's shared tables; not modelled, always 0
 * @batch_count: pages allocated for @local's successors
 * @active: batch that takes the next frame
 * @local: first batch, whose slots are @__pages
 * @page_size: size of the frames queued since the last flush
 */
struct mmu_gather {
	struct mm_struct *mm;
#ifdef CONFIG_MMU_GATHER_TABLE_FREE
	struct mmu_table_batch *batch;
#endif
	unsigned long start, end;
	unsigned int fullmm : 1, need_flush_all : 1, freed_tables : 1, delayed_rmap : 1,
		     cleared_ptes : 1, cleared_pmds : 1, cleared_puds : 1, cleared_p4ds : 1,
		     vma_exec : 1, vma_huge : 1, vma_pfn : 1,
		     unshared_tables : 1, fully_unshared_tables : 1;
	unsigned int batch_count;
#ifndef CONFIG_MMU_GATHER_NO_GATHER
	struct mmu_gather_batch *active, local;
	struct page *__pages[MMU_GATHER_BUNDLE];
#endif
#ifdef CONFIG_MMU_GATHER_PAGE_SIZE
	unsigned int page_size;
#endif
};

/* tlb_gather_mmu() and its likes: <linux/mm_types.h>. */
__vmsim_export void tlb_flush_mmu(struct mmu_gather *tlb);

/*
 * The range. Whoever extends it also says which level lost entries, or that tables went.
 */
static inline void __tlb_adjust_range(struct mmu_gather *tlb, unsigned long address,
				      unsigned int range_size)
{
	unsigned long past = address + range_size;

	if (address < tlb->start)
		tlb->start = address;
	if (past > tlb->end)
		tlb->end = past;
}

/* Nothing to flush. What is known about the VMA stays: it is told only once, at its start. */
static inline void __tlb_reset_range(struct mmu_gather *tlb)
{
	tlb->start = tlb->fullmm ? ~0UL : TASK_SIZE;
	tlb->end = tlb->fullmm ? ~0UL : 0;
	tlb->freed_tables = tlb->unshared_tables = 0;
	tlb->cleared_ptes = tlb->cleared_pmds = tlb->cleared_puds = tlb->cleared_p4ds = 0;
}

static inline bool vmsim_tlb_has_work(const struct mmu_gather *tlb)
{
	return tlb->cleared_ptes || tlb->cleared_pmds || tlb->cleared_puds || tlb->cleared_p4ds ||
	       tlb->freed_tables || tlb->unshared_tables;
}

#ifndef tlb_flush
/* For architectures that bring no flush of their own. */
#define tlb_flush vmsim_tlb_flush_generic
static inline void vmsim_tlb_flush_generic(struct mmu_gather *tlb)
{
	struct vm_area_struct part = {
		.vm_mm = tlb->mm,
		.vm_flags = (tlb->vma_exec ? VM_EXEC : 0) | (tlb->vma_huge ? VM_HUGETLB : 0),
	};

	if (tlb->fullmm || tlb->need_flush_all)
		flush_tlb_mm(tlb->mm);
	else if (tlb->end)
		flush_tlb_range(&part, tlb->start, tlb->end);
}
#endif

/* Flushes what was recorded, if anything was. Queued frames stay queued. */
static inline void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb)
{
	if (vmsim_tlb_has_work(tlb)) {
		tlb_flush(tlb);
		__tlb_reset_range(tlb);
	}
}

/*
 * Queueing frames.
 */
static __always_inline bool __tlb_remove_page(struct mmu_gather *tlb, struct page *page,
					      bool delay_rmap)
{
	return __tlb_remove_page_size(tlb, page, delay_rmap, PAGE_SIZE);
}

static inline void tlb_remove_page_size(struct mmu_gather *tlb, struct page *page, int page_size)
{
	bool full = __tlb_remove_page_size(tlb, page, false, page_size);

	if (full)
		tlb_flush_mmu(tlb);
}

static inline void tlb_remove_page(struct mmu_gather *tlb, struct page *page)
{
	tlb_remove_page_size(tlb, page, PAGE_SIZE);
}

static inline void tlb_remove_ptdesc(struct mmu_gather *tlb, void *pt)
{
	tlb_remove_table(tlb, pt);
}

static inline void tlb_remove_page_ptdesc(struct mmu_gather *tlb, struct ptdesc *pt)
{
	tlb_remove_page(tlb, ptdesc_page(pt));
}

/* One flush invalidates one size of pages: a gather that holds others is flushed first. */
static inline void tlb_change_page_size(struct mmu_gather *tlb, unsigned int page_size)
{
#ifdef CONFIG_MMU_GATHER_PAGE_SIZE
	bool mixed = tlb->page_size != 0 && tlb->page_size != page_size;

	if (mixed && !(tlb->fullmm || tlb->need_flush_all))
		tlb_flush_mmu(tlb);
	tlb->page_size = page_size;
#else
	(void)tlb, (void)page_size;
#endif
}

/* Log2 of the smallest stride with which the range can be flushed. */
static inline unsigned long tlb_get_unmap_shift(struct mmu_gather *tlb)
{
	bool only_upper = !tlb->cleared_ptes;

	if (only_upper && tlb->cleared_pmds)
		return PMD_SHIFT;
	if (only_upper && tlb->cleared_puds)
		return PUD_SHIFT;
	if (only_upper && tlb->cleared_p4ds)
		return P4D_SHIFT;
	return PAGE_SHIFT;
}

static inline unsigned long tlb_get_unmap_size(struct mmu_gather *tlb)
{
	return 1UL << tlb_get_unmap_shift(tlb);
}

/*
 * VMAs. Where the whole address space goes they make no difference.
 */
static inline void tlb_update_vma_flags(struct mmu_gather *tlb, struct vm_area_struct *vma)
{
	const vm_flags_t flags = vma->vm_flags;

	tlb->vma_exec = (flags & VM_EXEC) != 0;
	tlb->vma_huge = is_vm_hugetlb_page(vma) != 0;
	tlb->vma_pfn = (flags & (VM_PFNMAP | VM_MIXEDMAP)) != 0;
}

static inline void tlb_start_vma(struct mmu_gather *tlb, struct vm_area_struct *vma)
{
	if (!tlb->fullmm) {
		tlb_update_vma_flags(tlb, vma);
		flush_cache_range(vma, vma->vm_start, vma->vm_end);
	}
}

/*
 * Frames without a map count: the mapping's presence in the reverse map is all that a revoker can
 * see, so their entries are flushed before it may disappear (R20, M09). Others wait for company
 * where one wide flush is cheaper than many.
 */
static inline void tlb_end_vma(struct mmu_gather *tlb, struct vm_area_struct *vma)
{
	bool merge = IS_ENABLED(CONFIG_MMU_GATHER_MERGE_VMAS) && !tlb->vma_pfn;

	(void)vma;
	if (!merge && !tlb->fullmm)
		tlb_flush_mmu_tlbonly(tlb);
}

/*
 * Recording entries that were cleared, by level.
 */
#define VMSIM_TLB_FLUSH_LEVEL(level)							\
static inline void tlb_flush_##level##_range(struct mmu_gather *tlb, unsigned long address, \
					     unsigned long size)			\
{											\
	tlb->cleared_##level##s = 1;							\
	__tlb_adjust_range(tlb, address, size);						\
}

VMSIM_TLB_FLUSH_LEVEL(pte)
VMSIM_TLB_FLUSH_LEVEL(pmd)
VMSIM_TLB_FLUSH_LEVEL(pud)
VMSIM_TLB_FLUSH_LEVEL(p4d)

/* Hooks for architectures that must do something for each entry. */
#ifndef __tlb_remove_tlb_entry
#define __tlb_remove_tlb_entry(tlb, ptep, address) ((void)(ptep), (void)(address))
#endif
#ifndef __tlb_remove_pmd_tlb_entry
#define __tlb_remove_pmd_tlb_entry(tlb, pmdp, address) ((void)(pmdp))
#endif
#ifndef __tlb_remove_pud_tlb_entry
#define __tlb_remove_pud_tlb_entry(tlb, pudp, address) ((void)(pudp))
#endif

/* @nr consecutive entries from @ptep on were cleared; the first translated @address. */
static inline void tlb_remove_tlb_entries(struct mmu_gather *tlb, pte_t *ptep, unsigned int nr,
					  unsigned long address)
{
	tlb_flush_pte_range(tlb, address, (unsigned long)nr << PAGE_SHIFT);
	for (unsigned int i = 0; i < nr; i++)
		__tlb_remove_tlb_entry(tlb, ptep + i, address + i * PAGE_SIZE);
}

#define tlb_remove_tlb_entry(tlb, ptep, address) tlb_remove_tlb_entries(tlb, ptep, 1, address)

#define tlb_remove_pmd_tlb_entry(tlb, pmdp, address) \
	((void)tlb_flush_pmd_range(tlb, address, HPAGE_PMD_SIZE), \
	 __tlb_remove_pmd_tlb_entry(tlb, pmdp, address))
#define tlb_remove_pud_tlb_entry(tlb, pudp, address) \
	((void)tlb_flush_pud_range(tlb, address, HPAGE_PUD_SIZE), \
	 __tlb_remove_pud_tlb_entry(tlb, pudp, address))

/*
 * Freeing tables: the entry above lost its value, and what pointed to the table may be cached.
 * Flushing any address below a table drops the cached pointers to it, so one page is range enough.
 */
#define VMSIM_TLB_FREE_TABLE(tlb, flush_range, free, table, address)	\
do {									\
	flush_range(tlb, address, PAGE_SIZE);				\
	(tlb)->freed_tables = 1;					\
	free(tlb, table, address);					\
} while (0)

#ifndef pte_free_tlb
#define pte_free_tlb(tlb, pte, addr) \
	VMSIM_TLB_FREE_TABLE(tlb, tlb_flush_pmd_range, __pte_free_tlb, pte, addr)
#endif
#ifndef pmd_free_tlb
#define pmd_free_tlb(tlb, pmd, addr) \
	VMSIM_TLB_FREE_TABLE(tlb, tlb_flush_pud_range, __pmd_free_tlb, pmd, addr)
#endif
#ifndef pud_free_tlb
#define pud_free_tlb(tlb, pud, addr) \
	VMSIM_TLB_FREE_TABLE(tlb, tlb_flush_p4d_range, __pud_free_tlb, pud, addr)
#endif
#ifndef p4d_free_tlb
#define p4d_free_tlb(tlb, p4d, addr) \
	VMSIM_TLB_FREE_TABLE(tlb, __tlb_adjust_range, __p4d_free_tlb, p4d, addr)
#endif

/* Must an entry's change be flushed? Architectures may know better. */
#ifndef pte_needs_flush
static inline bool pte_needs_flush(pte_t oldpte, pte_t newpte)
{
	(void)oldpte, (void)newpte;
	return true;
}
#endif

/* Code of 6.1, where map counts were never delayed (<linux/vmsim-compat-6.1.h>). */
#ifdef VMSIM_COMPAT_6_1
#define __tlb_remove_page(tlb, page) __tlb_remove_page(tlb, page, false)
#endif

#endif
