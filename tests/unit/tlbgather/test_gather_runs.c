// SPDX-License-Identifier: GPL-2.0-only
#include "gather_test.h"

/* Runs of pages of one folio, and map counts that are dropped after the flush (E64, E68). */

#if defined(CONFIG_MMU_GATHER_NO_GATHER) || defined(VMSIM_GATHER_6_1)
/* No tagged pointers there. */
int main(void)
{
	puts("SKIP: this gather has no tagged pointers");
	return 77;
}
#else

#define LOCAL_SLOTS (MMU_GATHER_BUNDLE - 1)
#define BATCH_SLOTS (MAX_GATHER_BATCH - 1)

/*
 * Replaces the library's: looks at every call, then does what is asked for. A page and its count
 * must come together.
 */
static struct {
	unsigned int calls, slots, torn;
	unsigned int largest;
} freed;

void free_pages_and_swap_cache(struct encoded_page **pages, int nr)
{
	freed.calls++;
	freed.slots += nr;
	freed.largest = max(freed.largest, (unsigned int)nr);
	for (int i = 0; i < nr; i++) {
		struct page *page = encoded_page_ptr(pages[i]);
		unsigned long refs = 1;

		if (encoded_page_flags(pages[i]) & ENCODED_PAGE_BIT_NR_PAGES_NEXT) {
			if (i + 1 == nr) {
				freed.torn++;
				return;
			}
			refs = encoded_nr_pages(pages[++i]);
		}
		folio_put_refs(page_folio(page), (int)refs);
	}
}

static struct vm_area_struct *a_vma(struct world *w)
{
	static struct vm_area_struct vma;

	vma = (struct vm_area_struct){ .vm_mm = w->mm,
				       .vm_start = ADDR,
				       .vm_end = ADDR + PMD_SIZE };
	return &vma;
}

/* A folio of a file as far as counting is concerned, each page mapped @maps times. */
static struct folio *mapped_folio(struct world *w, unsigned int order, int maps)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, order);
	int nr = 1 << order;

	assert_non_null(folio);
	for (int i = 0; i < maps; i++)
		folio_add_file_rmap_ptes(folio, folio_page(folio, 0), nr, a_vma(w));
	folio_ref_add(folio, nr * maps);
	return folio;
}

static void drop_maps(struct world *w, struct folio *folio, int maps)
{
	for (int i = 0; i < maps; i++)
		folio_remove_rmap_ptes(folio, folio_page(folio, 0), (int)folio_nr_pages(folio),
				       a_vma(w));
}

static void test_run_takes_two_slots(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct folio *folio = folio_alloc(GFP_KERNEL, 3);
	struct mmu_gather tlb;

	folio_ref_add(folio, 4 * 8);
	begin_with_cleared_pte(w, &tlb);
	fail_allocations(w, true);
	for (int i = 0; i < 3; i++)
		assert_false(__tlb_remove_folio_pages(&tlb, folio_page(folio, 0), 8, false));
	assert_true(__tlb_remove_folio_pages(&tlb, folio_page(folio, 0), 8, false));
	assert_int_equal(tlb.local.nr, 8);
	memset(&freed, 0, sizeof(freed));
	tlb_flush_mmu(&tlb);
	assert_int_equal(folio_ref_count(folio), 1);
	assert_int_equal(freed.slots, 8);

	/* Single pages between: the last slot is kept free, lest a pair be torn. */
	folio_ref_add(folio, 3 * 8 + 1);
	tlb_flush_pte_range(&tlb, ADDR, PAGE_SIZE);
	assert_false(__tlb_remove_folio_pages(&tlb, folio_page(folio, 0), 1, false));
	assert_false(__tlb_remove_folio_pages(&tlb, folio_page(folio, 0), 8, false));
	assert_false(__tlb_remove_folio_pages(&tlb, folio_page(folio, 0), 8, false));
	assert_true(__tlb_remove_folio_pages(&tlb, folio_page(folio, 0), 8, false));
	assert_int_equal(tlb.local.nr, 7);
	fail_allocations(w, false);
	tlb_finish_mmu(&tlb);
	assert_int_equal(folio_ref_count(folio), 1);
	assert_int_equal(freed.torn, 0);
	folio_put(folio);
	assert_int_equal(stats_of(w).frames_free, before.frames_free);
}

