// SPDX-License-Identifier: GPL-2.0-only
#include "folio_test.h"
#include <pthread.h>

static unsigned long nr_free(const struct world *w, unsigned int order)
{
	return w->m->zone.free_area[order].nr_free;
}

/* Frames on the lists, counted by walking them, and every block checked. */
static unsigned long listed_frames(const struct world *w)
{
	unsigned long frames = 0;

	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++) {
		const struct free_area *area = &w->m->zone.free_area[order];
		unsigned long blocks = 0;
		struct page *page;

		list_for_each_entry(page, &area->free_list, buddy_list) {
			assert_int_equal(page->page_type, PG_TYPE(PGTY_buddy));
			assert_int_equal(page->private, order);
			assert_true(IS_ALIGNED(page_to_pfn(page), BIT(order)));
			assert_int_equal(page_ref_count(page), 0);
			blocks++;
		}
		assert_int_equal(blocks, area->nr_free);
		frames += blocks << order;
	}
	return frames;
}

static void assert_books_balance(const struct world *w)
{
	unsigned long never_used = w->m->nr_frames - w->m->frames_used;

	assert_int_equal(listed_frames(w) + never_used, w->m->zone.nr_free_pages);
}

static void test_split_and_merge(void **state)
{
	struct world w = world_small();
	struct page *block[4];
	unsigned long before;

	(void)state;
	vmsim_pcp_drain_all(w.m);
	before = w.m->zone.nr_free_pages;
	for (int i = 0; i < 4; i++) {
		block[i] = alloc_pages(GFP_KERNEL, 3);
		assert_non_null(block[i]);
		assert_true(IS_ALIGNED(page_to_pfn(block[i]), 8));
		for (int j = 0; j < i; j++)
			assert_true(block[i] + 8 <= block[j] || block[j] + 8 <= block[i]);
	}
	assert_int_equal(w.m->zone.nr_free_pages, before - 32);
	assert_books_balance(&w);
	for (int i = 0; i < 4; i++)
		__free_pages(block[i], 3);
	assert_int_equal(w.m->zone.nr_free_pages, before);
	assert_books_balance(&w);
	/* Buddies united: two blocks of one order are never each other's buddies. */
	for (unsigned int order = 0; order < MAX_PAGE_ORDER; order++) {
		struct page *a, *b;

		list_for_each_entry(a, &w.m->zone.free_area[order].free_list, buddy_list)
			list_for_each_entry(b, &w.m->zone.free_area[order].free_list, buddy_list)
				assert_true(page_to_pfn(a) != (page_to_pfn(b) ^ BIT(order)));
	}
	world_end(&w);
}

/* Everything can be had, once, in single frames; and grows together again. */
static void test_exhaustion(void **state)
{
	struct world w = world_small();
	uint64_t all = vmsim_free_frames(w.m);
	struct page **page = calloc(all, sizeof(*page));
	unsigned char *seen = calloc(w.m->nr_frames, 1);
	struct vmsim_stats stats;

	(void)state;
	for (uint64_t i = 0; i < all; i++) {
		page[i] = alloc_page(GFP_KERNEL);
		assert_non_null(page[i]);
		assert_int_equal(seen[page_to_pfn(page[i])]++, 0);
	}
	assert_null(alloc_page(GFP_KERNEL));
	assert_null(alloc_pages(GFP_KERNEL, 4));
	assert_int_equal(vmsim_free_frames(w.m), 0);
	assert_int_equal(vmsim_stats_get(w.handle, &stats), 0);
	assert_int_equal(stats.frames_free, 0);
	assert_false(seen[0] || seen[w.m->zero_pfn]);
	for (uint64_t i = 0; i < all; i++)
		__free_page(page[i]);
	assert_int_equal(vmsim_free_frames(w.m), all);
	vmsim_pcp_drain_all(w.m);
	assert_books_balance(&w);
	/* Frames 0 and 1 are reserved, and a few at most are tables of the process. */
	assert_true(nr_free(&w, MAX_PAGE_ORDER) >= 2);
	free(page);
	free(seen);
	world_end(&w);
}

