// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"

/* O3 and O21: writes to shared files that nobody knows of any more (R5, R6, R31). */

/*
 * E30 by hand. CPU 0 has a writable, dirty entry cached. CPU 1 zaps the page, CPU 2 writes it back
 * in the middle of that, CPU 0 stores again.
 */
static unsigned long e30_begin(uint64_t oracles, enum vmsim_tlb tlb)
{
	unsigned long addr;

	lab_open(oracles, tlb, 3);
	addr = map_file();
	store(addr, 1);
	return addr;
}

static void write_back(void)
{
	be(2);
	assert_int_equal(vmsim_file_sync(lab.file, 0, 0), 0);
}

static uint64_t stored(void)
{
	uint64_t value = 0;

	be(2);
	assert_int_equal(vmsim_file_stored(lab.file, 0, &value, sizeof(value)), sizeof(value));
	return value;
}

/* What Linux 6.1 does: the page is "not mapped" before the flush. */
static void e30_old(enum vmsim_tlb tlb)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O3), tlb);
	struct entry entry;

	be(1);
	entry = entry_lock(addr);
	assert_true(pte_dirty(entry_clear(&entry)));
	folio_mark_dirty(page_folio(entry.page));
	entry_uncount(&entry);
	write_back();
	assert_quiet();
	be(0);
	store(addr, 2);
	be(1);
	entry_flush(&entry);
	entry_unlock(&entry);
	put_page(entry.page);
}

static void e30_in_its_old_form(void **state)
{
	(void)state;
	e30_old(VMSIM_TLB_IPI);
	assert_only("O3", "R5");
	assert_int_equal(stored(), 1);
}

/* What Linux 6.12 does: the map count goes down when no CPU can write any more. */
static void e30_in_its_new_form(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O3) | VMSIM_ORACLE_BIT(O6), VMSIM_TLB_IPI);
	struct entry entry;

	(void)state;
	be(1);
	entry = entry_lock(addr);
	inc_tlb_flush_pending(current->mm);
	entry_clear(&entry);
	folio_mark_dirty(page_folio(entry.page));
	be(0);
	store(addr, 2);
	be(1);
	entry_flush(&entry);
	entry_uncount(&entry);
	dec_tlb_flush_pending(current->mm);
	entry_unlock(&entry);
	put_page(entry.page);
	write_back();
	assert_int_equal(stored(), 2);
	be(0);
	store(addr, 3);
	write_back();
	assert_int_equal(stored(), 3);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
	assert_quiet();
}

/* The lock is dropped, the flush comes later: mkclean meets the PTL, finds nothing, and cleans. */
static void lock_dropped_before_the_flush(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O3), VMSIM_TLB_IPI);
	struct entry entry;

	(void)state;
	be(1);
	entry = entry_lock(addr);
	entry_clear(&entry);
	folio_mark_dirty(page_folio(entry.page));
	pte_unmap_unlock(entry.ptep, entry.ptl);
	write_back();
	be(0);
	store(addr, 2);
	assert_only("O3", "R5");
	be(1);
	entry_flush(&entry);
	entry_uncount(&entry);
	put_page(entry.page);
	vmsim_leave();
}

static void a_zap_that_forgets_the_dirty_bit(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O3), VMSIM_TLB_IPI);
	struct entry entry;

	(void)state;
	write_back();
	be(0);
	store(addr, 2);
	/*
	 * The fault has marked the folio dirty; as if writeback had come between it and the store.
	 */
	be(1);
	entry = entry_lock(addr);
	folio_test_clear_dirty(page_folio(entry.page));
	entry_clear(&entry);
	entry_flush(&entry);
	entry_uncount(&entry);
	entry_unlock(&entry);
	put_page(entry.page);
	assert_quiet();
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O3", "R5");
}

/* Between the clearing of an entry and the folio's dirty bit the zapper carries the news. */
static void news_under_way_is_not_lost(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O3), VMSIM_TLB_IPI);
	struct entry entry;

	(void)state;
	write_back();
	be(0);
	store(addr, 2);
	be(1);
	entry = entry_lock(addr);
	clear_bit(PG_dirty, &page_folio(entry.page)->flags);
	entry_clear(&entry);
	be(0);
	store(addr, 3);
	be(1);
	folio_mark_dirty(page_folio(entry.page));
	entry_flush(&entry);
	entry_uncount(&entry);
	entry_unlock(&entry);
	put_page(entry.page);
	write_back();
	assert_int_equal(stored(), 3);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
	assert_quiet();
}

