// SPDX-License-Identifier: GPL-2.0-only
#include "folio_test.h"
#include <pthread.h>
#include <sched.h>

static uint64_t word_at(int file, uint64_t offset)
{
	uint64_t word = ~0ULL;

	assert_int_equal(vmsim_file_read(file, offset, &word, sizeof(word)), sizeof(word));
	return word;
}

static uint64_t stored_at(int file, uint64_t offset)
{
	uint64_t word = ~0ULL;

	assert_int_equal(vmsim_file_stored(file, offset, &word, sizeof(word)), sizeof(word));
	return word;
}

static void write_at(int file, uint64_t offset, uint64_t word)
{
	assert_int_equal(vmsim_file_write(file, offset, &word, sizeof(word)), sizeof(word));
}

static struct world world_of(enum vmsim_contents contents)
{
	struct vmsim_config config = small_config();

	config.contents = contents;
	return world_make(&config);
}

/* What is written stays in the cache until it is synced, and in the store after it was dropped. */
static void check_life_of_a_page(enum vmsim_contents contents)
{
	struct world w = world_of(contents);
	int file = vmsim_file_create(w.handle, "file", 8 * PAGE_SIZE);
	struct address_space *mapping = vmsim_file_get(w.m, file)->f_mapping;

	assert_int_equal(word_at(file, 0), 0);
	assert_int_equal(stored_at(file, 0), 0);
	write_at(file, PAGE_SIZE, 11);
	write_at(file, 3 * PAGE_SIZE, 33);
	assert_int_equal(word_at(file, PAGE_SIZE), 11);
	assert_int_equal(stored_at(file, PAGE_SIZE), 0);
	assert_true(folio_test_private(vmsim_pagecache_load(mapping, 1)));
	/* Dirty pages cannot be dropped. */
	assert_int_equal(vmsim_file_drop(file, 0, 0), 0);
	assert_int_equal(mapping->nrpages, 2);
	/* A sync writes its range, and nothing else. */
	assert_int_equal(vmsim_file_sync(file, 0, 3 * PAGE_SIZE), 0);
	assert_int_equal(stored_at(file, PAGE_SIZE), 11);
	assert_int_equal(stored_at(file, 3 * PAGE_SIZE), 0);
	assert_int_equal(vmsim_file_sync(file, 0, 0), 0);
	assert_int_equal(stored_at(file, 3 * PAGE_SIZE), 33);
	write_at(file, PAGE_SIZE, 12);
	assert_int_equal(stored_at(file, PAGE_SIZE), 11);
	assert_int_equal(vmsim_file_sync(file, 0, 0), 0);
	assert_int_equal(vmsim_file_drop(file, 0, 0), 0);
	assert_int_equal(mapping->nrpages, 0);
	assert_int_equal(word_at(file, PAGE_SIZE), 12);
	assert_int_equal(word_at(file, 3 * PAGE_SIZE), 33);
	assert_int_equal(vmsim_violations(w.handle), 0);
	world_end(&w);
}

static void test_version(void **state)
{
	(void)state;
	check_life_of_a_page(VMSIM_CONTENTS_VERSION);
}

static void test_bytes(void **state)
{
	(void)state;
	check_life_of_a_page(VMSIM_CONTENTS_BYTES);
}

/* What was never written is zero, whatever the frame held before. */
static void test_holes_are_zero(void **state)
{
	struct world w = world_of(VMSIM_CONTENTS_BYTES);
	int file = vmsim_file_create(w.handle, "file", 8 * PAGE_SIZE);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	memset(page_address(page), 0xff, PAGE_SIZE);
	__free_page(page);
	assert_int_equal(word_at(file, 8), 0);
	world_end(&w);
}

/* A page that is being written is not written again before that ends. */
static void *sync_file(void *arg)
{
	struct vmsim_machine *handle = ((void **)arg)[0];
	int *file = ((void **)arg)[1];

	assert_int_equal(vmsim_attach(handle, 1, 1), 0);
	assert_int_equal(vmsim_file_sync(*file, 0, 0), 0);
	assert_int_equal(vmsim_detach(), 0);
	return NULL;
}

