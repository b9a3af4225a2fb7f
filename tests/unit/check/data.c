// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"

/* O4: what is loaded is what was stored. */

/* Another page takes the place of the one at @addr: a copy of it, or an empty one. */
static void replace_page(unsigned long addr, bool copy)
{
	struct folio *folio = folio_alloc(GFP_HIGHUSER_MOVABLE | __GFP_ZERO, 0);
	struct entry entry = entry_lock(addr);

	if (copy)
		copy_user_highpage(&folio->page, entry.page, addr, entry.vma);
	ptep_clear_flush(entry.vma, addr, entry.ptep);
	folio_add_new_anon_rmap(folio, entry.vma, addr, RMAP_EXCLUSIVE);
	set_pte_at(current->mm, addr, entry.ptep,
		   pte_mkdirty(pte_mkwrite(mk_pte(&folio->page, PAGE_SHARED), entry.vma)));
	folio_remove_rmap_pte(page_folio(entry.page), entry.page, entry.vma);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	put_page(entry.page);
	vmsim_leave();
}

static void private_page_replaced_by_another(void **state)
{
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O4), VMSIM_TLB_IPI, 1);
	addr = map_anon(1);
	store(addr + 16, 5);
	replace_page(addr, false);
	assert_quiet();
	assert_int_equal(load(addr + 16), 0);
	assert_only("O4", "R17");
}

static void private_page_copied(void **state)
{
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLES_ALL, VMSIM_TLB_IPI, 1);
	addr = map_anon(1);
	store(addr + 16, 5);
	replace_page(addr, true);
	assert_int_equal(load(addr + 16), 5);
	assert_at_rest();
}

/* A stale entry that is written through after the copy: the copy lacks the store (M15). */
static void store_behind_a_copy(void **state)
{
	struct entry entry;
	struct folio *folio;
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O4), VMSIM_TLB_IPI, 2);
	addr = map_anon(1);
	store(addr, 5);
	be(1);
	folio = folio_alloc(GFP_HIGHUSER_MOVABLE, 0);
	entry = entry_lock(addr);
	ptep_set_wrprotect(current->mm, addr, entry.ptep);
	copy_highpage(&folio->page, entry.page);
	be(0);
	store(addr, 6);
	be(1);
	ptep_clear_flush(entry.vma, addr, entry.ptep);
	set_pte_at(current->mm, addr, entry.ptep, mk_pte(&folio->page, PAGE_COPY));
	entry_unlock(&entry);
	assert_quiet();
	load(addr);
	assert_only("O4", "R17");
}

static void only_stored_bytes_are_known(void **state)
{
	unsigned long addr;
	uint64_t value;

	(void)state;
	lab_open(VMSIM_ORACLES_ALL, VMSIM_TLB_IPI, 1);
	addr = map_anon(1);
	assert_int_equal(vmsim_store(addr + 2, 2, 0xabcd), 0);
	assert_int_equal(vmsim_store(addr + 7, 1, 0x12), 0);
	assert_int_equal(load(addr), 0x12000000abcd0000);
	assert_int_equal(vmsim_load(addr + 3, 1, &value), 0);
	assert_int_equal(value, 0xab);
	store(addr, 1);
	assert_int_equal(load(addr), 1);
	assert_quiet();
}

static void a_byte_that_changed_by_itself(void **state)
{
	struct entry entry;
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O4), VMSIM_TLB_IPI, 1);
	addr = map_anon(1);
	assert_int_equal(vmsim_store(addr + 3, 1, 7), 0);
	entry = entry_lock(addr);
	vmsim_frame_store(entry.page, 4, 1, 9);
	entry_unlock(&entry);
	load(addr);
	assert_quiet();
	entry = entry_lock(addr);
	vmsim_frame_store(entry.page, 3, 1, 9);
	entry_unlock(&entry);
	load(addr);
	assert_only("O4", "R17");
}