/* A store in the middle of writeback, through an entry that mkclean did not see. */
static void store_second_value(void *arg, const struct vmsim_event *event)
{
	struct task_struct *self = current;
	const unsigned long *addr = arg;

	(void)event;
	be(0);
	store(*addr, 2);
	vmsim_self = self;
}

static void store_at(uint64_t event)
{
	static unsigned long addr;
	struct entry entry;

	addr = e30_begin(VMSIM_ORACLE_BIT(O3), VMSIM_TLB_IPI);
	be(1);
	entry = entry_lock(addr);
	entry_clear(&entry);
	folio_mark_dirty(page_folio(entry.page));
	entry_uncount(&entry);
	assert_int_equal(vmsim_subscribe(lab.handle, event, store_second_value, &addr), 0);
	write_back();
	assert_int_equal(vmsim_unsubscribe(lab.handle, store_second_value, &addr), 0);
	be(1);
	entry_flush(&entry);
	entry_unlock(&entry);
	put_page(entry.page);
}

static void store_between_copy_and_end_of_writeback(void **state)
{
	(void)state;
	store_at(VMSIM_EV_BIT(FRAME_READ));
	assert_only("O3", "R5");
	assert_int_equal(stored(), 1);
}

/* Luck: the copy is still to be made. */
static void store_between_cleaning_and_copy(void **state)
{
	(void)state;
	store_at(VMSIM_EV_BIT(FOLIO_CLEAN));
	assert_int_equal(stored(), 2);
	assert_at_rest();
}

/* Between the two halves of a change of rights the entry is empty, and nothing is lost. */
static void change_of_rights_leaves_no_excuse(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O3), VMSIM_TLB_IPI);
	struct entry entry;

	(void)state;
	be(2);
	assert_int_equal(vmsim_mprotect(addr, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(addr, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	be(0);
	store(addr, 1);
	be(1);
	entry = entry_lock(addr);
	entry_clear(&entry);
	folio_mark_dirty(page_folio(entry.page));
	entry_uncount(&entry);
	write_back();
	be(0);
	store(addr, 2);
	assert_only("O3", "R5");
	be(1);
	entry_flush(&entry);
	entry_unlock(&entry);
	put_page(entry.page);
}

static void a_dirty_entry_is_enough(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O3), VMSIM_TLB_IPI);
	struct entry entry;

	(void)state;
	entry = entry_lock(addr);
	entry_unlock(&entry);
	clear_bit(PG_dirty, &page_folio(entry.page)->flags);
	store(addr, 2);
	assert_at_rest();
	folio_mark_dirty(page_folio(entry.page));
	write_back();
	assert_int_equal(stored(), 2);
	assert_at_rest();
}

static void store_into_a_page_that_left_the_cache(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O3), VMSIM_TLB_IPI);
	struct entry entry;

	(void)state;
	be(1);
	entry = entry_lock(addr);
	entry_clear(&entry);
	folio_mark_dirty(page_folio(entry.page));
	entry_uncount(&entry);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	/* Truncation may throw a dirty page away; but nobody may write to it any more. */
	folio_lock(page_folio(entry.page));
	folio_detach_private(page_folio(entry.page));
	filemap_remove_folio(page_folio(entry.page));
	folio_unlock(page_folio(entry.page));
	assert_quiet();
	be(0);
	store(addr, 2);
	assert_only("O3", "R5");
	be(1);
	entry_flush(&entry);
	put_page(entry.page);
	vmsim_leave();
}

static void ordinary_life_of_a_shared_file(enum vmsim_tlb tlb)
{
	unsigned int other = tlb == VMSIM_TLB_UP ? 0 : 1;
	uint64_t words[2] = { 7, 8 };
	unsigned long addr;

	lab_open(VMSIM_ORACLES_ALL, tlb, other + 1);
	addr = map_file();
	for (unsigned int round = 1; round < 4; round++) {
		be(0);
		store(addr, round);
		store(addr + PAGE_SIZE, round);
		be(other);
		store(addr + 8, round);
		assert_int_equal(vmsim_file_sync(lab.file, 0, 0), 0);
		store(addr + 8, round + 100);
		assert_int_equal(vmsim_file_write(lab.file, PAGE_SIZE, words, sizeof(words)),
				 sizeof(words));
		be(0);
		assert_int_equal(load(addr + PAGE_SIZE + 8), 8);
		assert_int_equal(vmsim_madvise(addr, PAGE_SIZE, MADV_DONTNEED), 0);
		assert_int_equal(vmsim_file_sync(lab.file, 0, 0), 0);
		assert_int_equal(vmsim_file_drop(lab.file, 0, 0), 0);
		assert_int_equal(load(addr + 8), round + 100);
		assert_int_equal(load(addr), round);
	}
	assert_int_equal(vmsim_munmap(addr, FILE_PAGES * PAGE_SIZE), 0);
	assert_at_rest();
	lab_end_process();
	assert_at_rest();
	vmsim_self = &vmsim_no_task;
	assert_int_equal(vmsim_file_destroy(lab.handle, lab.file), 0);
	assert_at_rest();
}