static void test_one_writeback_at_a_time(void **state)
{
	struct world w = world_small();
	int file = vmsim_file_create(w.handle, "file", 8 * PAGE_SIZE);
	void *arg[2] = { w.handle, &file };
	struct folio *folio;
	pthread_t thread;

	(void)state;
	write_at(file, 0, 5);
	folio = vmsim_pagecache_load(vmsim_file_get(w.m, file)->f_mapping, 0);
	folio_lock(folio);
	folio_start_writeback(folio);
	folio_unlock(folio);
	pthread_create(&thread, NULL, sync_file, arg);
	while (!folio_test_locked(folio))
		vmsim_poll();
	for (int i = 0; i < 1000; i++) {
		assert_true(folio_test_dirty(folio));
		sched_yield();
	}
	folio_end_writeback(folio);
	pthread_join(thread, NULL);
	assert_false(folio_test_dirty(folio));
	assert_int_equal(stored_at(file, 0), 5);
	world_end(&w);
}

static void test_none(void **state)
{
	struct world w = world_of(VMSIM_CONTENTS_NONE);
	int file = vmsim_file_create(w.handle, "file", 8 * PAGE_SIZE);

	(void)state;
	write_at(file, 0, 5);
	assert_int_equal(word_at(file, 0), 0);
	assert_int_equal(vmsim_file_sync(file, 0, 0), 0);
	assert_int_equal(stored_at(file, 0), 0);
	world_end(&w);
}

/* Whole files of bytes, in pieces that do not end with pages. */
static void test_pieces(void **state)
{
	struct world w = world_of(VMSIM_CONTENTS_BYTES);
	int file = vmsim_file_create(w.handle, "file", 0);
	static unsigned char in[40000], out[40000];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 7 + i / 256);
	for (size_t at = 0; at < sizeof(in); at += 2000)
		assert_int_equal(vmsim_file_write(file, at, in + at, 2000), 2000);
	assert_int_equal(vmsim_file_read(file, 0, out, sizeof(out)), sizeof(out));
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(vmsim_file_read(file, 39992, out, 4000), 8);
	assert_int_equal(vmsim_file_read(file, 40000, out, 4000), 0);
	memset(out, 0, sizeof(out));
	assert_int_equal(vmsim_file_stored(file, 0, out, sizeof(out)), sizeof(out));
	assert_int_equal(out[8], 0);
	assert_int_equal(vmsim_file_sync(file, 0, 0), 0);
	assert_int_equal(vmsim_file_stored(file, 0, out, sizeof(out)), sizeof(out));
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(vmsim_file_drop(file, 0, 0), 0);
	/* A small write to a page that is not cached keeps the rest of it. */
	write_at(file, 4096 + 80, 0x0101010101010101);
	memset(in + 4096 + 80, 1, 8);
	assert_int_equal(vmsim_file_read(file, 0, out, sizeof(out)), sizeof(out));
	assert_memory_equal(in, out, sizeof(in));
	/* Buffers of callers are aligned in no way. */
	assert_int_equal(vmsim_file_read(file, 8, out + 3, 8000), 8000);
	assert_memory_equal(in + 8, out + 3, 8000);
	assert_int_equal(vmsim_file_write(file, 0, out + 3, 8000), 8000);
	assert_int_equal(vmsim_file_read(file, 0, out + 1, 8000), 8000);
	assert_memory_equal(in + 8, out + 1, 8000);
	world_end(&w);
}

