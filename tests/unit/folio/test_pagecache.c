// SPDX-License-Identifier: GPL-2.0-only
#include "folio_test.h"
#include <pthread.h>

struct cached {
	struct world w;
	int id;
	struct file *file;
	struct address_space *mapping;
};

static struct cached cached_make(struct world w, uint64_t size)
{
	struct cached c = { .w = w };

	c.id = vmsim_file_create(w.handle, "file", size);
	assert_true(c.id > 0);
	c.file = vmsim_file_get(w.m, c.id);
	assert_non_null(c.file);
	c.mapping = c.file->f_mapping;
	return c;
}

static void cached_end(struct cached *c)
{
	vmsim_file_put(c->file);
	assert_int_equal(vmsim_file_destroy(c->w.handle, c->id), 0);
	world_end(&c->w);
}

static void test_index(void **state)
{
	static const pgoff_t keys[] = { 0, 1, 63, 64, 65, 4095, 4096, 262143, 262144, 1UL << 35,
					(1UL << 60) - 1, 1UL << 60, ~0UL - 1, ~0UL };
	struct world w = world_small();
	struct vmsim_index index = { NULL };
	pgoff_t at = 0;

	(void)state;
	assert_int_equal(vmsim_index_load(&index, 0), 0);
	assert_int_equal(vmsim_index_load(&index, ~0UL), 0);
	assert_int_equal(vmsim_index_next(&index, &at, ~0UL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		assert_int_equal(vmsim_index_load(&index, keys[i]), 0);
		*vmsim_index_slot(&index, keys[i]) = 100 + i;
		for (size_t j = 0; j < ARRAY_SIZE(keys); j++)
			assert_int_equal(vmsim_index_load(&index, keys[j]), j <= i ? 100 + j : 0);
	}
	assert_int_equal(vmsim_index_load(&index, 2), 0);
	assert_int_equal(vmsim_index_load(&index, (1UL << 35) + 1), 0);
	at = 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++, at++) {
		assert_int_equal(vmsim_index_next(&index, &at, ~0UL), 100 + i);
		assert_int_equal(at, keys[i]);
	}
	at = 66;
	assert_int_equal(vmsim_index_next(&index, &at, 4094), 0);
	assert_int_equal(vmsim_index_next(&index, &at, 4095), 105);
	vmsim_index_destroy(&index);
	assert_int_equal(vmsim_index_load(&index, 0), 0);
	/* The end of all indices. */
	*vmsim_index_slot(&index, 5) = 1;
	*vmsim_index_slot(&index, ~0UL - 1) = 2;
	at = 6;
	assert_int_equal(vmsim_index_next(&index, &at, ~0UL), 2);
	at = ~0UL;
	assert_int_equal(vmsim_index_next(&index, &at, ~0UL), 0);
	vmsim_index_destroy(&index);
	world_end(&w);
}

static void test_add_get_remove(void **state)
{
	struct cached c = cached_make(world_small(), 64 * PAGE_SIZE);
	struct folio *folio = folio_alloc(GFP_HIGHUSER_MOVABLE, 0);
	struct folio *second = folio_alloc(GFP_HIGHUSER_MOVABLE, 0);

	(void)state;
	assert_int_equal(PTR_ERR(filemap_get_folio(c.mapping, 7)), -ENOENT);
	assert_int_equal(filemap_add_folio(c.mapping, folio, 7, GFP_KERNEL), 0);
	assert_true(folio_test_locked(folio));
	assert_int_equal(folio_ref_count(folio), 2);
	assert_int_equal(c.mapping->nrpages, 1);
	assert_ptr_equal(folio_mapping(folio), c.mapping);
	assert_int_equal(folio_pgoff(folio), 7);
	assert_false(folio_test_uptodate(folio) || folio_test_swapbacked(folio));
	assert_ptr_equal(filemap_get_folio(c.mapping, 7), folio);
	assert_int_equal(folio_ref_count(folio), 3);
	/* One folio per place; the loser is not locked, and in no cache. */
	assert_int_equal(filemap_add_folio(c.mapping, second, 7, GFP_KERNEL), -EEXIST);
	assert_false(folio_test_locked(second));
	assert_null(folio_mapping(second));
	assert_int_equal(folio_ref_count(second), 1);
	folio_put(second);
	filemap_remove_folio(folio);
	assert_int_equal(folio_ref_count(folio), 2);
	assert_null(folio_mapping(folio));
	assert_int_equal(c.mapping->nrpages, 0);
	assert_int_equal(PTR_ERR(filemap_get_folio(c.mapping, 7)), -ENOENT);
	folio_unlock(folio);
	folio_put_refs(folio, 2);
	cached_end(&c);
}

