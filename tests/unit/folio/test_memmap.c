// SPDX-License-Identifier: GPL-2.0-only
#include "folio_test.h"
#include <errno.h>
#include <time.h>
#include <unistd.h>

static struct world world_with_holes(void)
{
	struct vmsim_config config = small_config();

	config.frames = 2048;
	config.hole[0] = (struct vmsim_range) { 128, 192 };
	config.hole[1] = (struct vmsim_range) { 512, 1024 };
	config.holes = 2;
	return world_make(&config);
}

static void test_reserved(void **state)
{
	struct world w = world_small();
	struct page *zero = pfn_to_page(vmsim_zero_pfn());

	(void)state;
	assert_int_not_equal(vmsim_zero_pfn(), 0);
	assert_true(PageReserved(zero));
	assert_int_equal(page_ref_count(zero), 1);
	assert_int_equal(page_mapcount(zero), 0);
	assert_true(zero->vmsim_gen & 1);
	assert_true(PageReserved(pfn_to_page(0)));
	for (unsigned int i = 0; i < PAGE_SIZE; i += 8)
		assert_int_equal(vmsim_frame_load(zero, i, 8), 0);
	world_end(&w);
}

static void test_addresses(void **state)
{
	struct world w = world_small();
	char *base = page_address(pfn_to_page(0));

	(void)state;
	for (unsigned long pfn = 0; pfn < w.m->nr_frames; pfn += 77) {
		struct page *page = pfn_to_page(pfn);

		assert_int_equal(page_to_pfn(page), pfn);
		assert_ptr_equal(page_address(page), base + pfn * PAGE_SIZE);
		assert_ptr_equal(virt_to_page(base + pfn * PAGE_SIZE + 4095), page);
		assert_true(pfn_valid(pfn));
	}
	assert_false(pfn_valid(w.m->nr_frames));
	assert_false(pfn_valid(~0UL));
	world_end(&w);
}

/* True if a touch of the cell would be a fault of the host: the kernel tries it for us. */
static bool touch_kills(const struct page *page)
{
	int end[2];
	bool faults;

	assert_int_equal(pipe(end), 0);
	faults = write(end[1], page, sizeof(*page)) != sizeof(*page) && errno == EFAULT;
	close(end[0]);
	close(end[1]);
	return faults;
}

static void test_holes(void **state)
{
	struct world w = world_with_holes();
	uint64_t all = vmsim_free_frames(w.m);
	struct page *page;

	(void)state;
	assert_true(all <= 2048 - 64 - 512 - 2);
	assert_true(pfn_valid(127) && !pfn_valid(128) && !pfn_valid(191) && pfn_valid(192));
	assert_true(pfn_valid(511) && !pfn_valid(512) && !pfn_valid(1023) && pfn_valid(1024));
	assert_true(touch_kills(pfn_to_page(128)) && touch_kills(pfn_to_page(1023)));
	assert_false(touch_kills(pfn_to_page(127)) || touch_kills(pfn_to_page(1024)));
	/* The biggest block lies behind the holes; single frames lie anywhere but in them. */
	page = alloc_pages(GFP_KERNEL, 10);
	assert_int_equal(page_to_pfn(page), 1024);
	assert_null(alloc_pages(GFP_KERNEL, 10));
	__free_pages(page, 10);
	for (uint64_t i = 0; i < all; i++) {
		page = alloc_page(GFP_KERNEL);
		assert_non_null(page);
		assert_true(pfn_valid(page_to_pfn(page)));
	}
	assert_null(alloc_page(GFP_KERNEL));
	world_end(&w);
}

