// SPDX-License-Identifier: GPL-2.0-only
#include "folio_test.h"

static struct world world_of(enum vmsim_contents contents)
{
	struct vmsim_config config = small_config();

	config.contents = contents;
	return world_make(&config);
}

static void test_none(void **state)
{
	struct world w = world_of(VMSIM_CONTENTS_NONE);
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE);
	struct page *other = alloc_page(GFP_HIGHUSER_MOVABLE);

	(void)state;
	/* The memory is there for page tables; contents of other frames leave it alone. */
	memset(page_address(page), 0x77, PAGE_SIZE);
	vmsim_frame_store(page, 0, 8, 5);
	assert_int_equal(vmsim_frame_load(page, 0, 8), 0);
	clear_highpage(page);
	copy_highpage(page, other);
	for (size_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(((char *)page_address(page))[i], 0x77);
	__free_page(page);
	assert_ptr_equal(alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO), page);
	assert_int_equal(*(char *)page_address(page), 0x77);
	__free_page(page);
	assert_int_equal(*(char *)get_zeroed_page(GFP_KERNEL), 0);
	world_end(&w);
}

static void test_version(void **state)
{
	struct world w = world_of(VMSIM_CONTENTS_VERSION);
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	struct page *other = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	u64 words[4];

	(void)state;
	memset(page_address(page), 0x77, PAGE_SIZE);
	assert_int_equal(vmsim_frame_load(page, 0, 8), 0);
	vmsim_frame_store(page, 8, 4, 0x1122334455667788);
	assert_int_equal(vmsim_frame_load(page, 4088, 8), 0x1122334455667788);
	assert_int_equal(vmsim_frame_load(page, 0, 4), 0x55667788);
	assert_int_equal(vmsim_frame_load(page, 0, 2), 0x7788);
	assert_int_equal(vmsim_frame_load(page, 0, 1), 0x88);
	copy_highpage(other, page);
	vmsim_frame_store(page, 0, 8, 9);
	assert_int_equal(vmsim_frame_load(other, 0, 8), 0x1122334455667788);
	vmsim_frame_read(page, 16, words, sizeof(words));
	for (int i = 0; i < 4; i++)
		assert_int_equal(words[i], 9);
	words[0] = 11;
	vmsim_frame_write(page, 64, words, sizeof(words));
	assert_int_equal(vmsim_frame_load(page, 0, 8), 11);
	clear_highpage(page);
	assert_int_equal(vmsim_frame_load(page, 0, 8), 0);
	assert_int_equal(vmsim_frame_load(other, 0, 8), 0x1122334455667788);
	assert_int_equal(*(char *)page_address(page), 0x77);
	/* A new life with __GFP_ZERO begins with version 0. */
	__free_page(other);
	assert_ptr_equal(alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO), other);
	assert_int_equal(vmsim_frame_load(other, 0, 8), 0);
	world_end(&w);
}

static void test_bytes(void **state)
{
	struct world w = world_of(VMSIM_CONTENTS_BYTES);
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	struct page *other = alloc_page(GFP_HIGHUSER_MOVABLE);
	unsigned char *bytes = page_address(page);
	u64 words[4] = { 1, 2, 3, 4 };

	(void)state;
	for (size_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(bytes[i], 0);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		vmsim_frame_store(page, 64 * size, size, 0x8877665544332211);
		assert_int_equal(vmsim_frame_load(page, 64 * size, size),
				 0x8877665544332211 & (~0ULL >> (64 - 8 * size)));
		assert_int_equal(bytes[64 * size + size - 1], 0x11 * size);
		assert_int_equal(bytes[64 * size + size], 0);
	}
	memset(page_address(other), 0xee, PAGE_SIZE);
	copy_highpage(other, page);
	assert_memory_equal(page_address(other), bytes, PAGE_SIZE);
	vmsim_frame_write(page, 4096 - 32, words, sizeof(words));
	assert_int_equal(vmsim_frame_load(page, 4088, 8), 4);
	memset(words, 0, sizeof(words));
	vmsim_frame_read(page, 4096 - 32, words, sizeof(words));
	assert_int_equal(words[0], 1);
	assert_int_equal(words[3], 4);
	clear_highpage(page);
	assert_int_equal(vmsim_frame_load(page, 4088, 8), 0);
	world_end(&w);
}

/* The kernel's own accesses are events, those of programs are not. */
static unsigned int reads, writes;

static void watch(void *arg, const struct vmsim_event *event)
{
	(void)arg;
	if (event->kind == VMSIM_EV_FRAME_READ)
		reads++;
	else
		writes++;
}

static void test_events(void **state)
{
	struct world w = world_of(VMSIM_CONTENTS_VERSION);
	struct page *page = alloc_page(GFP_KERNEL), *other = alloc_page(GFP_KERNEL);

	(void)state;
	reads = writes = 0;
	assert_int_equal(vmsim_subscribe(w.handle, VMSIM_EV_BIT(FRAME_READ) |
					 VMSIM_EV_BIT(FRAME_WRITE), watch, NULL), 0);
	vmsim_frame_store(page, 0, 8, 1);
	(void)vmsim_frame_load(page, 0, 8);
	assert_int_equal(reads + writes, 0);
	clear_highpage(page);
	assert_int_equal(writes, 1);
	copy_highpage(other, page);
	assert_int_equal(reads, 1);
	assert_int_equal(writes, 2);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_events),
	};

	return vmsim_run_tests(tests);
}