static void ordinary_life_is_quiet(void **state)
{
	for (int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++) {
		ordinary_life_of_a_shared_file(tlb);
		lab_close(state);
	}
	memset(&lab, 0, sizeof(lab));
}

/* Where clearing an entry takes it out of all TLBs, the second store faults. */
static void e30_where_clearing_flushes(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLES_ALL, VMSIM_TLB_SYNC_ON_CLEAR);
	struct entry entry;

	(void)state;
	be(1);
	entry = entry_lock(addr);
	entry_clear(&entry);
	folio_mark_dirty(page_folio(entry.page));
	entry_uncount(&entry);
	write_back();
	be(1);
	entry_unlock(&entry);
	put_page(entry.page);
	be(0);
	store(addr, 2);
	write_back();
	assert_int_equal(stored(), 2);
	assert_quiet();
}

static void dirtied_with_no_lock(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O21), VMSIM_TLB_IPI);
	struct folio *folio;
	struct entry entry;

	(void)state;
	entry = entry_lock(addr);
	folio = page_folio(entry.page);
	entry_unlock(&entry);
	write_back();
	be(0);
	store(addr, 2);
	assert_quiet();
	write_back();
	folio_mark_dirty(folio);
	assert_only("O21", "R31");
}

/* E33: a page that is not mapped any more, with the PTL of some other entry. */
static void dirtied_with_the_lock_of_something_else(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O21), VMSIM_TLB_IPI);
	struct entry entry, other;

	(void)state;
	store(addr + PAGE_SIZE, 1);
	write_back();
	be(1);
	entry = entry_lock(addr);
	entry_clear(&entry);
	entry_flush(&entry);
	entry_uncount(&entry);
	entry_unlock(&entry);
	other = entry_lock(addr + PAGE_SIZE);
	folio_mark_dirty(page_folio(other.page));
	assert_quiet();
	folio_mark_dirty(page_folio(entry.page));
	assert_only("O21", "R31");
	entry_unlock(&other);
	put_page(entry.page);
}

/* E35: what a device wrote is told under the lock, and too late. */
static void dirtied_when_buffers_are_gone(void **state)
{
	unsigned long addr = e30_begin(VMSIM_ORACLE_BIT(O21), VMSIM_TLB_IPI);
	struct entry entry = entry_lock(addr);
	struct folio *folio = page_folio(entry.page);

	(void)state;
	entry_unlock(&entry);
	write_back();
	folio_lock(folio);
	assert_true(filemap_release_folio(folio, GFP_KERNEL));
	folio_mark_dirty(folio);
	folio_unlock(folio);
	assert_quiet();
	write_back();
	assert_only("O21", "R31");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(e30_in_its_old_form, lab_close),
		cmocka_unit_test_teardown(e30_in_its_new_form, lab_close),
		cmocka_unit_test_teardown(lock_dropped_before_the_flush, lab_close),
		cmocka_unit_test_teardown(a_zap_that_forgets_the_dirty_bit, lab_close),
		cmocka_unit_test_teardown(news_under_way_is_not_lost, lab_close),
		cmocka_unit_test_teardown(store_between_copy_and_end_of_writeback, lab_close),
		cmocka_unit_test_teardown(store_between_cleaning_and_copy, lab_close),
		cmocka_unit_test_teardown(change_of_rights_leaves_no_excuse, lab_close),
		cmocka_unit_test_teardown(a_dirty_entry_is_enough, lab_close),
		cmocka_unit_test_teardown(store_into_a_page_that_left_the_cache, lab_close),
		cmocka_unit_test(ordinary_life_is_quiet),
		cmocka_unit_test_teardown(e30_where_clearing_flushes, lab_close),
		cmocka_unit_test_teardown(dirtied_with_no_lock, lab_close),
		cmocka_unit_test_teardown(dirtied_with_the_lock_of_something_else, lab_close),
		cmocka_unit_test_teardown(dirtied_when_buffers_are_gone, lab_close),
	};

	return vmsim_run_tests(tests);
}