static void test_bad_input(void **state)
{
	struct world w = world_small();
	int file = vmsim_file_create(w.handle, "file", 4096);
	uint64_t word = 0;

	(void)state;
	assert_int_equal(vmsim_file_read(file, 4, &word, 8), -EINVAL);
	assert_int_equal(vmsim_file_read(file, 0, &word, 4), -EINVAL);
	assert_int_equal(vmsim_file_read(file, 0, NULL, 8), -EINVAL);
	assert_int_equal(vmsim_file_write(file, UINT64_MAX - 7, &word, 8), -EFBIG);
	assert_int_equal(vmsim_file_write(file, 1ULL << 44, &word, 8), -EFBIG);
	assert_int_equal(vmsim_file_read(file + 1, 0, &word, 8), -ENOENT);
	assert_int_equal(vmsim_file_stored(-1, 0, &word, 8), -ENOENT);
	assert_int_equal(vmsim_file_sync(0, 0, 0), -ENOENT);
	assert_int_equal(vmsim_file_drop(99, 0, 0), -ENOENT);
	assert_int_equal(vmsim_file_sync(file, UINT64_MAX, UINT64_MAX), 0);
	assert_int_equal(vmsim_file_drop(file, UINT64_MAX, UINT64_MAX), 0);
	assert_int_equal(vmsim_file_sync(file, 0, UINT64_MAX), 0);
	assert_int_equal(vmsim_file_drop(file, 1, UINT64_MAX), 0);
	vmsim_fail_pages(w.handle, 1, 1);
	assert_int_equal(vmsim_file_read(file, 0, &word, 8), -ENOMEM);
	vmsim_fail_pages(w.handle, 1, 1);
	assert_int_equal(vmsim_file_write(file, 0, &word, 8), -ENOMEM);
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_file_read(file, 0, &word, 8), -ESRCH);
	assert_int_equal(vmsim_file_write(file, 0, &word, 8), -ESRCH);
	assert_int_equal(vmsim_file_stored(file, 0, &word, 8), -ESRCH);
	assert_int_equal(vmsim_file_sync(file, 0, 0), -ESRCH);
	assert_int_equal(vmsim_file_drop(file, 0, 0), -ESRCH);
	assert_int_equal(vmsim_machine_destroy(w.handle), 0);
}

/* Only pages that lie in the range as a whole are dropped. */
static void test_drop_rounds_inwards(void **state)
{
	struct world w = world_small();
	int file = vmsim_file_create(w.handle, "file", 8 * PAGE_SIZE);
	struct address_space *mapping = vmsim_file_get(w.m, file)->f_mapping;

	(void)state;
	for (int i = 0; i < 8; i++)
		word_at(file, (uint64_t)i * PAGE_SIZE);
	assert_int_equal(vmsim_file_drop(file, 1, 2 * PAGE_SIZE), 0);
	assert_int_equal(mapping->nrpages, 7);
	assert_null(vmsim_pagecache_load(mapping, 1));
	assert_int_equal(vmsim_file_drop(file, 5 * PAGE_SIZE - 1, PAGE_SIZE), 0);
	assert_int_equal(mapping->nrpages, 7);
	world_end(&w);
}

/* Dirty, clean, written: in the order in which watchers must see it. */
static char order[256];

static void watch(void *arg, const struct vmsim_event *event)
{
	char text[16];

	(void)arg;
	switch (event->kind) {
	case VMSIM_EV_FOLIO_DIRTY:
		snprintf(text, sizeof(text), "dirty%d ", (int)event->arg[1]);
		break;
	case VMSIM_EV_FOLIO_CLEAN:
		snprintf(text, sizeof(text), "clean%d ", (int)event->arg[1]);
		break;
	case VMSIM_EV_STORE_READ:
		snprintf(text, sizeof(text), "load ");
		break;
	case VMSIM_EV_STORE_WRITE:
		snprintf(text, sizeof(text), "save ");
		break;
	case VMSIM_EV_CACHE_ADD:
		snprintf(text, sizeof(text), "add ");
		break;
	case VMSIM_EV_CACHE_REMOVE:
		snprintf(text, sizeof(text), "remove ");
		break;
	case VMSIM_EV_FLAG:
		if (event->arg[1] != PG_writeback)
			return;
		snprintf(text, sizeof(text), "wb%d ", (int)event->arg[2]);
		break;
	default:
		if (strcmp(((struct vmsim_lock_class *)event->arg[1])->name, "folio"))
			return;
		snprintf(text, sizeof(text), event->kind == VMSIM_EV_LOCK ? "( " : ") ");
	}
	strcat(order, text);
}