/* What the program gave away, it does not miss. */
static void dropped_memory_is_forgotten(void **state)
{
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLES_ALL, VMSIM_TLB_IPI, 2);
	addr = map_anon(2);
	store(addr, 1);
	store(addr + PAGE_SIZE, 2);
	assert_int_equal(vmsim_madvise(addr, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(load(addr), 0);
	assert_int_equal(load(addr + PAGE_SIZE), 2);
	assert_int_equal(vmsim_munmap(addr, 2 * PAGE_SIZE), 0);
	assert_int_equal(vmsim_mmap(addr, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0),
			 addr);
	assert_int_equal(load(addr + PAGE_SIZE), 0);
	assert_at_rest();
}

/* E14, E23: who stores while the page is being taken away gets no promise. */
static void store_during_a_zap(void **state)
{
	struct entry entry;
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O4) | VMSIM_ORACLE_BIT(O6), VMSIM_TLB_IPI, 2);
	addr = map_anon(1);
	store(addr, 1);
	be(1);
	entry = entry_lock(addr);
	inc_tlb_flush_pending(current->mm);
	entry_clear(&entry);
	be(0);
	store(addr, 2);
	be(1);
	entry_uncount(&entry);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	assert_int_equal(load(addr), 0);
	entry_flush(&entry);
	put_page(entry.page);
	dec_tlb_flush_pending(current->mm);
	vmsim_leave();
	be(0);
	assert_int_equal(load(addr), 0);
	assert_quiet();
}

static void file_page_through_another_mapping(void **state)
{
	unsigned long addr, again;
	uint64_t value = 0;

	(void)state;
	lab_open(VMSIM_ORACLES_ALL, VMSIM_TLB_IPI, 1);
	addr = map_file();
	again = map_file();
	store(addr + 8, 3);
	assert_int_equal(load(again + 8), 3);
	assert_int_equal(vmsim_file_read(lab.file, 8, &value, 8), 8);
	assert_int_equal(value, 3);
	value = 4;
	assert_int_equal(vmsim_file_write(lab.file, 8, &value, 8), 8);
	assert_int_equal(load(addr + 8), 4);
	store(again + 8, 5);
	assert_int_equal(load(addr + 8), 5);
	assert_at_rest();
}

static void file_page_changed_behind_everybody(void **state)
{
	struct entry entry;
	unsigned long addr;
	uint64_t value;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O4), VMSIM_TLB_IPI, 1);
	addr = map_file();
	store(addr + 8, 3);
	entry = entry_lock(addr);
	vmsim_frame_store(entry.page, 8, 8, 1);
	entry_unlock(&entry);
	vmsim_file_read(lab.file, 0, &value, 8);
	assert_only("O4", "R5");
}

static void file_page_loaded_after_that(void **state)
{
	struct entry entry;
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O4), VMSIM_TLB_IPI, 1);
	addr = map_file();
	store(addr + 8, 3);
	entry = entry_lock(addr);
	vmsim_frame_store(entry.page, 8, 8, 1);
	entry_unlock(&entry);
	assert_int_equal(load(addr + 8), 1);
	assert_only("O4", "R17");
}

/* A store that did not reach the backing store shows when the page comes back. */
static void lost_store_comes_back(void **state)
{
	struct folio *folio;
	struct entry entry;
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O4), VMSIM_TLB_IPI, 1);
	addr = map_file();
	store(addr, 1);
	assert_int_equal(vmsim_file_sync(lab.file, 0, 0), 0);
	store(addr, 2);
	entry = entry_lock(addr);
	folio = page_folio(entry.page);
	entry_unlock(&entry);
	assert_int_equal(vmsim_munmap(addr, FILE_PAGES * PAGE_SIZE), 0);
	folio_test_clear_dirty(folio);
	assert_int_equal(vmsim_file_drop(lab.file, 0, 0), 0);
	addr = map_file();
	assert_quiet();
	load(addr);
	assert_true(reports_of("O4", "R5") == 1);
}

/*
 * At rest, without a look at the page: nobody calls it dirty, and the store lacks its last value.
 */
static void lost_store_at_rest(void **state)
{
	struct entry entry;
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O4), VMSIM_TLB_IPI, 1);
	addr = map_file();
	store(addr, 1);
	assert_at_rest();
	assert_int_equal(vmsim_file_sync(lab.file, 0, 0), 0);
	assert_at_rest();
	store(addr, 2);
	entry = entry_lock(addr);
	folio_test_clear_dirty(page_folio(entry.page));
	entry_unlock(&entry);
	/* The entry is dirty still. */
	assert_at_rest();
	entry = entry_lock(addr);
	set_pte_at(current->mm, addr, entry.ptep, pte_mkclean(ptep_get(entry.ptep)));
	entry_flush(&entry);
	entry_unlock(&entry);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O4", "R5");
}

