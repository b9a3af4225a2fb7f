// SPDX-License-Identifier: GPL-2.0-only
#include "pgtable/fixture.h"
#include <linux/swapops.h>

/* Values of entries that map nothing, or a huge page; and the latter in memory. */

static uint64_t random_state = 99;

static unsigned long pick(void)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return random_state >> 7;
}

/* What stands in a table is neither empty nor present, and says what was put in. */
static void test_swap_entries(void **state)
{
	unsigned long offset_mask = (1UL << 50) - 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		unsigned long type = pick() % 32, offset = pick() & offset_mask;
		swp_entry_t entry = swp_entry(type, i ? offset : offset_mask - 1);
		pte_t pte = swp_entry_to_pte(entry);

		assert_int_equal(swp_type(entry), type);
		assert_true(is_swap_pte(pte));
		assert_false(pte_present(pte) || pte_none(pte));
		assert_false(pte_swp_exclusive(pte) || pte_swp_soft_dirty(pte));
		assert_false(pte_swp_uffd_wp(pte));
		pte = pte_swp_mkexclusive(pte);
		assert_true(pte_swp_exclusive(pte) && !pte_swp_soft_dirty(pte));
		pte = pte_swp_mksoft_dirty(pte);
		assert_true(pte_swp_soft_dirty(pte) && !pte_swp_uffd_wp(pte));
		pte = pte_swp_mkuffd_wp(pte);
		assert_true(pte_swp_uffd_wp(pte));
		assert_true(is_swap_pte(pte));
		assert_int_equal(pte_to_swp_entry(pte).val, entry.val);
		pte = pte_swp_clear_exclusive(pte_swp_clear_soft_dirty(pte_swp_clear_uffd_wp(pte)));
		assert_true(pte_same(pte, swp_entry_to_pte(entry)));
		assert_int_equal(non_swap_entry(entry), type >= MAX_SWAPFILES);
	}
}

static void test_migration_entries(void **state)
{
	unsigned long pfn = 0x12345;
	swp_entry_t entry = make_writable_migration_entry(pfn);

	(void)state;
	assert_true(is_migration_entry(entry) && is_writable_migration_entry(entry));
	assert_true(is_pfn_swap_entry(entry) && non_swap_entry(entry));
	assert_false(is_migration_entry_young(entry) || is_migration_entry_dirty(entry));
	entry = make_migration_entry_dirty(make_migration_entry_young(entry));
	assert_true(is_migration_entry_young(entry) && is_migration_entry_dirty(entry));
	assert_int_equal(swp_offset_pfn(pte_to_swp_entry(swp_entry_to_pte(entry))), pfn);
	assert_true(is_writable_migration_entry(entry));
	entry = make_readable_exclusive_migration_entry(pfn);
	assert_true(is_migration_entry(entry) && is_readable_exclusive_migration_entry(entry));
	assert_false(is_writable_migration_entry(entry) || is_readable_migration_entry(entry));
	assert_false(is_migration_entry(swp_entry(MAX_SWAPFILES - 1, pfn)));
	assert_true(is_pte_marker(make_pte_marker(PTE_MARKER_POISONED)));
	assert_true(is_poisoned_swp_entry(make_poisoned_swp_entry()));
	assert_true(pte_none_mostly(make_pte_marker(PTE_MARKER_UFFD_WP)));
	assert_false(is_pte_marker_entry(entry) || pte_none_mostly(swp_entry_to_pte(entry)));
}