/* Frame counts that are no multiple of anything, down to the smallest machine. */
static void test_odd_sizes(void **state)
{
	static const uint64_t sizes[] = { 64, 65, 100, 127, 1023, 1025, 1987, 2049 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct vmsim_config config = small_config();
		struct page *page, *last = NULL;
		struct world w;
		uint64_t all;

		config.frames = sizes[i];
		w = world_make(&config);
		all = vmsim_free_frames(w.m);
		assert_true(all < sizes[i] && all > sizes[i] - 16);
		for (uint64_t n = 0; n < all; n++) {
			page = alloc_page(GFP_KERNEL);
			assert_non_null(page);
			assert_true(page_to_pfn(page) < sizes[i]);
			page->private = (unsigned long)last;
			last = page;
		}
		assert_null(alloc_page(GFP_KERNEL));
		while ((page = last)) {
			last = (struct page *)page->private;
			page->private = 0;
			__free_page(page);
		}
		vmsim_pcp_drain_all(w.m);
		assert_books_balance(&w);
		assert_int_equal(vmsim_free_frames(w.m), all);
		world_end(&w);
	}
}

static void test_orders(void **state)
{
	struct world w = world_small();

	(void)state;
	for (unsigned int order = 0; order <= MAX_PAGE_ORDER; order++) {
		uint64_t before = vmsim_free_frames(w.m);
		struct page *page = alloc_pages(GFP_KERNEL, order);

		assert_non_null(page);
		assert_int_equal(vmsim_free_frames(w.m), before - BIT(order));
		for (unsigned long i = 0; i < BIT(order); i++) {
			assert_true(page[i].vmsim_gen & 1);
			assert_int_equal(page_ref_count(page + i), i == 0);
			assert_int_equal(page_mapcount(page + i), 0);
			assert_false(PageCompound(page + i));
		}
		__free_pages(page, order);
		for (unsigned long i = 0; i < BIT(order); i++)
			assert_false(page[i].vmsim_gen & 1);
		assert_int_equal(vmsim_free_frames(w.m), before);
	}
	world_end(&w);
}

/* A generation lasts from one allocation to the next. */
static void test_generations(void **state)
{
	struct world w = world_small();
	struct page *page = alloc_page(GFP_KERNEL);
	u32 gen = page->vmsim_gen;

	(void)state;
	assert_true(gen & 1);
	__free_page(page);
	assert_int_equal(page->vmsim_gen, gen + 1);
	/* The frame that went last comes first. */
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	assert_int_equal(page->vmsim_gen, gen + 2);
	__free_page(page);
	world_end(&w);
}

static void test_low_frames_first(void **state)
{
	struct vmsim_config config = small_config();
	struct world w;

	(void)state;
	config.mode = VMSIM_EXPLORE;
	w = world_make(&config);
	for (int i = 0; i < 50; i++) {
		unsigned long used = w.m->frames_used;

		assert_int_equal(page_to_pfn(alloc_page(GFP_KERNEL)), used);
		assert_int_equal(w.m->frames_used, used + 1);
	}
	/* Nothing beyond the mark has been touched. */
	for (unsigned long pfn = w.m->frames_used; pfn < w.m->nr_frames; pfn++)
		for (size_t i = 0; i < sizeof(struct page) / sizeof(long); i++)
			assert_int_equal(((unsigned long *)pfn_to_page(pfn))[i], 0);
	world_end(&w);
}

static void test_failure_on_demand(void **state)
{
	struct world w = world_small();
	struct page *page[8];

	(void)state;
	assert_int_equal(vmsim_fail_pages(w.handle, 3, 2), 0);
	for (int i = 0; i < 8; i++) {
		page[i] = alloc_page(GFP_KERNEL);
		assert_int_equal(!page[i], i == 2 || i == 3);
	}
	for (int i = 0; i < 8; i++)
		if (page[i])
			__free_page(page[i]);
	assert_int_equal(vmsim_fail_pages(w.handle, 1, 1), 0);
	assert_null(folio_alloc(GFP_KERNEL, 2));
	assert_int_equal(vmsim_fail_pages(w.handle, 1, UINT64_MAX - 1), 0);
	assert_int_equal(__get_free_page(GFP_KERNEL), 0);
	assert_int_equal(__get_free_page(GFP_KERNEL), 0);
	assert_int_equal(vmsim_fail_pages(w.handle, 0, 0), 0);
	page[0] = alloc_page(GFP_KERNEL);
	assert_non_null(page[0]);
	__free_page(page[0]);
	assert_int_equal(vmsim_fail_pages(w.handle, 0, 1), -EINVAL);
	assert_int_equal(vmsim_fail_pages(w.handle, UINT64_MAX, 1), -EINVAL);
	assert_int_equal(vmsim_fail_pages(NULL, 1, 1), -EBADF);
	world_end(&w);
}

