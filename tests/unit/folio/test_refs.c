// SPDX-License-Identifier: GPL-2.0-only
#include "folio_test.h"
#include <linux/vmstat.h>
#include <mm/internal.h>

/* References, compound pages, and what is checked when the last reference goes. */

static void test_compound_layout(void **state)
{
	struct world w = world_small();

	(void)state;
	for (unsigned int order = 1; order <= MAX_PAGE_ORDER; order++) {
		uint64_t before = vmsim_free_frames(w.m);
		struct folio *folio = folio_alloc(GFP_KERNEL, order);

		assert_non_null(folio);
		assert_int_equal(folio_order(folio), order);
		assert_int_equal(folio_nr_pages(folio), 1 << order);
		assert_int_equal(folio->_folio_nr_pages, 1 << order);
		assert_true(folio_test_large(folio) && PageHead(&folio->page));
		assert_int_equal(folio_ref_count(folio), 1);
		assert_int_equal(folio_mapcount(folio), 0);
		assert_int_equal(folio_entire_mapcount(folio), 0);
		assert_int_equal(atomic_read(&folio->_nr_pages_mapped), 0);
		assert_int_equal(atomic_read(&folio->_pincount), 0);
		assert_true(test_bit(PG_large_rmappable, &folio->_flags_1));
		for (long i = 1; i < folio_nr_pages(folio); i++) {
			struct page *tail = folio_page(folio, i);

			assert_true(PageTail(tail) && !PageHead(tail));
			assert_ptr_equal(page_folio(tail), folio);
			assert_int_equal(page_ref_count(tail), 0);
			assert_int_equal(page_mapcount(tail), 0);
		}
		if (order > 1)
			assert_true(list_empty(&folio->_deferred_list));
		/* A reference to any page is one to the folio. */
		get_page(folio_page(folio, folio_nr_pages(folio) - 1));
		assert_int_equal(folio_ref_count(folio), 2);
		folio_put(folio);
		folio_put(folio);
		assert_int_equal(vmsim_free_frames(w.m), before);
		for (long i = 0; i < 1 << order; i++)
			assert_false(PageCompound(&folio->page + i));
	}
	assert_int_equal(vmsim_violations(w.handle), 0);
	world_end(&w);
}

/* An order-1 folio has two cells: nothing of it lies in the third (D07). */
static void test_order_1_keeps_off_the_third_cell(void **state)
{
	struct world w = world_small();
	struct page *page = alloc_pages(GFP_KERNEL, 2);
	struct page *third = page + 2;
	struct page copy;
	struct folio *folio;

	(void)state;
	__free_pages(page, 2);
	folio = folio_alloc(GFP_KERNEL, 1);
	third = folio_page(folio, 2);
	copy = *third;
	folio_put(folio);
	folio = folio_alloc(GFP_KERNEL, 1);
	if (folio_page(folio, 2) == third)
		assert_memory_equal(&copy.flags, &third->flags, sizeof(long));
	assert_int_not_equal(third->vmsim_gen & 1, 1);
	folio_put(folio);
	world_end(&w);
}

static void test_speculative_references(void **state)
{
	struct world w = world_small();
	struct folio *folio = folio_alloc(GFP_KERNEL, 0);

	(void)state;
	assert_true(folio_try_get(folio));
	assert_int_equal(folio_ref_count(folio), 2);
	assert_false(folio_ref_freeze(folio, 1));
	assert_true(folio_ref_freeze(folio, 2));
	assert_false(folio_try_get(folio));
	folio_ref_unfreeze(folio, 2);
	folio_put_refs(folio, 2);
	assert_false(folio_try_get(folio));
	assert_bug(folio_put(folio));
	world_end(&w);
}

/* M14: whoever speculates on the head of a block that is no compound page leaks no tails. */
static void test_speculation_on_a_plain_block(void **state)
{
	struct world w = world_small();

	(void)state;
	for (unsigned int order = 0; order <= 5; order++) {
		uint64_t before = vmsim_free_frames(w.m);
		struct page *page = alloc_pages(GFP_KERNEL, order);

		assert_true(folio_try_get((struct folio *)page));
		__free_pages(page, order);
		assert_int_equal(vmsim_free_frames(w.m), before - 1);
		assert_true(page->vmsim_gen & 1);
		put_page(page);
		assert_int_equal(vmsim_free_frames(w.m), before);
	}
	/* A compound page waits for the last reference as a whole. */
	for (unsigned int order = 1; order <= 5; order++) {
		uint64_t before = vmsim_free_frames(w.m);
		struct folio *folio = folio_alloc(GFP_KERNEL, order);

		folio_get(folio);
		__free_pages(&folio->page, order);
		assert_int_equal(vmsim_free_frames(w.m), before - BIT(order));
		folio_put(folio);
		assert_int_equal(vmsim_free_frames(w.m), before);
	}
	assert_int_equal(vmsim_violations(w.handle), 0);
	world_end(&w);
}