static void test_events(void **state)
{
	struct world w = world_small();
	int file = vmsim_file_create(w.handle, "file", 8 * PAGE_SIZE);

	(void)state;
	assert_int_equal(vmsim_subscribe(w.handle, VMSIM_EV_BIT(FOLIO_DIRTY) |
					 VMSIM_EV_BIT(FOLIO_CLEAN) | VMSIM_EV_BIT(STORE_READ) |
					 VMSIM_EV_BIT(STORE_WRITE) | VMSIM_EV_BIT(CACHE_ADD) |
					 VMSIM_EV_BIT(CACHE_REMOVE) | VMSIM_EV_BIT(FLAG) |
					 VMSIM_EV_BIT(LOCK) | VMSIM_EV_BIT(UNLOCK), watch, NULL),
			 0);
	order[0] = 0;
	write_at(file, 0, 1);
	assert_string_equal(order, "( add load dirty0 ) ");
	order[0] = 0;
	write_at(file, 0, 2);
	assert_string_equal(order, "( dirty1 ) ");
	order[0] = 0;
	assert_int_equal(vmsim_file_sync(file, 0, 0), 0);
	assert_string_equal(order, "( clean1 wb1 ) save wb0 ");
	order[0] = 0;
	assert_int_equal(vmsim_file_sync(file, 0, 0), 0);
	assert_string_equal(order, "");
	assert_int_equal(vmsim_file_drop(file, 0, 0), 0);
	assert_string_equal(order, "( remove ) ");
	world_end(&w);
}

static void test_dirty_and_clean(void **state)
{
	struct world w = world_small();
	struct folio *folio = folio_alloc(GFP_KERNEL, 2);

	(void)state;
	assert_true(folio_mark_dirty(folio));
	assert_false(folio_mark_dirty(folio));
	assert_false(set_page_dirty(folio_page(folio, 3)));
	folio_lock(folio);
	assert_true(folio_clear_dirty_for_io(folio));
	assert_false(folio_clear_dirty_for_io(folio));
	assert_true(set_page_dirty(folio_page(folio, 3)));
	folio_unlock(folio);
	folio_put(folio);
	world_end(&w);
}

/* Writers and a syncer at once: in the end the store has what was written last. */
#define WRITES 20000

struct race {
	struct world *w;
	int file;
	unsigned int cpu;
	u32 *done;
};

static void *write_much(void *arg)
{
	struct race *race = arg;

	assert_int_equal(vmsim_attach(race->w->handle, race->cpu, 1), 0);
	for (uint64_t i = 1; i <= WRITES; i++) {
		uint64_t offset = (i % 4) * PAGE_SIZE + race->cpu * 64;

		write_at(race->file, offset, i);
		assert_int_equal(word_at(race->file, offset), i);
	}
	__atomic_fetch_add(race->done, 1, __ATOMIC_SEQ_CST);
	assert_int_equal(vmsim_detach(), 0);
	return NULL;
}

static void test_parallel(void **state)
{
	struct vmsim_config config = small_config();
	struct world w;
	u32 done = 0;
	struct race race[2];
	pthread_t thread[2];
	int file;

	(void)state;
	config.cpus = 3;
	w = world_make(&config);
	file = vmsim_file_create(w.handle, "file", 4 * PAGE_SIZE);
	for (unsigned int i = 0; i < 2; i++) {
		race[i] = (struct race) { &w, file, i + 1, &done };
		pthread_create(&thread[i], NULL, write_much, &race[i]);
	}
	while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < 2) {
		assert_int_equal(vmsim_file_sync(file, 0, 0), 0);
		assert_int_equal(vmsim_file_drop(file, 0, 0), 0);
	}
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(vmsim_file_sync(file, 0, 0), 0);
	for (uint64_t i = WRITES - 3; i <= WRITES; i++)
		for (unsigned int cpu = 1; cpu <= 2; cpu++)
			assert_int_equal(stored_at(file, (i % 4) * PAGE_SIZE + cpu * 64), i);
	assert_int_equal(vmsim_file_drop(file, 0, 0), 0);
	assert_int_equal(vmsim_file_destroy(w.handle, file), 0);
	assert_int_equal(vmsim_violations(w.handle), 0);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_holes_are_zero),
		cmocka_unit_test(test_one_writeback_at_a_time),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_drop_rounds_inwards),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_dirty_and_clean),
		cmocka_unit_test(test_parallel),
	};

	return vmsim_run_tests(tests);
}