/* A batch as with larger pages: the border at 512 falls between a page and its count. */
#define BIG_SLOTS 1100

static void test_portions_never_tear_a_run(void **state)
{
	struct world *w = *state;
	struct folio *folio = folio_alloc(GFP_KERNEL, 2);
	struct page *page = page_with_refs(BIG_SLOTS);
	struct mmu_gather_batch *big;
	struct mmu_gather tlb;

	big = kzalloc(sizeof(*big) + BIG_SLOTS * sizeof(void *), GFP_KERNEL);
	big->max = BIG_SLOTS;
	for (big->nr = 0; big->nr < 511;)
		big->encoded_pages[big->nr++] = encode_page(page, 0);
	big->encoded_pages[big->nr++] =
		encode_page(folio_page(folio, 0), ENCODED_PAGE_BIT_NR_PAGES_NEXT);
	big->encoded_pages[big->nr++] = encode_nr_pages(4);
	folio_ref_add(folio, 4);
	while (big->nr < BIG_SLOTS - 1)
		big->encoded_pages[big->nr++] = encode_page(page, 0);

	begin_with_cleared_pte(w, &tlb);
	folio_ref_add(folio, 4);
	__tlb_remove_folio_pages(&tlb, folio_page(folio, 0), 4, false);
	tlb.local.next = tlb.active = big;
	memset(&freed, 0, sizeof(freed));
	tlb_flush_mmu(&tlb);
	assert_int_equal(freed.torn, 0);
	assert_int_equal(freed.slots, 2 + BIG_SLOTS - 1);
	/* 2; then 513 = 512 and a count, 512, and the rest. */
	assert_int_equal(freed.calls, 4);
	assert_int_equal(freed.largest, 513);
	assert_int_equal(folio_ref_count(folio), 1);
	assert_ptr_equal(tlb.active, &tlb.local);
	tlb.local.next = NULL;
	kfree(big);
	tlb_finish_mmu(&tlb);
	assert_int_equal(page_ref_count(page), BIG_SLOTS + 1 - (BIG_SLOTS - 1 - 2));
	folio_put_refs(page_folio(page), page_ref_count(page));
	folio_put(folio);
}

/*
 * All kinds of entries in one batch. The flags have two bits: a clean run has one, a delayed page
 * the other; whoever takes "any flag" for "delayed" uncounts the clean run twice (E68).
 */
static void test_only_delayed_entries_lose_their_count(void **state)
{
	struct world *w = *state;
	struct folio *clean_run = mapped_folio(w, 2, 2), *delayed_run = mapped_folio(w, 2, 2);
	struct folio *clean = mapped_folio(w, 0, 2), *delayed = mapped_folio(w, 0, 2);
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;

	begin_with_cleared_pte(w, &tlb);
	assert_true(tlb_delay_rmap(&tlb));
	__tlb_remove_folio_pages(&tlb, folio_page(clean_run, 0), 4, false);
	__tlb_remove_folio_pages(&tlb, folio_page(delayed_run, 1), 3, true);
	__tlb_remove_folio_pages(&tlb, folio_page(clean, 0), 1, false);
	__tlb_remove_folio_pages(&tlb, folio_page(delayed, 0), 1, true);
	tlb_flush_mmu_tlbonly(&tlb);
	tlb_flush_rmaps(&tlb, a_vma(w));
	assert_false(tlb.delayed_rmap);

	assert_int_equal(folio_mapcount(clean_run), 8);
	assert_int_equal(folio_mapcount(clean), 2);
	assert_int_equal(folio_mapcount(delayed), 1);
	assert_int_equal(folio_mapcount(delayed_run), 8 - 3);
	assert_int_equal(page_mapcount(folio_page(delayed_run, 0)), 2);
	for (int i = 1; i < 4; i++)
		assert_int_equal(page_mapcount(folio_page(delayed_run, i)), 1);
	/* A second call finds nothing to do, and freeing uncounts nothing. */
	tlb_flush_rmaps(&tlb, a_vma(w));
	tlb_finish_mmu(&tlb);
	assert_int_equal(folio_mapcount(delayed), 1);
	assert_int_equal(folio_ref_count(delayed), 2);
	assert_int_equal(folio_ref_count(delayed_run), 1 + 8 - 3);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);

	folio_add_file_rmap_ptes(delayed_run, folio_page(delayed_run, 1), 3, a_vma(w));
	drop_maps(w, delayed_run, 2);
	drop_maps(w, clean_run, 2);
	drop_maps(w, clean, 2);
	drop_maps(w, delayed, 1);
	folio_put_refs(delayed_run, 1 + 8 - 3);
	folio_put_refs(delayed, 2);
	folio_put_refs(clean, 2);
	folio_put_refs(clean_run, 1 + 8 - 4);
}

