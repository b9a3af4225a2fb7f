// SPDX-License-Identifier: GPL-2.0-only
#include "gather_test.h"

/* Frames: they wait for the flush, and the gather takes only so many. */

#ifndef CONFIG_MMU_GATHER_NO_GATHER

#define LOCAL_SLOTS (MMU_GATHER_BUNDLE - SLOTS_KEPT_FREE)
#define BATCH_SLOTS (MAX_GATHER_BATCH - SLOTS_KEPT_FREE)

/* Queues one page until the gather says that it is full. */
static unsigned int fill(struct mmu_gather *tlb, struct page *page)
{
	unsigned int queued = 1;

	while (!queue_page(tlb, page))
		queued++;
	return queued;
}

static void test_pages_wait_for_the_flush(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;
	struct page *page[3];

	begin_with_cleared_pte(w, &tlb);
	for (int i = 0; i < 3; i++) {
		page[i] = alloc_page(GFP_KERNEL);
		assert_false(queue_page(&tlb, page[i]));
	}
	assert_int_equal(page_ref_count(page[2]), 1);
	assert_int_equal(stats_of(w).flushes, before.flushes);

	log_begin(w, VMSIM_EV_BIT(FLUSH_END) | VMSIM_EV_BIT(FRAME_FREE) |
		     VMSIM_EV_BIT(FLUSH_PENDING));
	tlb_finish_mmu(&tlb);
	log_end(w);
	assert_int_equal(log_count(VMSIM_EV_FRAME_FREE), 3);
	assert_int_equal(log_count(VMSIM_EV_FLUSH_END), 1);
	assert_before(FLUSH_END, FRAME_FREE);
	assert_before(FLUSH_END, FLUSH_PENDING);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);
	assert_int_equal(stats_of(w).ipis, before.ipis + 1);
	assert_int_equal(stats_of(w).frames_free, before.frames_free);
}

static void test_tlbonly_keeps_the_pages(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;
	struct page *page = page_with_refs(1);

	begin_with_cleared_pte(w, &tlb);
	queue_page(&tlb, page);
	tlb_flush_mmu_tlbonly(&tlb);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);
	assert_int_equal(page_ref_count(page), 2);
	/* Nothing was cleared since: no second flush, but now the page goes. */
	tlb_flush_mmu(&tlb);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);
	assert_int_equal(page_ref_count(page), 1);
	tlb_finish_mmu(&tlb);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);
	put_page(page);
}

static void test_without_memory_the_stack_must_do(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;
	struct page *page = page_with_refs(LOCAL_SLOTS * 3);

	begin_with_cleared_pte(w, &tlb);
	fail_allocations(w, true);
	for (unsigned int round = 1; round <= 3; round++) {
		tlb_flush_pte_range(&tlb, ADDR, PAGE_SIZE);
		assert_int_equal(fill(&tlb, page), LOCAL_SLOTS);
		tlb_flush_mmu(&tlb);
		assert_int_equal(stats_of(w).flushes, before.flushes + round);
		assert_int_equal(page_ref_count(page), 1 + LOCAL_SLOTS * (3 - round));
	}
	fail_allocations(w, false);
	tlb_finish_mmu(&tlb);
	put_page(page);
}

static void test_batches_are_allocated_up_to_a_limit(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	unsigned int all = LOCAL_SLOTS + MAX_GATHER_BATCH_COUNT * BATCH_SLOTS;
	struct mmu_gather tlb;
	struct page *page = page_with_refs(all);

	/* 4 KiB: 510 slots, 19 batches. */
	assert_int_equal(MAX_GATHER_BATCH, 510);
	assert_int_equal(MAX_GATHER_BATCH_COUNT, 19);
	begin_with_cleared_pte(w, &tlb);
	assert_int_equal(fill(&tlb, page), all);
	assert_int_equal(stats_of(w).frames_free, before.frames_free - 1 - MAX_GATHER_BATCH_COUNT);
	assert_int_equal(page_ref_count(page), all + 1);

	log_begin(w, VMSIM_EV_BIT(RESCHED));
	tlb_flush_mmu(&tlb);
	log_end(w);
	assert_int_equal(page_ref_count(page), 1);
	/* One chance to be preempted for each batch: none has more than 512 pages. */
	assert_int_equal(log_count(VMSIM_EV_RESCHED), 1 + MAX_GATHER_BATCH_COUNT);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);
	/* The batches stay with the gather until its end. */
	assert_int_equal(stats_of(w).frames_free, before.frames_free - 1 - MAX_GATHER_BATCH_COUNT);
	tlb_finish_mmu(&tlb);
	put_page(page);
	assert_int_equal(stats_of(w).frames_free, before.frames_free);
}

static void test_batches_are_used_again(void **state)
{
	struct world *w = *state;
	unsigned int some = LOCAL_SLOTS + BATCH_SLOTS;
	struct mmu_gather tlb;
	struct page *page = page_with_refs(2 * some);
	uint64_t free_between;

	begin_with_cleared_pte(w, &tlb);
	for (unsigned int i = 0; i < LOCAL_SLOTS; i++)
		assert_false(queue_page(&tlb, page));
	fail_allocations(w, true);
	assert_int_equal(fill(&tlb, page), BATCH_SLOTS);
	tlb_flush_mmu(&tlb);
	free_between = stats_of(w).frames_free;
	tlb_flush_pte_range(&tlb, ADDR, PAGE_SIZE);
	assert_int_equal(fill(&tlb, page), some);
	assert_int_equal(stats_of(w).frames_free, free_between);
	fail_allocations(w, false);
	tlb_finish_mmu(&tlb);
	assert_int_equal(page_ref_count(page), 1);
	put_page(page);
}