static void test_large_folio(void **state)
{
	struct cached c = cached_make(world_small(), 64 * PAGE_SIZE);
	struct folio *folio = folio_alloc(GFP_HIGHUSER_MOVABLE, 2);
	struct folio *single = folio_alloc(GFP_HIGHUSER_MOVABLE, 0);

	(void)state;
	assert_int_equal(filemap_add_folio(c.mapping, folio, 4, GFP_KERNEL), 0);
	assert_int_equal(folio_ref_count(folio), 5);
	assert_int_equal(c.mapping->nrpages, 4);
	for (pgoff_t index = 4; index < 8; index++) {
		assert_ptr_equal(filemap_get_folio(c.mapping, index), folio);
		folio_put(folio);
	}
	assert_int_equal(filemap_add_folio(c.mapping, single, 6, GFP_KERNEL), -EEXIST);
	folio_put(single);
	single = folio_alloc(GFP_HIGHUSER_MOVABLE, 2);
	assert_int_equal(filemap_add_folio(c.mapping, single, 2, GFP_KERNEL), -EEXIST);
	assert_int_equal(PTR_ERR(filemap_get_folio(c.mapping, 2)), -ENOENT);
	folio_put(single);
	filemap_remove_folio(folio);
	assert_int_equal(folio_ref_count(folio), 1);
	folio_unlock(folio);
	folio_put(folio);
	cached_end(&c);
}

static void test_grab_and_read(void **state)
{
	struct cached c = cached_make(world_small(), 64 * PAGE_SIZE);
	struct folio *folio = filemap_grab_folio(c.mapping, 3);

	(void)state;
	assert_true(folio_test_locked(folio));
	assert_false(folio_test_uptodate(folio));
	assert_int_equal(folio_ref_count(folio), 2);
	folio_unlock(folio);
	assert_ptr_equal(filemap_grab_folio(c.mapping, 3), folio);
	folio_unlock(folio);
	folio_put_refs(folio, 2);
	assert_ptr_equal(read_mapping_folio(c.mapping, 3, c.file), folio);
	assert_true(folio_test_uptodate(folio));
	assert_false(folio_test_locked(folio));
	assert_int_equal(vmsim_frame_load(&folio->page, 0, 8), 0);
	folio_put(folio);
	/* No memory: a clean failure. */
	vmsim_fail_pages(c.w.handle, 1, 1);
	assert_int_equal(PTR_ERR(filemap_grab_folio(c.mapping, 9)), -ENOMEM);
	vmsim_fail_pages(c.w.handle, 1, 1);
	assert_int_equal(PTR_ERR(read_mapping_folio(c.mapping, 9, c.file)), -ENOMEM);
	assert_int_equal(c.mapping->nrpages, 1);
	cached_end(&c);
}

static void test_release_and_evict(void **state)
{
	struct cached c = cached_make(world_small(), 64 * PAGE_SIZE);
	uint64_t before = vmsim_free_frames(c.w.m);
	struct folio *folio = read_mapping_folio(c.mapping, 3, c.file);

	(void)state;
	assert_true(folio_trylock(folio));
	assert_false(folio_trylock(folio));
	vmsim_folio_attach_buffers(folio);
	vmsim_folio_attach_buffers(folio);
	assert_true(folio_test_private(folio));
	assert_int_equal(folio_ref_count(folio), 3);
	/* Dirty, under writeback, used by somebody else: stays. */
	folio_mark_dirty(folio);
	assert_false(filemap_release_folio(folio, GFP_KERNEL));
	assert_int_equal(mapping_evict_folio(c.mapping, folio), 0);
	folio_clear_dirty_for_io(folio);
	folio_start_writeback(folio);
	assert_false(filemap_release_folio(folio, GFP_KERNEL));
	assert_int_equal(mapping_evict_folio(c.mapping, folio), 0);
	folio_end_writeback(folio);
	folio_get(folio);
	assert_int_equal(mapping_evict_folio(c.mapping, folio), 0);
	assert_false(folio_test_private(folio));
	assert_int_equal(folio_ref_count(folio), 3);
	folio_put(folio);
	atomic_inc(&folio->_mapcount);
	assert_int_equal(mapping_evict_folio(c.mapping, folio), 0);
	atomic_dec(&folio->_mapcount);
	/* Dirtied after the first look: the frozen count is given back. */
	folio_mark_dirty(folio);
	assert_int_equal(remove_mapping(c.mapping, folio), 0);
	assert_int_equal(folio_ref_count(folio), 2);
	folio_clear_dirty_for_io(folio);
	assert_int_equal(mapping_evict_folio(NULL, folio), 0);
	assert_int_equal(mapping_evict_folio(c.mapping, folio), 1);
	assert_int_equal(folio_ref_count(folio), 1);
	assert_null(folio_mapping(folio));
	folio_unlock(folio);
	folio_put(folio);
	assert_int_equal(vmsim_free_frames(c.w.m), before);
	cached_end(&c);
}