/* Queues a page until the gather is full; the first @plain without delay. Returns how many. */
static unsigned int fill(struct mmu_gather *tlb, struct page *page, unsigned int plain)
{
	unsigned int queued = 0;
	bool full;

	do {
		bool delay = queued >= plain && tlb_delay_rmap(tlb);

		full = __tlb_remove_page(tlb, page, delay);
		queued++;
	} while (!full);
	return queued;
}

static void check_delayed_fill(struct world *w, unsigned int plain, unsigned int expected)
{
	struct vmsim_stats before = stats_of(w);
	struct folio *folio = folio_alloc(GFP_KERNEL, 0);
	struct mmu_gather tlb;

	for (unsigned int i = plain; i < expected; i++)
		folio_add_file_rmap_ptes(folio, folio_page(folio, 0), 1, a_vma(w));
	folio_ref_add(folio, (int)expected);
	begin_with_cleared_pte(w, &tlb);
	assert_int_equal(fill(&tlb, folio_page(folio, 0), plain), expected);
	tlb_flush_mmu_tlbonly(&tlb);
	assert_int_equal(folio_mapcount(folio), expected - plain);
	tlb_flush_rmaps(&tlb, a_vma(w));
	assert_int_equal(folio_mapcount(folio), 0);
	tlb_finish_mmu(&tlb);
	assert_int_equal(folio_ref_count(folio), 1);
	folio_put(folio);
	assert_int_equal(stats_of(w).frames_free, before.frames_free);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);
}

/* Delayed from the first page on: the stack's batch and one more (c47454823bd4). */
static void test_delayed_counts_fill_two_batches(void **state)
{
	check_delayed_fill(*state, 0, LOCAL_SLOTS + BATCH_SLOTS);
}

static void test_delayed_count_in_the_second_batch_ends_it(void **state)
{
	check_delayed_fill(*state, LOCAL_SLOTS, LOCAL_SLOTS + BATCH_SLOTS);
	check_delayed_fill(*state, LOCAL_SLOTS + BATCH_SLOTS - 1, LOCAL_SLOTS + BATCH_SLOTS);
}

/* Plain pages first: the delayed ones are all in the batch that is active by then. */
static void test_delayed_count_in_a_later_batch_ends_it(void **state)
{
	check_delayed_fill(*state, LOCAL_SLOTS + 3 * BATCH_SLOTS + 1,
			   LOCAL_SLOTS + 4 * BATCH_SLOTS);
}

static void test_without_delay_flush_rmaps_does_nothing(void **state)
{
	struct world *w = *state;
	struct folio *folio = mapped_folio(w, 0, 1);
	struct mmu_gather tlb;

	begin_with_cleared_pte(w, &tlb);
	__tlb_remove_page(&tlb, folio_page(folio, 0), true);
	/* Nobody said that there is anything delayed. */
	tlb_flush_rmaps(&tlb, a_vma(w));
	assert_int_equal(folio_mapcount(folio), 1);
	drop_maps(w, folio, 1);
	tlb_finish_mmu(&tlb);
	folio_put(folio);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		gather_test(test_run_takes_two_slots),
		gather_test(test_portions_never_tear_a_run),
		gather_test(test_only_delayed_entries_lose_their_count),
		gather_test(test_delayed_counts_fill_two_batches),
		gather_test(test_delayed_count_in_the_second_batch_ends_it),
		gather_test(test_delayed_count_in_a_later_batch_ends_it),
		gather_test(test_without_delay_flush_rmaps_does_nothing),
	};

	return vmsim_run_tests(tests);
}
#endif
