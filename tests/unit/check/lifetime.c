// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"
#include <asm/pgalloc.h>

/* O1 and O2: frames that are freed while a CPU can reach them (R1). */

/* With one page that CPU 0 has stored to. */
static unsigned long lab_with_page(uint64_t oracles, enum vmsim_tlb tlb, unsigned int cpus)
{
	unsigned long addr;

	lab_open(oracles, tlb, cpus);
	addr = map_anon(1);
	store(addr, 1);
	return addr;
}

/* Takes the page behind @addr out of the tables and frees it; flushes first, or not. */
static struct page *take_away(unsigned long addr, bool flush)
{
	struct entry entry = entry_lock(addr);

	entry_clear(&entry);
	if (flush)
		entry_flush(&entry);
	entry_uncount(&entry);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	put_page(entry.page);
	vmsim_leave();
	return entry.page;
}

static void use_after_free(void **state)
{
	unsigned long addr;

	(void)state;
	addr = lab_with_page(VMSIM_ORACLE_BIT(O1), VMSIM_TLB_IPI, 2);
	be(1);
	take_away(addr, false);
	assert_quiet();
	be(0);
	load(addr);
	assert_only("O1", "R1");
}

static void use_after_reuse(void **state)
{
	struct page *freed, *again;
	unsigned long addr;

	(void)state;
	addr = lab_with_page(VMSIM_ORACLE_BIT(O1), VMSIM_TLB_IPI, 1);
	freed = take_away(addr, false);
	again = alloc_page(GFP_KERNEL);
	assert_ptr_equal(freed, again);
	store(addr, 2);
	assert_only("O1", "R1");
}

static void flushed_before_free(void **state)
{
	unsigned long addr;

	(void)state;
	addr = lab_with_page(VMSIM_ORACLE_BIT(O1) | VMSIM_ORACLE_BIT(O2), VMSIM_TLB_IPI, 2);
	be(1);
	load(addr);
	take_away(addr, true);
	assert_int_equal(load(addr), 0);
	be(0);
	assert_int_equal(load(addr), 0);
	assert_quiet();
}

static void freed_without_flush(void **state)
{
	unsigned long addr;

	(void)state;
	addr = lab_with_page(VMSIM_ORACLE_BIT(O2), VMSIM_TLB_IPI, 2);
	be(1);
	take_away(addr, false);
	assert_only("O2", "R1");
}

/* Clearing an entry is a flush there, so nothing is left to report. */
static void freed_without_flush_where_clearing_flushes(void **state)
{
	unsigned long addr;

	(void)state;
	addr = lab_with_page(VMSIM_ORACLE_BIT(O1) | VMSIM_ORACLE_BIT(O2),
			     VMSIM_TLB_SYNC_ON_CLEAR, 2);
	be(1);
	take_away(addr, false);
	be(0);
	load(addr);
	assert_quiet();
}

static void freed_without_flush_where_entries_follow(void **state)
{
	unsigned long addr;

	(void)state;
	addr = lab_with_page(VMSIM_ORACLE_BIT(O1) | VMSIM_ORACLE_BIT(O2), VMSIM_TLB_COHERENT, 2);
	be(1);
	take_away(addr, false);
	be(0);
	load(addr);
	assert_quiet();
}

/* A CPU that will flush before it runs again cannot use what it has. */
static void freed_while_a_cpu_is_away(void **state)
{
	unsigned long addr;

	(void)state;
	addr = lab_with_page(VMSIM_ORACLE_BIT(O1) | VMSIM_ORACLE_BIT(O2), VMSIM_TLB_PV_DEFER, 2);
	be(1);
	assert_int_equal(vmsim_cpu_preempt(lab.handle, 0), 0);
	take_away(addr, true);
	assert_quiet();
	assert_int_equal(vmsim_cpu_resume(lab.handle, 0), 0);
	be(0);
	load(addr);
	assert_quiet();
}

static void whole_blocks_are_looked_at(void **state)
{
	struct folio *folio;
	struct entry entry;
	unsigned long addr;
	struct page *old;

	(void)state;
	addr = lab_with_page(VMSIM_ORACLE_BIT(O2), VMSIM_TLB_IPI, 1);
	folio = folio_alloc(GFP_KERNEL, 2);
	/* The third page of a block takes the place of the page that is mapped. */
	entry = entry_lock(addr);
	old = entry.page;
	entry_clear(&entry);
	entry_flush(&entry);
	set_pte_at(current->mm, addr, entry.ptep, mk_pte(folio_page(folio, 2), PAGE_SHARED));
	entry_unlock(&entry);
	load(addr);
	entry = entry_lock(addr);
	entry_clear(&entry);
	entry_unlock(&entry);
	folio_put(folio);
	assert_only("O2", "R1");
	(void)old;
}

/* R2: a table goes while CPU 0 has a pointer to it. */
static void unhook_and_free(unsigned long addr, bool flush)
{
	pud_t *pud = pud_offset(p4d_offset(pgd_offset(current->mm, addr), addr), addr);
	pmd_t *pmd = pmd_offset(pud, addr);
	pgtable_t table;

	vmsim_enter();
	table = pmd_page(pmdp_get(pmd));
	pmd_clear(pmd);
	if (flush)
		flush_tlb_mm(current->mm);
	pte_free(current->mm, table);
	vmsim_leave();
}

static void table_freed_while_pointed_to(void **state)
{
	unsigned long addr;

	(void)state;
	addr = lab_with_page(VMSIM_ORACLE_BIT(O2), VMSIM_TLB_IPI, 2);
	be(1);
	unhook_and_free(addr, false);
	assert_only("O2", "R2");
}

static void table_freed_after_flush(void **state)
{
	unsigned long addr;

	(void)state;
	addr = lab_with_page(VMSIM_ORACLE_BIT(O2), VMSIM_TLB_IPI, 2);
	be(1);
	unhook_and_free(addr, true);
	assert_quiet();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(use_after_free, lab_close),
		cmocka_unit_test_teardown(use_after_reuse, lab_close),
		cmocka_unit_test_teardown(flushed_before_free, lab_close),
		cmocka_unit_test_teardown(freed_without_flush, lab_close),
		cmocka_unit_test_teardown(freed_without_flush_where_clearing_flushes, lab_close),
		cmocka_unit_test_teardown(freed_without_flush_where_entries_follow, lab_close),
		cmocka_unit_test_teardown(freed_while_a_cpu_is_away, lab_close),
		cmocka_unit_test_teardown(whole_blocks_are_looked_at, lab_close),
		cmocka_unit_test_teardown(table_freed_while_pointed_to, lab_close),
		cmocka_unit_test_teardown(table_freed_after_flush, lab_close),
	};

	return vmsim_run_tests(tests);
}
