// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"
#include <linux/pagemap.h>
#include "folio/folio.h"

enum { PAGES = 64 };

static int file;

/* A file of 64 pages; page i holds i + 1000 in its first word. None is cached at first. */
static int begin(void **state)
{
	int err = world_begin(state);

	file = vmsim_file_create(world.machine, "f", PAGES * PG);
	assert_true(file > 0);
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t page[512] = { i + 1000 };

		assert_int_equal(vmsim_file_write(file, i * PG, page, PG), PG);
	}
	assert_int_equal(vmsim_file_sync(file, 0, PAGES * PG), 0);
	assert_int_equal(vmsim_file_drop(file, 0, PAGES * PG), 0);
	return err;
}

static int end(void **state)
{
	if (vmsim_self->machine)
		assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_process_destroy(world.machine, world.pid), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
	world.pid = vmsim_process_create(world.machine, "last");
	return world_end(state);
}

#define with_file(test) cmocka_unit_test_setup_teardown(test, begin, end)

static void cache(unsigned int first, unsigned int count)
{
	static char page[4096];

	for (unsigned int i = first; i < first + count; i++)
		assert_int_equal(vmsim_file_read(file, i * PG, page, PG), PG);
}

static uint64_t stored(uint64_t page)
{
	uint64_t word = 0;

	assert_int_equal(vmsim_file_stored(file, page * PG, &word, 8), 8);
	return word;
}

static uint64_t in_file(uint64_t page)
{
	uint64_t word[512];

	assert_int_equal(vmsim_file_read(file, page * PG, word, PG), PG);
	return word[0];
}

