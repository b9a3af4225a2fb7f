// SPDX-License-Identifier: GPL-2.0-only
#include "tlbgather/internal.h"

#ifndef CONFIG_MMU_GATHER_NO_GATHER

/*
 * Frames that wait for the flush: a list of arrays of tagged page pointers. The first array lies in
 * the gather, the others are pages that stay with it until it ends. A run of pages of one large
 * folio takes two slots, the first page and their number (d7f861b9c43a).
 */

/* Freed frames between two chances to be preempted. */
#define FREE_PORTION 512u

/* A run needs two slots. An array with fewer left is full. */
#define RUN_SLOTS 2

void tlb_batch_init(struct mmu_gather *tlb)
{
	tlb->local.next = NULL;
	tlb->local.nr = 0;
	tlb->local.max = MMU_GATHER_BUNDLE;
	tlb->active = &tlb->local;
	tlb->batch_count = 0;
}

/* May run under a PTL: must not sleep, and may fail, which costs one more flush. */
static struct mmu_gather_batch *batch_alloc(void)
{
	struct mmu_gather_batch *batch;

	batch = (struct mmu_gather_batch *)__get_free_page(GFP_NOWAIT | __GFP_NOWARN);
	if (batch)
		*batch = (struct mmu_gather_batch){ .max = MAX_GATHER_BATCH };
	return batch;
}

static bool batch_append(struct mmu_gather *tlb)
{
	struct mmu_gather_batch *fresh;

	if (tlb->batch_count == MAX_GATHER_BATCH_COUNT)
		return false;
	fresh = batch_alloc();
	if (!fresh)
		return false;
	tlb->active->next = fresh;
	tlb->batch_count++;
	return true;
}

/*
 * Goes on to another array. Not while map counts are delayed and a page-sized array is in use: the
 * walk that drops them is done under the PTL and must stay short; it looks at the first and at the
 * active array only (c47454823bd4).
 */
__vmsim_overridable bool tlb_next_batch(struct mmu_gather *tlb)
{
	bool local = tlb->active == &tlb->local;

	if (tlb->delayed_rmap && !local)
		return false;
	if (!tlb->active->next && !batch_append(tlb))
		return false;
	tlb->active = tlb->active->next;
	return true;
}

/* How many slots to free next: a portion, and the count of a run that would end it. */
static unsigned int portion_of(struct encoded_page **slots, unsigned int nr)
{
	unsigned int portion = min(nr, FREE_PORTION);

	if (encoded_page_flags(slots[portion - 1]) & ENCODED_PAGE_BIT_NR_PAGES_NEXT)
		portion++;
	return portion;
}

__vmsim_overridable void __tlb_batch_free_encoded_pages(struct mmu_gather_batch *batch)
{
	struct encoded_page **slots = batch->encoded_pages;

	while (batch->nr) {
		unsigned int portion = portion_of(slots, batch->nr);

		free_pages_and_swap_cache(slots, portion);
		slots += portion;
		batch->nr -= portion;
		cond_resched();
	}
}

/* Arrays are filled in order: the first empty one ends the list of those in use. */
__vmsim_overridable void tlb_batch_pages_flush(struct mmu_gather *tlb)
{
	struct mmu_gather_batch *batch = &tlb->local;

	while (batch && batch->nr) {
		__tlb_batch_free_encoded_pages(batch);
		batch = batch->next;
	}
	tlb->active = &tlb->local;
}

__vmsim_overridable void tlb_batch_list_free(struct mmu_gather *tlb)
{
	while (tlb->local.next) {
		struct mmu_gather_batch *batch = tlb->local.next;

		tlb->local.next = batch->next;
		free_page((unsigned long)batch);
	}
}

static void batch_push(struct mmu_gather_batch *batch, struct page *page, unsigned int nr_pages,
		       unsigned long flags)
{
	if (nr_pages == 1) {
		batch->encoded_pages[batch->nr++] = encode_page(page, flags);
		return;
	}
	batch->encoded_pages[batch->nr++] =
		encode_page(page, flags | ENCODED_PAGE_BIT_NR_PAGES_NEXT);
	batch->encoded_pages[batch->nr++] = encode_nr_pages(nr_pages);
}

static bool batch_full(const struct mmu_gather_batch *batch)
{
	return batch->nr + RUN_SLOTS > batch->max;
}

static void check_queued(struct mmu_gather *tlb, struct page *page, unsigned int nr_pages,
			 int page_size)
{
	/* Something was cleared, or else why should this page go? */
	VM_BUG_ON(tlb->end == 0);
#ifdef CONFIG_MMU_GATHER_PAGE_SIZE
	VM_WARN_ON(tlb->page_size != (unsigned int)page_size);
#endif
	VM_WARN_ON_ONCE(nr_pages > 1 && page_size != PAGE_SIZE);
	VM_WARN_ON_ONCE(page_folio(page + nr_pages - 1) != page_folio(page));
}

__vmsim_overridable bool __tlb_remove_folio_pages_size(struct mmu_gather *tlb, struct page *page,
						       unsigned int nr_pages, bool delay_rmap,
						       int page_size)
{
	check_queued(tlb, page, nr_pages, page_size);
	batch_push(tlb->active, page, nr_pages, delay_rmap ? ENCODED_PAGE_BIT_DELAY_RMAP : 0);
	if (!batch_full(tlb->active))
		return false;
	/* There must be room for a run when the next page comes. */
	return !tlb_next_batch(tlb);
}

/**
 * __tlb_remove_folio_pages() - queues consecutive pages of one folio
 * @tlb: gather
 * @page: first page
 * @nr_pages: how many
 * @delay_rmap: their map counts are dropped by tlb_flush_rmaps()
 *
 * Under the PTL of their entries, which are cleared. One reference to each page goes to the gather.
 *
 * Return: true when the gather is full and must be flushed before more is queued.
 * Source: Linux 6.12, mm/mmu_gather.c.
 */
__vmsim_overridable bool __tlb_remove_folio_pages(struct mmu_gather *tlb, struct page *page,
						  unsigned int nr_pages, bool delay_rmap)
{
	return __tlb_remove_folio_pages_size(tlb, page, nr_pages, delay_rmap, PAGE_SIZE);
}

/**
 * __tlb_remove_page_size() - queues one page of a given size
 * @tlb: gather
 * @page: page
 * @delay_rmap: its map count is dropped by tlb_flush_rmaps()
 * @page_size: size announced by tlb_change_page_size()
 *
 * Return: as __tlb_remove_folio_pages(). Source: Linux 6.12, mm/mmu_gather.c.
 */
__vmsim_overridable bool __tlb_remove_page_size(struct mmu_gather *tlb, struct page *page,
						bool delay_rmap, int page_size)
{
	return __tlb_remove_folio_pages_size(tlb, page, 1, delay_rmap, page_size);
}

#endif /* !CONFIG_MMU_GATHER_NO_GATHER */