/* What a modifier sets another one takes away, and nothing else changes. */
static void test_modifiers(void **state)
{
	pte_t pte = pfn_pte(0x777, PAGE_SHARED);
	pmd_t pmd = pmd_mkhuge(pfn_pmd(0x7600, PAGE_SHARED));
	pud_t pud = pud_mkhuge(pfn_pud(0x80000, PAGE_SHARED));

	(void)state;
	assert_true(pte_same(pte, pte_clear_soft_dirty(pte_mksoft_dirty(pte))));
	assert_true(pte_uffd_wp(pte_mkuffd_wp(pte)) && !pte_write(pte_mkuffd_wp(pte)));
	assert_true(pte_devmap(pte_mkdevmap(pte)) && pte_special(pte_mkdevmap(pte)));
	assert_true(pmd_same(pmd, pmd_clear_soft_dirty(pmd_mksoft_dirty(pmd))));
	assert_true(pud_same(pud, pud_clear_soft_dirty(pud_mksoft_dirty(pud))));
	assert_true(pmd_uffd_wp(pmd_mkuffd_wp(pmd)) && !pmd_write(pmd_mkuffd_wp(pmd)));
	assert_true(pmd_same(pmd_clear_uffd_wp(pmd_mkuffd_wp(pmd)), pmd_wrprotect(pmd)));
	assert_int_equal(pmd_pfn(pmd), 0x7600);
	assert_int_equal(pmd_pfn(pfn_pmd(0x7677, PAGE_SHARED)), 0x7600);
	assert_true(pmd_dirty(pmd_modify(pmd_mkdirty(pmd), PAGE_READONLY)));
	assert_true(pmd_leaf(pmd_modify(pmd, PAGE_READONLY)));
	assert_false(pmd_write(pmd_modify(pmd, PAGE_READONLY)));
	assert_true(pmd_protnone(pmd_modify(pmd, PAGE_NONE)));
	assert_true(pmd_access_permitted(pmd, true));
	assert_false(pmd_access_permitted(pmd_wrprotect(pmd), true));
	assert_false(pmd_access_permitted(pmd_mkinvalid(pmd), false));
	assert_true(pmd_trans_huge(pmd) && !pmd_trans_huge(pmd_mkdevmap(pmd)));
}

/* Leaves in memory lose what is taken from them, and keep the rest. */
static void test_leaves_in_memory(void **state)
{
	pmd_t pmd = pmd_mkdirty(pmd_mkhuge(pfn_pmd(0x7600, PAGE_SHARED))), entry = pmd;

	(void)state;
	pmdp_set_wrprotect(NULL, 0, &entry);
	assert_true(pmd_same(entry, pmd_wrprotect(pmd)));
	assert_true(pmdp_test_and_clear_young(NULL, 0, &entry));
	assert_false(pmdp_test_and_clear_young(NULL, 0, &entry));
	assert_true(pmd_same(entry, pmd_mkold(pmd_wrprotect(pmd))));
	assert_false(pmdp_set_access_flags(NULL, 0, &entry, entry, 1));
	assert_true(pmdp_set_access_flags(NULL, 0, &entry, pmd, 0));
	assert_false(pmd_same(entry, pmd));
	assert_true(pmdp_set_access_flags(NULL, 0, &entry, pmd, 1));
	assert_true(pmd_same(entry, pmd));
	assert_true(pmd_same(pmdp_huge_get_and_clear(NULL, 0, &entry), pmd));
	assert_true(pmd_none(entry));
}

/* As many tables as were kept come back, each once. */
static void test_kept_tables(void **state)
{
	struct fixture *f = *state;
	pgtable_t table[3], back[3];
	spinlock_t *ptl;
	pmd_t *pmd;

	pmd = fixture_pmd(f->mm, 0);
	ptl = pmd_lock(f->mm, pmd);
	for (int i = 0; i < 3; i++) {
		table[i] = pte_alloc_one(f->mm);
		pgtable_trans_huge_deposit(f->mm, pmd + i, table[i]);
	}
	for (int i = 0; i < 3; i++)
		back[i] = pgtable_trans_huge_withdraw(f->mm, pmd);
	spin_unlock(ptl);
	for (int i = 0; i < 3; i++) {
		bool found = false;

		for (int j = 0; j < 3; j++)
			found |= back[j] == table[i];
		assert_true(found);
		pte_free(f->mm, table[i]);
	}
	fixture_free_tables(f->mm, 0, PMD_SIZE);
}

static int setup(void **state)
{
	static struct fixture fixture;
	struct vmsim_config config = fixture_config();

	fixture_make(&fixture, &config);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	fixture_end(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swap_entries),
		cmocka_unit_test(test_migration_entries),
		cmocka_unit_test(test_modifiers),
		cmocka_unit_test_setup_teardown(test_leaves_in_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept_tables, setup, teardown),
	};

	return vmsim_run_tests(tests);
}