static void test_zero(void **state)
{
	struct world w = world_small();
	unsigned long addr = __get_free_page(GFP_KERNEL);

	(void)state;
	memset((void *)addr, 0xa5, PAGE_SIZE);
	free_page(addr);
	assert_int_equal(get_zeroed_page(GFP_KERNEL), addr);
	for (size_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(((char *)addr)[i], 0);
	assert_ptr_equal(page_address(virt_to_page((void *)addr)), (void *)addr);
	free_page(addr);
	world_end(&w);
}

/* What another CPU keeps is fetched before an allocation fails that may wait, and only then. */
struct hoarder {
	struct vmsim_machine *handle;
	pthread_barrier_t *kept;
};

static void *hoard(void *arg)
{
	struct hoarder *hoarder = arg;

	assert_int_equal(vmsim_attach(hoarder->handle, 1, 1), 0);
	vmsim_enter();
	__free_page(alloc_page(GFP_KERNEL));
	vmsim_leave();
	pthread_barrier_wait(hoarder->kept);
	pthread_barrier_wait(hoarder->kept);
	assert_int_equal(vmsim_detach(), 0);
	return NULL;
}

static void test_other_cpus_frames(void **state)
{
	struct world w = world_small();
	struct page *page, *last = NULL;
	pthread_barrier_t barrier;
	struct hoarder hoarder = { w.handle, &barrier };
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, hoard, &hoarder);
	pthread_barrier_wait(&barrier);
	assert_true(w.m->cpu[1].pcp.count > 0);
	while ((page = alloc_page(GFP_NOWAIT))) {
		page->private = (unsigned long)last;
		last = page;
	}
	assert_true(w.m->cpu[1].pcp.count > 0);
	assert_int_equal(vmsim_free_frames(w.m), w.m->cpu[1].pcp.count);
	while ((page = alloc_page(GFP_KERNEL))) {
		page->private = (unsigned long)last;
		last = page;
	}
	assert_int_equal(vmsim_free_frames(w.m), 0);
	while ((page = last)) {
		last = (struct page *)page->private;
		page->private = 0;
		__free_page(page);
	}
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
	world_end(&w);
}

/* Two CPUs at it: no frame is handed out twice, and none is lost. */
#define ROUNDS 20000
#define KEEP 100

static void *churn(void *arg)
{
	struct world *w = arg;
	static __thread struct page *page[KEEP];
	unsigned int x = 12345;

	if (!vmsim_self->machine)
		assert_int_equal(vmsim_attach(w->handle, 1, 1), 0);
	for (int i = 0; i < ROUNDS; i++) {
		unsigned int slot = (x = x * 1103515245 + 12345) >> 16 & 63;
		unsigned int order = slot & 3;

		if (page[slot]) {
			assert_int_equal(page[slot]->index, slot + 1);
			page[slot]->index = 0;
			__free_pages(page[slot], order);
			page[slot] = NULL;
		} else if ((page[slot] = alloc_pages(GFP_KERNEL, order))) {
			assert_int_equal(page[slot]->index, 0);
			page[slot]->index = slot + 1;
		}
	}
	for (unsigned int slot = 0; slot < KEEP; slot++)
		if (page[slot])
			__free_pages(page[slot], slot & 3);
	return NULL;
}

static void *churn_attached(void *arg)
{
	churn(arg);
	assert_int_equal(vmsim_detach(), 0);
	return NULL;
}

static void test_parallel(void **state)
{
	struct world w = world_small();
	uint64_t before = vmsim_free_frames(w.m);
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, churn_attached, &w);
	churn(&w);
	pthread_join(thread, NULL);
	assert_int_equal(vmsim_free_frames(w.m), before);
	vmsim_pcp_drain_all(w.m);
	assert_books_balance(&w);
	assert_int_equal(vmsim_violations(w.handle), 0);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split_and_merge),
		cmocka_unit_test(test_exhaustion),
		cmocka_unit_test(test_odd_sizes),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_low_frames_first),
		cmocka_unit_test(test_failure_on_demand),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_other_cpus_frames),
		cmocka_unit_test(test_parallel),
	};

	return vmsim_run_tests(tests);
}