static void test_bad_holes(void **state)
{
	static const struct vmsim_range bad[] = {
		{ 64, 100 }, { 65, 128 }, { 128, 128 }, { 192, 128 }, { 64, 8192 }, { 0, 2048 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct vmsim_config config = small_config();
		struct vmsim_machine *handle;

		config.frames = 2048;
		config.hole[0] = bad[i];
		config.holes = 1;
		assert_int_equal(vmsim_machine_create(&config, &handle), -EINVAL);
	}
}

static void test_remove_and_add(void **state)
{
	struct world w = world_with_holes();
	uint64_t before = vmsim_free_frames(w.m);
	struct page *page = alloc_pages(GFP_KERNEL, 10);

	(void)state;
	assert_int_equal(vmsim_section_remove(w.handle, 1024 / 64 + 3), -EBUSY);
	__free_pages(page, 10);
	/* Out of the middle of a block of order 10 ... */
	assert_int_equal(vmsim_section_remove(w.handle, 1024 / 64 + 3), 0);
	assert_int_equal(vmsim_section_remove(w.handle, 1024 / 64 + 3), -EALREADY);
	assert_int_equal(vmsim_free_frames(w.m), before - 64);
	assert_false(pfn_valid(1024 + 3 * 64));
	assert_true(pfn_valid(1024 + 3 * 64 - 1) && pfn_valid(1024 + 4 * 64));
	assert_true(touch_kills(pfn_to_page(1024 + 3 * 64)));
	assert_null(alloc_pages(GFP_KERNEL, 10));
	page = alloc_pages(GFP_KERNEL, 9);
	assert_int_equal(page_to_pfn(page), 1536);
	__free_pages(page, 9);
	/* ... and back: the block is whole again. */
	assert_int_equal(vmsim_section_add(w.handle, 1024 / 64 + 3), 0);
	assert_int_equal(vmsim_section_add(w.handle, 1024 / 64 + 3), -EALREADY);
	assert_int_equal(vmsim_free_frames(w.m), before);
	page = alloc_pages(GFP_KERNEL, 10);
	assert_int_equal(page_to_pfn(page), 1024);
	__free_pages(page, 10);
	/* A hole gets memory. */
	for (unsigned int section = 8; section < 16; section++)
		assert_int_equal(vmsim_section_add(w.handle, section), 0);
	assert_int_equal(vmsim_free_frames(w.m), before + 512);
	assert_false(touch_kills(pfn_to_page(512)));
	world_end(&w);
}

static void test_remove_the_unused(void **state)
{
	struct vmsim_config config = small_config();
	struct world w;
	uint64_t before;

	(void)state;
	config.frames = 4096 + 10;
	w = world_make(&config);
	before = vmsim_free_frames(w.m);
	assert_int_equal(vmsim_section_remove(w.handle, 50), 0);
	assert_int_equal(vmsim_section_remove(w.handle, 64), 0);
	assert_int_equal(vmsim_free_frames(w.m), before - 64 - 10);
	assert_int_equal(vmsim_section_remove(w.handle, 65), -EINVAL);
	assert_int_equal(vmsim_section_remove(w.handle, 0), -EBUSY);
	while (alloc_page(GFP_KERNEL))
		before--;
	assert_int_equal(before, 64 + 10);
	assert_int_equal(vmsim_section_add(w.handle, 64), 0);
	assert_int_equal(vmsim_section_add(w.handle, 50), 0);
	assert_int_equal(vmsim_free_frames(w.m), 64 + 10);
	assert_non_null(alloc_pages(GFP_KERNEL, 6));
	assert_null(alloc_pages(GFP_KERNEL, 6));
	assert_non_null(alloc_pages(GFP_KERNEL, 3));
	assert_non_null(alloc_pages(GFP_KERNEL, 1));
	assert_null(alloc_page(GFP_KERNEL));
	world_end(&w);
}

/* Frames that a CPU keeps do not hold a section. */
static void test_remove_what_a_cpu_keeps(void **state)
{
	struct world w = world_small();
	struct page *page = alloc_pages(GFP_KERNEL, 6);
	uint64_t section = page_to_pfn(page) / 64;

	(void)state;
	for (int i = 0; i < 64; i++) {
		set_page_count(page + i, 1);
		__free_page(page + i);
	}
	assert_true(w.m->cpu[0].pcp.count > 0);
	assert_int_equal(vmsim_section_remove(w.handle, section), 0);
	assert_int_equal(vmsim_section_add(w.handle, section), 0);
	world_end(&w);
}

static void test_section_misuse(void **state)
{
	struct vmsim_config config = small_config();
	struct vmsim_machine *other;
	struct world w;

	(void)state;
	assert_int_equal(vmsim_section_remove(NULL, 1), -EBADF);
	assert_int_equal(vmsim_machine_create(&config, &other), 0);
	assert_int_equal(vmsim_section_remove(other, 1), -ESRCH);
	assert_int_equal(vmsim_machine_destroy(other), 0);
	assert_int_equal(vmsim_section_remove(other, 1), -EBADF);
	config.mode = VMSIM_EXPLORE;
	config.hole[0] = (struct vmsim_range) { 128, 192 };
	config.holes = 1;
	w = world_make(&config);
	/* There, the host's memory stays as it is. */
	assert_int_equal(vmsim_section_add(w.handle, 2), -EOPNOTSUPP);
	assert_int_equal(vmsim_section_remove(w.handle, 2), -EALREADY);
	world_end(&w);
}

/* In explore mode frames join one by one: a section may have been used in part. */
static void test_remove_while_exploring(void **state)
{
	struct vmsim_config config = small_config();
	struct page *page;
	struct world w;
	uint64_t before;

	(void)state;
	config.mode = VMSIM_EXPLORE;
	config.frames = 192;
	w = world_make(&config);
	before = vmsim_free_frames(w.m);
	do {
		page = alloc_page(GFP_KERNEL);
		before--;
	} while (page_to_pfn(page) < 70);
	assert_int_equal(vmsim_section_remove(w.handle, 1), -EBUSY);
	for (unsigned long pfn = 64; pfn <= 70; pfn++)
		__free_page(pfn_to_page(pfn));
	assert_int_equal(vmsim_section_remove(w.handle, 1), 0);
	assert_int_equal(vmsim_section_remove(w.handle, 1), -EALREADY);
	assert_false(pfn_valid(64) || pfn_valid(127));
	assert_true(pfn_valid(63) && pfn_valid(128));
	/* The frames that nobody has ever had are passed by; those that somebody had, too. */
	assert_int_equal(page_to_pfn(alloc_page(GFP_KERNEL)), 128);
	assert_int_equal(vmsim_section_add(w.handle, 1), 0);
	assert_int_equal(vmsim_section_add(w.handle, 1), -EALREADY);
	assert_int_equal(page_to_pfn(alloc_page(GFP_KERNEL)), 64);
	/* Seven came back, two of all went again. */
	before += 7 - 2;
	assert_int_equal(vmsim_free_frames(w.m), before);
	while (alloc_page(GFP_KERNEL))
		before--;
	assert_int_equal(before, 0);
	world_end(&w);
}

/* A sanitizer looks at every byte of the section map; what it costs then says nothing. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define START_LIMIT_MS 1000
#else
#define START_LIMIT_MS 10
#endif

static void test_big_machine_starts_at_once(void **state)
{
	struct vmsim_config config = small_config();
	struct vmsim_machine *handle;
	struct timespec a, b;
	double best = 1e9;

	(void)state;
	config.contents = VMSIM_CONTENTS_NONE;
	config.frames = 1UL << 28;
	for (int i = 0; i < 5; i++) {
		double ms;

		clock_gettime(CLOCK_MONOTONIC, &a);
		assert_int_equal(vmsim_machine_create(&config, &handle), 0);
		clock_gettime(CLOCK_MONOTONIC, &b);
		ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
		best = min(best, ms);
		assert_int_equal(vmsim_machine_destroy(handle), 0);
	}
	print_message("a machine of 1 TiB starts in %.2f ms\n", best);
	assert_true(best < START_LIMIT_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_bad_holes),
		cmocka_unit_test(test_remove_and_add),
		cmocka_unit_test(test_remove_the_unused),
		cmocka_unit_test(test_remove_what_a_cpu_keeps),
		cmocka_unit_test(test_section_misuse),
		cmocka_unit_test(test_remove_while_exploring),
		cmocka_unit_test(test_big_machine_starts_at_once),
	};

	return vmsim_run_tests(tests);
}