static void test_bad_pages(void **state)
{
	static const int flags[] = { PG_lru, PG_locked, PG_private, PG_private_2, PG_writeback,
				     PG_reserved, PG_active, PG_unevictable, PG_mlocked };
	struct world w = world_small();
	struct page *page;
	uint64_t before;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		page = alloc_page(GFP_KERNEL);
		set_bit(flags[i], &page->flags);
		before = vmsim_free_frames(w.m);
		assert_violation(&w, __free_page(page), "flags");
		/* A damaged frame is not used again. */
		assert_int_equal(vmsim_free_frames(w.m), before);
		assert_true(page->vmsim_gen & 1);
	}
	/* Who gives the last reference back takes it off the lists before. */
	page = alloc_page(GFP_KERNEL);
	set_bit(PG_lru, &page->flags);
	set_bit(PG_unevictable, &page->flags);
	mlock_folio(page_folio(page));
	assert_int_equal(global_zone_page_state(NR_MLOCK), 1);
	put_page(page);
	assert_int_equal(global_zone_page_state(NR_MLOCK), 0);
	assert_int_equal(page->flags, 0);
	page = alloc_page(GFP_KERNEL);
	page->_mapcount.counter++;
	assert_violation(&w, put_page(page), "map count (R7)");
	page = alloc_page(GFP_KERNEL);
	page->mapping = (void *)&w;
	assert_violation(&w, put_page(page), "mapping");
	/* The rests of anonymous memory are fine, and so are flags that mean nothing any more. */
	page = alloc_page(GFP_KERNEL);
	page->mapping = (void *)((uintptr_t)&w | PAGE_MAPPING_ANON);
	SetPageAnonExclusive(page);
	set_bit(PG_dirty, &page->flags);
	set_bit(PG_swapbacked, &page->flags);
	put_page(page);
	assert_int_equal(page->flags, 0);
	assert_null(page->mapping);
	world_end(&w);
}

static void test_bad_tails(void **state)
{
	struct world w = world_small();
	struct page *page = alloc_pages(GFP_KERNEL, 2);
	struct folio *folio;

	(void)state;
	page[3]._refcount.counter = 1;
	assert_violation(&w, __free_pages(page, 2), "references");
	folio = folio_alloc(GFP_KERNEL, 3);
	folio->_large_mapcount.counter++;
	assert_violation(&w, folio_put(folio), "mapped (R7)");
	folio = folio_alloc(GFP_KERNEL, 3);
	folio->_nr_pages_mapped.counter++;
	assert_violation(&w, folio_put(folio), "mapped (R7)");
	folio = folio_alloc(GFP_KERNEL, 3);
	folio->_pincount.counter++;
	assert_violation(&w, folio_put(folio), "pinned");
	folio = folio_alloc(GFP_KERNEL, 3);
	folio_page(folio, 5)->_mapcount.counter++;
	assert_violation(&w, folio_put(folio), "map count (R7)");
	folio = folio_alloc(GFP_KERNEL, 3);
	folio_page(folio, 6)->mapping = NULL;
	assert_violation(&w, folio_put(folio), "another view");
	folio = folio_alloc(GFP_KERNEL, 3);
	folio_page(folio, 7)->compound_head = (unsigned long)folio_page(folio, 1) | 1;
	assert_violation(&w, folio_put(folio), "another head");
	world_end(&w);
}

static void test_changed_while_free(void **state)
{
	struct world w = world_small();
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	__free_page(page);
	page->_refcount.counter = 1;
	assert_violation(&w, assert_ptr_equal(alloc_page(GFP_KERNEL), page), "while it was free");
	assert_int_equal(page_ref_count(page), 1);
	__free_page(page);
	page->_mapcount.counter = 0;
	assert_violation(&w, assert_ptr_equal(alloc_page(GFP_KERNEL), page), "while it was free");
	__free_page(page);
	world_end(&w);
}

