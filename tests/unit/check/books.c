// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"
#include "check/checker.h"
#include "folio/folio.h"
#include <asm/pgalloc.h>

/* What the oracles write down, and strike out again. */

static void an_address_space_is_forgotten_when_it_goes(void **state)
{
	u64 ctx_id;

	(void)state;
	lab_open(VMSIM_ORACLES_ALL, VMSIM_TLB_IPI, 1);
	ctx_id = current->mm->context.ctx_id;
	assert_non_null(chk_mm_find(lab.m->checker, ctx_id));
	lab_end_process();
	assert_null(chk_mm_find(lab.m->checker, ctx_id));
}

/* A table that lost rights and goes before its lock is dropped leaves nothing behind (O6). */
static void a_table_is_forgotten_when_it_goes(void **state)
{
	pgtable_t table;
	pte_t *ptep;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O6), VMSIM_TLB_IPI, 1);
	assert_int_equal(vmsim_enter(), 0);
	table = pte_alloc_one(current->mm);
	assert_non_null(table);
	ptep = page_address(table);
	set_pte(ptep, pfn_pte(lab.m->zero_pfn, PAGE_SHARED));
	pte_clear(current->mm, 0, ptep);
	assert_non_null(chk_map_get(&lab.m->checker->reduced, (u64)(uintptr_t)table));
	pte_free(current->mm, table);
	assert_null(chk_map_get(&lab.m->checker->reduced, (u64)(uintptr_t)table));
	vmsim_leave();
	assert_quiet();
}

/* Whoever takes the dirty flag off by itself is about to write the page, as others are (O3). */
static void taking_the_flag_off_is_cleaning(void **state)
{
	struct entry entry;
	struct folio *folio;
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O3), VMSIM_TLB_IPI, 1);
	addr = map_file();
	store(addr, 1);
	entry = entry_lock(addr);
	folio = page_folio(entry.page);
	set_pte_at(current->mm, addr, entry.ptep, pte_mkclean(ptep_get(entry.ptep)));
	folio_mark_dirty(folio);
	assert_true(folio_test_clear_dirty(folio));
	entry_unlock(&entry);
	/* Through the cached entry: the table does not learn of it, the writer still does. */
	store(addr, 2);
	assert_quiet();
	assert_int_equal(vmsim_enter(), 0);
	assert_int_equal(vmsim_store_write(folio_mapping(folio), folio), 0);
	vmsim_leave();
	assert_at_rest();
	/* Nobody writes any more: now it is lost. */
	store(addr, 3);
	assert_only("O3", "R5");
}

static void a_free_frame_is_mapped(void **state)
{
	struct entry entry;
	struct page *page;
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O7), VMSIM_TLB_IPI, 1);
	addr = map_file();
	store(addr, 1);
	entry = entry_lock(addr);
	page = alloc_page(GFP_KERNEL);
	assert_non_null(page);
	__free_page(page);
	folio_add_file_rmap_ptes(page_folio(page), page, 1, entry.vma);
	assert_int_equal(reports_of("O7", "R7"), 1);
	entry_unlock(&entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_address_space_is_forgotten_when_it_goes, lab_close),
		cmocka_unit_test_teardown(a_table_is_forgotten_when_it_goes, lab_close),
		cmocka_unit_test_teardown(taking_the_flag_off_is_cleaning, lab_close),
		cmocka_unit_test_teardown(a_free_frame_is_mapped, lab_close),
	};

	return vmsim_run_tests(tests);
}