static void test_read_of_what_is_not_cached(void **state)
{
	unsigned long a = map_file(file, PAGES, PROT_READ, MAP_PRIVATE, 0);

	(void)state;
	assert_int_equal(touch(a + 3 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(0, 1);
	assert_int_equal(load(a + 3 * PG), 1003);
	assert_int_equal(touch(a + 4 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(0, 2);
	/* Both are cached now, and mapped: a new mapping gets them with one fault. */
	a = map_file(file, PAGES, PROT_READ, MAP_SHARED, 0);
	assert_int_equal(touch(a + 3 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(0, 4);
	assert_int_equal(touch(a + 4 * PG, PROT_READ), VMSIM_FAULT_NONE);
	assert_int_equal(vmsim_munmap(a, PAGES * PG), 0);
	assert_rss(0, 2);
}

/* The aligned window of 16 pages around the address. */
static void test_fault_around_window(void **state)
{
	unsigned long base = 0x40000000;

	(void)state;
	cache(0, PAGES);
	assert_int_equal(vmsim_mmap(base, PAGES * PG, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0),
			 base);
	assert_int_equal(touch(base + 21 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(0, 16);
	assert_int_equal(touch(base + 16 * PG, PROT_READ), VMSIM_FAULT_NONE);
	assert_int_equal(touch(base + 31 * PG, PROT_READ), VMSIM_FAULT_NONE);
	assert_rss(0, 16);
	assert_int_equal(touch(base + 15 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(0, 32);
	for (int i = 0; i < 32; i++)
		assert_int_equal(load(base + i * PG), 1000 + i);
}

/* Clipped at the mapping's start it keeps its length; at the end, and at the file's end, not. */
static void test_fault_around_is_clipped(void **state)
{
	unsigned long base = 0x40000000;

	(void)state;
	cache(0, PAGES);
	/* Starts 5 pages into a window. */
	assert_int_equal(vmsim_mmap(base + 5 * PG, 30 * PG, PROT_READ, MAP_PRIVATE | MAP_FIXED,
				    file, 0), base + 5 * PG);
	assert_int_equal(touch(base + 6 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(0, 16);
	assert_int_equal(touch(base + 20 * PG, PROT_READ), VMSIM_FAULT_NONE);
	assert_int_equal(touch(base + 34 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	/* 32, 33 and 34. */
	assert_rss(0, 19);
	/* Beyond the end of the file there is nothing to map. */
	assert_int_equal(vmsim_munmap(base, PAGES * PG), 0);
	assert_int_equal(vmsim_mmap(base, 16 * PG, PROT_READ, MAP_PRIVATE | MAP_FIXED, file,
				    (PAGES - 3) * PG), base);
	assert_int_equal(touch(base, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(0, 3);
}

/* It does not leave the PTE table. */
static void test_fault_around_stays_in_its_table(void **state)
{
	unsigned long base = 0x40200000 - 4 * PG;

	(void)state;
	cache(0, PAGES);
	assert_int_equal(vmsim_mmap(base, PAGES * PG, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0),
			 base);
	assert_int_equal(touch(base + 2 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(0, 4);
	assert_int_equal(touch(base + 4 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(0, 20);
}

static struct folio *folio_of(uint64_t page)
{
	struct file *f = vmsim_file_get(vmsim_self->machine, file);
	struct folio *folio = filemap_get_folio(f->f_mapping, page);

	vmsim_file_put(f);
	assert_false(IS_ERR(folio));
	return folio;
}

/* Only what is ready: cached, up to date, not locked, and where nothing is mapped yet. */
static void test_fault_around_takes_what_is_ready(void **state)
{
	unsigned long base = 0x40000000;
	struct folio *folio;

	(void)state;
	cache(0, 4);
	cache(8, 2);
	assert_int_equal(vmsim_mmap(base, PAGES * PG, RW, MAP_PRIVATE | MAP_FIXED, file, 0), base);
	assert_int_equal(touch(base + 2 * PG, PROT_WRITE), VMSIM_FAULT_FILE_COW);
	assert_rss(1, 0);
	vmsim_enter();
	folio = folio_of(9);
	folio_lock(folio);
	vmsim_leave();
	assert_int_equal(touch(base, PROT_READ), VMSIM_FAULT_FILE_READ);
	/* 0, 1, 3 and 8. */
	assert_rss(1, 4);
	vmsim_enter();
	folio_unlock(folio);
	folio_put(folio);
	vmsim_leave();
	assert_int_equal(touch(base + 9 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(1, 5);
	/* One that is not cached is read alone. */
	assert_int_equal(touch(base + 4 * PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(1, 6);
	assert_int_equal(load(base + 2 * PG), 1002);
}

static void test_private_write_copies(void **state)
{
	unsigned long a = map_file(file, 4, RW, MAP_PRIVATE, 8);
	struct vmsim_stats before;

	(void)state;
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_FILE_COW);
	assert_rss(1, 0);
	store(a, 5);
	assert_int_equal(in_file(8), 1008);
	/* A write after a read: the file's page is replaced. */
	assert_int_equal(touch(a + PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_rss(1, 1);
	before = stats_now();
	assert_int_equal(touch(a + PG, PROT_WRITE), VMSIM_FAULT_COPY);
	assert_int_equal(stats_now().flushes, before.flushes + 1);
	assert_rss(2, 0);
	assert_int_equal(load(a + PG), 1009);
	store(a + PG, 6);
	assert_int_equal(vmsim_file_sync(file, 0, PAGES * PG), 0);
	assert_int_equal(in_file(9), 1009);
	assert_int_equal(stored(9), 1009);
	/* Dropped, the file shows again. */
	assert_int_equal(vmsim_madvise(a, 4 * PG, MADV_DONTNEED), 0);
	assert_int_equal(load(a), 1008);
	assert_int_equal(load(a + PG), 1009);
}

static void test_shared_write_reaches_the_store(void **state)
{
	unsigned long a = map_file(file, 4, RW, MAP_SHARED, 8);
	unsigned long b = map_file(file, 4, PROT_READ, MAP_SHARED, 8);

	(void)state;
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_FILE_SHARED);
	store(a, 42);
	assert_int_equal(load(b), 42);
	assert_int_equal(in_file(8), 42);
	assert_int_equal(stored(8), 1008);
	assert_rss(0, 2);
	assert_int_equal(vmsim_msync(a, PG, MS_ASYNC), 0);
	assert_int_equal(stored(8), 1008);
	assert_int_equal(vmsim_msync(a, PG, MS_SYNC), 0);
	assert_int_equal(stored(8), 42);
	/* Clean again: the next write must be noticed, and the one after it not. */
	assert_int_equal(touch(a, PROT_READ), VMSIM_FAULT_NONE);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_MKWRITE);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_NONE);
	store(a, 43);
	assert_int_equal(stored(8), 42);
	assert_int_equal(vmsim_file_sync(file, 0, PAGES * PG), 0);
	assert_int_equal(stored(8), 43);
	assert_rss(0, 2);
}

/* What was written is in the file, though nobody but the entry knew, when the mapping goes. */
static void test_unmap_moves_the_dirty_bit(void **state)
{
	unsigned long a = map_file(file, 4, RW, MAP_SHARED, 8);
	struct folio *folio;

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_file_sync(file, 0, PAGES * PG), 0);
	store(a, 2);
	assert_int_equal(vmsim_munmap(a, 4 * PG), 0);
	vmsim_enter();
	folio = folio_of(8);
	assert_true(folio_test_dirty(folio));
	/* The file system has been asked before the first write. */
	assert_true(folio_test_private(folio));
	assert_int_equal(folio_mapcount(folio), 0);
	folio_put(folio);
	vmsim_leave();
	assert_int_equal(vmsim_file_sync(file, 0, PAGES * PG), 0);
	assert_int_equal(stored(8), 2);
}

/* The dirty page counts as mapped until the flush is done, both under the lock (R5, R6). */
static struct {
	enum vmsim_event_kind seen[32];
	unsigned int nr;
} unmapping;

static void watch_unmap(void *arg, const struct vmsim_event *event)
{
	(void)arg;
	if (unmapping.nr < ARRAY_SIZE(unmapping.seen))
		unmapping.seen[unmapping.nr++] = event->kind;
}

static void test_order_of_a_dirty_unmap(void **state)
{
	const uint64_t kinds = VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(FLUSH_END) |
			       VMSIM_EV_BIT(FOLIO_DIRTY) | VMSIM_EV_BIT(MAP_REMOVE) |
			       VMSIM_EV_BIT(PTL_UNLOCK);
#ifdef CONFIG_MMU_GATHER_NO_GATHER
	/* Clearing the entry has flushed already. */
	static const enum vmsim_event_kind dirty[] = {
		VMSIM_EV_PTE_SET, VMSIM_EV_FOLIO_DIRTY, VMSIM_EV_MAP_REMOVE, VMSIM_EV_PTL_UNLOCK,
	};
#else
	static const enum vmsim_event_kind dirty[] = {
		VMSIM_EV_PTE_SET, VMSIM_EV_FOLIO_DIRTY, VMSIM_EV_FLUSH_END, VMSIM_EV_MAP_REMOVE,
		VMSIM_EV_PTL_UNLOCK,
	};
#endif
	static const enum vmsim_event_kind clean[] = {
		VMSIM_EV_PTE_SET, VMSIM_EV_MAP_REMOVE, VMSIM_EV_PTL_UNLOCK,
	};
	unsigned long a = map_file(file, 1, RW, MAP_SHARED, 8);

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_subscribe(world.machine, kinds, watch_unmap, NULL), 0);
	unmapping.nr = 0;
	assert_int_equal(vmsim_madvise(a, PG, MADV_DONTNEED), 0);
	assert_true(unmapping.nr >= ARRAY_SIZE(dirty));
	assert_memory_equal(unmapping.seen, dirty, sizeof(dirty));
	assert_int_equal(load(a), 1);
	unmapping.nr = 0;
	assert_int_equal(vmsim_madvise(a, PG, MADV_DONTNEED), 0);
	assert_true(unmapping.nr >= ARRAY_SIZE(clean));
	assert_memory_equal(unmapping.seen, clean, sizeof(clean));
	assert_int_equal(vmsim_unsubscribe(world.machine, watch_unmap, NULL), 0);
}

static void test_beyond_the_end(void **state)
{
	unsigned long a = map_file(file, 8, RW, MAP_SHARED, PAGES - 2);
	unsigned long b = map_file(file, 8, RW, MAP_PRIVATE, PAGES - 2);
	enum vmsim_fault_kind kind;

	(void)state;
	assert_int_equal(load(a + PG), 1000 + PAGES - 1);
	assert_int_equal(vmsim_touch(a + 2 * PG, PROT_READ, &kind), SIGBUS);
	assert_int_equal(kind, VMSIM_FAULT_BUS);
	assert_int_equal(vmsim_store(a + 2 * PG, 8, 1), SIGBUS);
	assert_int_equal(vmsim_store(b + 2 * PG, 8, 1), SIGBUS);
	assert_int_equal(vmsim_load(b + 7 * PG, 8, &(uint64_t){ 0 }), SIGBUS);
	assert_rss(0, rss_now().file);
}

/* Rights that grow make dirty shared pages writable at once, clean ones at their next write. */
static void test_mprotect_of_shared_pages(void **state)
{
	unsigned long a = map_file(file, 2, RW, MAP_SHARED, 8);

	(void)state;
	store(a, 1);
	assert_int_equal(touch(a + PG, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_int_equal(vmsim_mprotect(a, 2 * PG, PROT_READ), 0);
	assert_int_equal(vmsim_store(a, 8, 2), SIGSEGV);
	assert_int_equal(vmsim_mprotect(a, 2 * PG, RW), 0);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_NONE);
	assert_int_equal(touch(a + PG, PROT_WRITE), VMSIM_FAULT_MKWRITE);
}

/* A page of the file is not the process' own, whatever rights its mapping gets. */
static void test_mprotect_of_private_pages(void **state)
{
	unsigned long a = map_file(file, 2, PROT_READ, MAP_PRIVATE, 8);

	(void)state;
	assert_int_equal(load(a), 1008);
	assert_int_equal(vmsim_mprotect(a, 2 * PG, RW), 0);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_COPY);
	store(a, 1);
	assert_int_equal(in_file(8), 1008);
}

static void test_no_memory(void **state)
{
	unsigned long a = map_file(file, 2, RW, MAP_PRIVATE, 8);
	uint64_t frames;

	(void)state;
	assert_int_equal(load(a), 1008);
	frames = stats_now().frames_free;
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_store(a, 8, 1), -ENOMEM);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_store(a + PG, 8, 1), -ENOMEM);
	/* First the copy, then the page to copy from. */
	assert_int_equal(vmsim_fail_pages(world.machine, 2, 1), 0);
	assert_int_equal(vmsim_store(a + PG, 8, 1), -ENOMEM);
	assert_int_equal(stats_now().frames_free, frames);
	store(a, 1);
	store(a + PG, 1);
	assert_int_equal(in_file(8), 1008);
}

static void test_shared_anonymous_memory(void **state)
{
	long addr = vmsim_mmap(0, 4 * PG, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long a = (unsigned long)addr;
	struct vmsim_rss rss;
	int child;

	(void)state;
	assert_true(addr > 0);
	assert_int_equal(touch(a, PROT_READ), VMSIM_FAULT_FILE_READ);
	assert_int_equal(load(a), 0);
	store(a, 1);
	assert_int_equal(touch(a + PG, PROT_WRITE), VMSIM_FAULT_FILE_SHARED);
	rss = rss_now();
	assert_int_equal(rss.shmem, 2);
	assert_int_equal(rss.anon, 0);
	assert_int_equal(rss.file, 0);
	/* It is the mapping's, not the page's: dropping entries loses nothing. */
	assert_int_equal(vmsim_madvise(a, 4 * PG, MADV_DONTNEED), 0);
	assert_int_equal(rss_now().shmem, 0);
	assert_int_equal(load(a), 1);
	child = vmsim_vfork(NULL);
	assert_true(child > 0);
	assert_int_equal(vmsim_munmap(a, 4 * PG), 0);
	assert_int_equal(rss_now().shmem, 0);
	assert_int_equal(vmsim_process_destroy(world.machine, child), 0);
	assert_int_equal(vmsim_mmap(0, 0, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), -EINVAL);
}

/* A file stays as long as somebody maps it; parts of a mapping count on their own. */
static void test_a_mapped_file_stays(void **state)
{
	int other = vmsim_file_create(world.machine, "other", 2 * PG);
	unsigned long a = map_file(other, 2, RW, MAP_SHARED, 0);

	(void)state;
	store(a + PG, 2);
	assert_int_equal(vmsim_file_destroy(world.machine, other), -EBUSY);
	assert_int_equal(vmsim_munmap(a, PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, other), -EBUSY);
	assert_int_equal(load(a + PG), 2);
	assert_int_equal(vmsim_munmap(a, 2 * PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, other), 0);
	assert_int_equal(vmsim_mmap(0, PG, RW, MAP_SHARED, other, 0), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_file(test_read_of_what_is_not_cached),
		with_file(test_fault_around_window),
		with_file(test_fault_around_is_clipped),
		with_file(test_fault_around_stays_in_its_table),
		with_file(test_fault_around_takes_what_is_ready),
		with_file(test_private_write_copies),
		with_file(test_shared_write_reaches_the_store),
		with_file(test_unmap_moves_the_dirty_bit),
		with_file(test_order_of_a_dirty_unmap),
		with_file(test_beyond_the_end),
		with_file(test_mprotect_of_shared_pages),
		with_file(test_mprotect_of_private_pages),
		with_file(test_no_memory),
		with_file(test_shared_anonymous_memory),
		with_file(test_a_mapped_file_stays),
	};

	return vmsim_run_tests(tests);
}