static void test_invalidate(void **state)
{
	struct cached c = cached_make(world_small(), 1000 * PAGE_SIZE);
	struct folio *folio;

	(void)state;
	for (pgoff_t index = 0; index < 100; index++)
		folio_put(read_mapping_folio(c.mapping, index * 10, c.file));
	folio = filemap_get_folio(c.mapping, 500);
	assert_int_equal(invalidate_mapping_pages(c.mapping, 1, 9), 0);
	assert_int_equal(invalidate_mapping_pages(c.mapping, 1, 10), 1);
	assert_int_equal(invalidate_mapping_pages(c.mapping, 0, ~0UL), 98);
	assert_int_equal(c.mapping->nrpages, 1);
	folio_lock(folio);
	folio_put(folio);
	assert_int_equal(invalidate_mapping_pages(c.mapping, 0, ~0UL), 0);
	folio_unlock(folio);
	assert_int_equal(invalidate_mapping_pages(c.mapping, 0, ~0UL), 1);
	assert_int_equal(c.mapping->nrpages, 0);
	cached_end(&c);
}

static void test_misuse(void **state)
{
	struct cached c = cached_make(world_small(), 64 * PAGE_SIZE);
	struct folio *folio = read_mapping_folio(c.mapping, 3, c.file);

	(void)state;
	assert_bug(folio_unlock(folio));
	assert_bug(folio_clear_dirty_for_io(folio));
	assert_bug(folio_end_writeback(folio));
	assert_bug(vmsim_folio_attach_buffers(folio));
	assert_bug(filemap_release_folio(folio, GFP_KERNEL));
	assert_bug(remove_mapping(c.mapping, folio));
	folio_put(folio);
	cached_end(&c);
}