/* E71: pages, folios and tagged pages with counts are released alike. */
static void test_release_pages(void **state)
{
	struct world w = world_small();
	uint64_t before = vmsim_free_frames(w.m);
	struct page *pages[40];
	struct folio *folios[40];
	struct encoded_page *encoded[80];
	struct folio *large;
	int nr = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		pages[i] = alloc_page(GFP_KERNEL);
	release_pages(pages, 40);
	assert_int_equal(vmsim_free_frames(w.m), before);
	for (int i = 0; i < 40; i++) {
		folios[i] = folio_alloc(GFP_KERNEL, i % 3);
		folio_get(folios[i]);
	}
	release_pages(folios, 40);
	for (int i = 0; i < 40; i++)
		assert_int_equal(folio_ref_count(folios[i]), 1);
	release_pages(folios, 40);
	assert_int_equal(vmsim_free_frames(w.m), before);

	large = folio_alloc(GFP_KERNEL, 4);
	folio_ref_add(large, 15);
	encoded[nr++] = encode_page(folio_page(large, 1), ENCODED_PAGE_BIT_NR_PAGES_NEXT);
	encoded[nr++] = encode_nr_pages(7);
	for (int i = 0; i < 36; i++)
		encoded[nr++] = encode_page(alloc_page(GFP_KERNEL),
					    i % 2 ? ENCODED_PAGE_BIT_DELAY_RMAP : 0);
	encoded[nr++] = encode_page(folio_page(large, 9), ENCODED_PAGE_BIT_NR_PAGES_NEXT |
				    ENCODED_PAGE_BIT_DELAY_RMAP);
	encoded[nr++] = encode_nr_pages(8);
	release_pages(encoded, nr);
	assert_int_equal(folio_ref_count(large), 1);
	assert_int_equal(vmsim_free_frames(w.m), before - 16);
	folio_put(large);

	large = folio_alloc(GFP_KERNEL, 4);
	encoded[0] = encode_page(alloc_page(GFP_KERNEL), 0);
	encoded[1] = encode_page(&large->page, ENCODED_PAGE_BIT_NR_PAGES_NEXT);
	encoded[2] = encode_nr_pages(3);
	folio_ref_add(large, 2);
	free_pages_and_swap_cache(encoded, 3);
	assert_int_equal(vmsim_free_frames(w.m), before);
	large = folio_alloc(GFP_KERNEL, 1);
	free_page_and_swap_cache(folio_page(large, 1));
	assert_int_equal(vmsim_free_frames(w.m), before);
	/* A page that is cut off from its count. */
	encoded[0] = encode_page(alloc_page(GFP_KERNEL), ENCODED_PAGE_BIT_NR_PAGES_NEXT);
	assert_bug(release_pages(encoded, 1));
	world_end(&w);
}

static void test_batches(void **state)
{
	struct world w = world_small();
	uint64_t before = vmsim_free_frames(w.m);
	unsigned int refs[PAGEVEC_SIZE];
	struct folio_batch batch;

	(void)state;
	folio_batch_init(&batch);
	for (unsigned int i = 0; i < PAGEVEC_SIZE; i++) {
		struct folio *folio = folio_alloc(GFP_KERNEL, 0);

		folio_ref_add(folio, (int)i);
		refs[i] = i + 1;
		assert_int_equal(folio_batch_add(&batch, folio), PAGEVEC_SIZE - 1 - i);
	}
	folios_put_refs(&batch, refs);
	assert_int_equal(folio_batch_count(&batch), 0);
	assert_int_equal(vmsim_free_frames(w.m), before);
	folio_batch_add(&batch, folio_alloc(GFP_KERNEL, 2));
	folios_put_refs(&batch, NULL);
	assert_int_equal(vmsim_free_frames(w.m), before);
	world_end(&w);
}

/* The generation in FRAME_ALLOC and FRAME_FREE is that of the life which begins or ends. */
struct lives {
	unsigned int allocs, frees;
	bool wrong;
};

static void watch(void *arg, const struct vmsim_event *event)
{
	struct lives *lives = arg;
	struct page *page = (void *)event->arg[0];

	if (event->kind == VMSIM_EV_FRAME_ALLOC)
		lives->allocs += 1 << event->arg[1];
	else
		lives->frees += 1 << event->arg[1];
	for (unsigned long i = 0; i < BIT(event->arg[1]); i++)
		if (!(page[i].vmsim_gen & 1))
			lives->wrong = true;
}

static void test_events(void **state)
{
	struct world w = world_small();
	struct lives lives = { 0 };

	(void)state;
	assert_int_equal(vmsim_subscribe(w.handle, VMSIM_EV_BIT(FRAME_ALLOC) |
					 VMSIM_EV_BIT(FRAME_FREE), watch, &lives), 0);
	folio_put(folio_alloc(GFP_KERNEL, 0));
	folio_put(folio_alloc(GFP_KERNEL, 4));
	__free_pages(alloc_pages(GFP_KERNEL, 3), 3);
	assert_int_equal(lives.allocs, 1 + 16 + 8);
	assert_int_equal(lives.frees, 1 + 16 + 8);
	assert_false(lives.wrong);
	world_end(&w);
}

static void test_dump(void **state)
{
	struct world w = world_small();
	struct folio *folio = folio_alloc(GFP_KERNEL, 2);

	(void)state;
	dump_page(folio_page(folio, 3), "a test of dump_page()");
	folio_put(folio);
	dump_page(folio_page(folio, 0), NULL);
	dump_page(pfn_to_page(vmsim_zero_pfn()), "the zero page");
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compound_layout),
		cmocka_unit_test(test_order_1_keeps_off_the_third_cell),
		cmocka_unit_test(test_speculative_references),
		cmocka_unit_test(test_speculation_on_a_plain_block),
		cmocka_unit_test(test_bad_pages),
		cmocka_unit_test(test_bad_tails),
		cmocka_unit_test(test_changed_while_free),
		cmocka_unit_test(test_release_pages),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_dump),
	};

	return vmsim_run_tests(tests);
}