static void private_copy_of_a_file_page(void **state)
{
	unsigned long shared, addr;

	(void)state;
	lab_open(VMSIM_ORACLES_ALL, VMSIM_TLB_IPI, 1);
	shared = map_file();
	addr = (unsigned long)vmsim_mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
					 lab.file, 0);
	store(shared, 1);
	assert_int_equal(load(addr), 1);
	store(shared, 2);
	assert_int_equal(load(addr), 2);
	store(addr, 3);
	store(shared, 4);
	assert_int_equal(load(addr), 3);
	assert_int_equal(load(shared), 4);
	assert_int_equal(vmsim_madvise(addr, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(load(addr), 4);
	assert_at_rest();
}

#define AREA 0x10000000UL
#define THERE 0x20000000UL

static void map_at(unsigned long addr, unsigned long size)
{
	assert_int_equal(vmsim_mmap(addr, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0),
			 addr);
}

/* What is known of memory moves with it, entry by entry or with a whole table. */
static void move_memory(unsigned long size)
{
	struct entry entry;

	lab_open(VMSIM_ORACLE_BIT(O4), VMSIM_TLB_IPI, 1);
	map_at(AREA, size);
	store(AREA, 1);
	store(AREA + size - PAGE_SIZE, 2);
	assert_int_equal(vmsim_mremap(AREA, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, THERE),
			 THERE);
	map_at(AREA, size);
	assert_int_equal(load(AREA), 0);
	assert_int_equal(load(THERE), 1);
	assert_quiet();
	/* It changes by itself. */
	entry = entry_lock(THERE + size - PAGE_SIZE);
	vmsim_frame_store(entry.page, 0, 8, 3);
	entry_unlock(&entry);
	assert_int_equal(load(THERE + size - PAGE_SIZE), 3);
	assert_only("O4", "R17");
}

static void entries_move(void **state)
{
	(void)state;
	move_memory(2 * PAGE_SIZE);
}

static void table_moves(void **state)
{
	(void)state;
	move_memory(PMD_SIZE);
}

/* A table goes for good, and its frame is a table elsewhere: that is no move of what is here now. */
static void table_elsewhere_in_the_same_frame(void **state)
{
	struct entry entry;
	pgtable_t table;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O4), VMSIM_TLB_IPI, 1);
	assert_int_equal(vmsim_mmap(AREA, PMD_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_FIXED, lab.file, 0), AREA);
	load(AREA);
	entry = entry_lock(AREA);
	table = virt_to_page(entry.ptep);
	entry_unlock(&entry);
	assert_int_equal(vmsim_file_retract(lab.file, 0), 0);
	map_at(THERE, PAGE_SIZE);
	map_at(THERE + PMD_SIZE, PAGE_SIZE);
	store(AREA, 1);
	rcu_barrier();
	store(THERE + PMD_SIZE, 2);
	entry = entry_lock(THERE + PMD_SIZE);
	assert_ptr_equal(virt_to_page(entry.ptep), table);
	entry_unlock(&entry);
	/* It changes by itself. */
	entry = entry_lock(AREA);
	vmsim_frame_store(entry.page, 0, 8, 3);
	entry_unlock(&entry);
	assert_quiet();
	assert_int_equal(load(AREA), 3);
	assert_only("O4", "R17");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(private_page_replaced_by_another, lab_close),
		cmocka_unit_test_teardown(private_page_copied, lab_close),
		cmocka_unit_test_teardown(entries_move, lab_close),
		cmocka_unit_test_teardown(table_moves, lab_close),
		cmocka_unit_test_teardown(table_elsewhere_in_the_same_frame, lab_close),
		cmocka_unit_test_teardown(store_behind_a_copy, lab_close),
		cmocka_unit_test_teardown(only_stored_bytes_are_known, lab_close),
		cmocka_unit_test_teardown(a_byte_that_changed_by_itself, lab_close),
		cmocka_unit_test_teardown(dropped_memory_is_forgotten, lab_close),
		cmocka_unit_test_teardown(store_during_a_zap, lab_close),
		cmocka_unit_test_teardown(file_page_through_another_mapping, lab_close),
		cmocka_unit_test_teardown(file_page_changed_behind_everybody, lab_close),
		cmocka_unit_test_teardown(file_page_loaded_after_that, lab_close),
		cmocka_unit_test_teardown(lost_store_comes_back, lab_close),
		cmocka_unit_test_teardown(lost_store_at_rest, lab_close),
		cmocka_unit_test_teardown(private_copy_of_a_file_page, lab_close),
	};

	return vmsim_run_tests(tests);
}