static void test_files(void **state)
{
	struct world w = world_small();
	uint64_t before = vmsim_free_frames(w.m);
	struct file *file;
	int a, b;

	(void)state;
	a = vmsim_file_create(w.handle, "a", 100 * PAGE_SIZE);
	b = vmsim_file_create(w.handle, NULL, 0);
	assert_true(a > 0 && b > 0 && a != b);
	assert_int_equal(vmsim_file_create(NULL, "a", 1), -EBADF);
	assert_int_equal(vmsim_file_create(w.handle, "a", UINT64_MAX), -EFBIG);
	assert_null(vmsim_file_get(w.m, b + 1));
	file = vmsim_file_get(w.m, a);
	assert_string_equal(file->f_name, "a");
	assert_true(file->f_mapping->dirty_tracked);
	assert_int_equal(vmsim_file_destroy(w.handle, a), -EBUSY);
	for (pgoff_t index = 0; index < 50; index++) {
		struct folio *folio = read_mapping_folio(file->f_mapping, index, file);

		folio_lock(folio);
		vmsim_folio_attach_buffers(folio);
		folio_mark_dirty(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
	vmsim_file_put(file);
	assert_int_equal(vmsim_free_frames(w.m), before - 50);
	assert_int_equal(vmsim_file_destroy(w.handle, a), 0);
	assert_int_equal(vmsim_file_destroy(w.handle, a), -ENOENT);
	assert_int_equal(vmsim_free_frames(w.m), before);
	assert_int_equal(vmsim_file_destroy(w.handle, b), 0);
	assert_int_equal(vmsim_file_destroy(NULL, b), -EBADF);
	assert_int_equal(vmsim_violations(w.handle), 0);
	/* Without a thread: on a CPU that has none. */
	assert_int_equal(vmsim_detach(), 0);
	a = vmsim_file_create(w.handle, "a", 100);
	assert_true(a > b);
	assert_int_equal(vmsim_file_destroy(w.handle, a), 0);
	assert_int_equal(vmsim_machine_destroy(w.handle), 0);
}

static void test_shmem(void **state)
{
	struct world w = world_small();
	struct file *file = vmsim_file_new_shmem(w.m, 4 * PAGE_SIZE);
	uint64_t before = vmsim_free_frames(w.m);
	struct folio *folio;

	(void)state;
	assert_false(file->f_mapping->dirty_tracked);
	folio = read_mapping_folio(file->f_mapping, 0, file);
	assert_true(folio_test_swapbacked(folio));
	folio_mark_dirty(folio);
	folio_put(folio);
	assert_int_equal(vmsim_file_writeback(file, 0, 0), 0);
	assert_true(folio_test_dirty(folio));
	vmsim_file_put(file);
	assert_int_equal(vmsim_free_frames(w.m), before);
	world_end(&w);
}

/* A folio that leaves the cache while somebody waits for its lock is not what he asked for. */
static void *grab(void *arg)
{
	struct cached *c = arg;
	struct folio *folio;

	assert_int_equal(vmsim_attach(c->w.handle, 1, 1), 0);
	vmsim_enter();
	folio = filemap_grab_folio(c->mapping, 7);
	assert_ptr_equal(folio->mapping, c->mapping);
	folio_unlock(folio);
	vmsim_leave();
	assert_int_equal(vmsim_detach(), 0);
	return folio;
}

static void test_grab_rechecks(void **state)
{
	struct cached c = cached_make(world_small(), 64 * PAGE_SIZE);
	struct folio *folio = filemap_grab_folio(c.mapping, 7);
	pthread_t thread;
	void *other;

	(void)state;
	pthread_create(&thread, NULL, grab, &c);
	while (folio_ref_count(folio) < 3)
		vmsim_poll();
	filemap_remove_folio(folio);
	folio_unlock(folio);
	pthread_join(thread, &other);
	assert_ptr_not_equal(other, folio);
	assert_int_equal(folio_ref_count(folio), 1);
	folio_put(folio);
	folio_put(other);
	cached_end(&c);
}

/* The folio lock excludes. */
#define TURNS 500000

struct counter {
	struct cached *c;
	struct folio *folio;
	unsigned long count;
};

static void count_up(struct counter *counter)
{
	vmsim_enter();
	for (int i = 0; i < TURNS; i++) {
		folio_lock(counter->folio);
		counter->count++;
		folio_unlock(counter->folio);
	}
	vmsim_leave();
}

static void *count_too(void *arg)
{
	struct counter *counter = arg;

	assert_int_equal(vmsim_attach(counter->c->w.handle, 1, 1), 0);
	count_up(counter);
	assert_int_equal(vmsim_detach(), 0);
	return NULL;
}

static void test_folio_lock(void **state)
{
	struct cached c = cached_make(world_small(), 64 * PAGE_SIZE);
	struct counter counter = { &c, read_mapping_folio(c.mapping, 0, c.file), 0 };
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, count_too, &counter);
	count_up(&counter);
	pthread_join(thread, NULL);
	assert_int_equal(counter.count, 2 * TURNS);
	folio_put(counter.folio);
	cached_end(&c);
}

/* Lookups against removals: who gets a reference has a folio of the file (R9). */
#define LOOKUPS 100000

struct race {
	struct cached *c;
	unsigned int found;
};

static void *look_up(void *arg)
{
	struct race *race = arg;
	struct address_space *mapping = race->c->mapping;

	assert_int_equal(vmsim_attach(race->c->w.handle, 1, 1), 0);
	vmsim_enter();
	for (unsigned int i = 0; i < LOOKUPS; i++) {
		struct folio *folio = filemap_get_folio(mapping, i % 4);

		if (IS_ERR(folio))
			continue;
		assert_int_equal(READ_ONCE(folio->index), i % 4);
		assert_true(folio_ref_count(folio) > 0);
		assert_true(READ_ONCE(folio->vmsim_gen) & 1);
		folio_put(folio);
		race->found++;
	}
	vmsim_leave();
	assert_int_equal(vmsim_detach(), 0);
	return NULL;
}

static void test_lookup_race(void **state)
{
	struct cached c = cached_make(world_small(), 4 * PAGE_SIZE);
	uint64_t before = vmsim_free_frames(c.w.m);
	struct race race = { &c, 0 };
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, look_up, &race);
	vmsim_enter();
	for (unsigned int i = 0; i < LOOKUPS / 4; i++) {
		folio_put(read_mapping_folio(c.mapping, i % 4, c.file));
		if (i % 3 == 0)
			invalidate_mapping_pages(c.mapping, 0, 3);
		vmsim_poll();
	}
	vmsim_leave();
	pthread_join(thread, NULL);
	invalidate_mapping_pages(c.mapping, 0, 3);
	assert_int_equal(c.mapping->nrpages, 0);
	assert_int_equal(vmsim_free_frames(c.w.m), before);
	assert_int_equal(vmsim_violations(c.w.handle), 0);
	cached_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_add_get_remove),
		cmocka_unit_test(test_large_folio),
		cmocka_unit_test(test_grab_and_read),
		cmocka_unit_test(test_release_and_evict),
		cmocka_unit_test(test_invalidate),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_shmem),
		cmocka_unit_test(test_grab_rechecks),
		cmocka_unit_test(test_folio_lock),
		cmocka_unit_test(test_lookup_race),
	};

	return vmsim_run_tests(tests);
}