static void test_remove_page_flushes_when_full(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;
	struct page *page = page_with_refs(LOCAL_SLOTS + 1);

	begin_with_cleared_pte(w, &tlb);
	fail_allocations(w, true);
	for (unsigned int i = 0; i < LOCAL_SLOTS - 1; i++)
		tlb_remove_page(&tlb, page);
	assert_int_equal(stats_of(w).flushes, before.flushes);
	tlb_remove_page(&tlb, page);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);
	assert_int_equal(page_ref_count(page), 2);
	fail_allocations(w, false);
	tlb_flush_pte_range(&tlb, ADDR, PAGE_SIZE);
	tlb_remove_page(&tlb, page);
	tlb_finish_mmu(&tlb);
	assert_int_equal(stats_of(w).flushes, before.flushes + 2);
	assert_int_equal(page_ref_count(page), 1);
	put_page(page);
}

static jmp_buf bug_seen;

static void on_bug(const char *file, int line, const char *cond)
{
	(void)file, (void)line, (void)cond;
	longjmp(bug_seen, 1);
}

static void test_queueing_without_a_range_is_a_bug(void **state)
{
	struct world *w = *state;
	struct page *page = alloc_page(GFP_KERNEL);
	struct mmu_gather tlb;
	volatile bool seen = true;

	tlb_gather_mmu(&tlb, w->mm);
	tlb_change_page_size(&tlb, PAGE_SIZE);
	vmsim_set_bug_handler(on_bug);
	if (!setjmp(bug_seen)) {
		queue_page(&tlb, page);
		seen = false;
	}
	vmsim_set_bug_handler(NULL);
	assert_true(seen);
	tlb_finish_mmu(&tlb);
	if (seen)
		put_page(page);
}

static void test_page_size_change_flushes(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;
	struct page *page = page_with_refs(1);

	begin_with_cleared_pte(w, &tlb);
	queue_page(&tlb, page);
	tlb_change_page_size(&tlb, PAGE_SIZE);
	assert_int_equal(stats_of(w).flushes, before.flushes);
	tlb_change_page_size(&tlb, PMD_SIZE);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);
	assert_int_equal(page_ref_count(page), 1);
	tlb_flush_pmd_range(&tlb, ADDR, PMD_SIZE);
	tlb_change_page_size(&tlb, PAGE_SIZE);
	assert_int_equal(stats_of(w).flushes, before.flushes + 2);
	tlb_finish_mmu(&tlb);
	assert_int_equal(stats_of(w).flushes, before.flushes + 2);

	/* Where everything goes anyway, sizes may mix. */
	tlb_gather_mmu_fullmm(&tlb, w->mm);
	tlb_change_page_size(&tlb, PAGE_SIZE);
	tlb_flush_pte_range(&tlb, ADDR, PAGE_SIZE);
	tlb_change_page_size(&tlb, PMD_SIZE);
	assert_int_equal(stats_of(w).flushes, before.flushes + 2);
	tlb_finish_mmu(&tlb);
	assert_int_equal(stats_of(w).flushes, before.flushes + 3);
	put_page(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		gather_test(test_pages_wait_for_the_flush),
		gather_test(test_tlbonly_keeps_the_pages),
		gather_test(test_without_memory_the_stack_must_do),
		gather_test(test_batches_are_allocated_up_to_a_limit),
		gather_test(test_batches_are_used_again),
		gather_test(test_remove_page_flushes_when_full),
		gather_test(test_queueing_without_a_range_is_a_bug),
		gather_test(test_page_size_change_flushes),
	};

	return vmsim_run_tests(tests);
}

#else /* CONFIG_MMU_GATHER_NO_GATHER */

static void test_pages_go_at_once(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct page *page = page_with_refs(1);
	struct mmu_gather tlb;

	begin_with_cleared_pte(w, &tlb);
	assert_false(queue_page(&tlb, page));
	assert_int_equal(page_ref_count(page), 1);
	assert_int_equal(stats_of(w).flushes, before.flushes);
	tlb_finish_mmu(&tlb);
	/* Entries are gone when they are cleared. */
	assert_int_equal(stats_of(w).flushes, before.flushes);
	put_page(page);
}

static void test_runs_go_at_once(void **state)
{
	struct world *w = *state;
	struct folio *folio = folio_alloc(GFP_KERNEL, 2);
	struct mmu_gather tlb;

	folio_ref_add(folio, 4);
	begin_with_cleared_pte(w, &tlb);
	assert_false(__tlb_remove_folio_pages(&tlb, folio_page(folio, 0), 4, false));
	assert_int_equal(folio_ref_count(folio), 1);
	tlb_finish_mmu(&tlb);
	folio_put(folio);
}

static void test_map_counts_are_never_delayed(void **state)
{
	struct world *w = *state;
	struct mmu_gather tlb;

	begin_with_cleared_pte(w, &tlb);
	assert_false(tlb_delay_rmap(&tlb));
	assert_false(tlb.delayed_rmap);
	tlb_finish_mmu(&tlb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		gather_test(test_pages_go_at_once),
		gather_test(test_runs_go_at_once),
		gather_test(test_map_counts_are_never_delayed),
	};

	return vmsim_run_tests(tests);
}

#endif
