// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"
#include <mm/internal.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/vmstat.h>

/* Pages of VM_LOCKED mappings: marked, counted, left alone by reclaim, and let go with the mapping. */

#define AT 0x10000000UL

static struct folio *folio_at(unsigned long addr)
{
	pud_t *pud = pud_offset(p4d_offset(pgd_offset(current->mm, addr), addr), addr);
	pmd_t *pmd = pmd_offset(pud, addr);

	return page_folio(pte_page(ptep_get(pte_offset_kernel(pmd, addr))));
}

static void map_locked(int flags, int fd)
{
	assert_int_equal(vmsim_mmap(AT, PG, RW, flags | MAP_FIXED_NOREPLACE, fd, 0), AT);
	assert_int_equal(vmsim_mlock2(AT, PG, MLOCK_ONFAULT), 0);
	store(AT, 5);
}

static void test_new_page(void **state)
{
	struct folio *folio;

	(void)state;
	map_locked(ANON, -1);
	vmsim_enter();
	folio = folio_at(AT);
	assert_true(folio_test_mlocked(folio));
	assert_true(folio_test_unevictable(folio));
	assert_int_equal(folio->mlock_count, 1);
	assert_int_equal(global_zone_page_state(NR_MLOCK), 1);
	/* A second mapping, and one fewer. */
	mlock_folio(folio);
	assert_int_equal(folio->mlock_count, 2);
	munlock_folio(folio);
	assert_true(folio_test_mlocked(folio));
	munlock_folio(folio);
	assert_false(folio_test_mlocked(folio));
	assert_false(folio_test_unevictable(folio));
	assert_int_equal(global_zone_page_state(NR_MLOCK), 0);
	vmsim_leave();
}

static void test_reclaim_restores_what_was_missed(void **state)
{
	int file = vmsim_file_create(world.machine, "file", PG);
	struct folio *folio;

	(void)state;
	map_locked(MAP_SHARED, file);
	vmsim_enter();
	folio = folio_at(AT);
	assert_true(folio_test_mlocked(folio));
	munlock_folio(folio);
	assert_false(folio_test_mlocked(folio));
	folio_get(folio);
	folio_lock(folio);
	try_to_unmap(folio, 0);
	assert_true(folio_mapped(folio));
	assert_true(folio_test_mlocked(folio));
	folio_unlock(folio);
	folio_put(folio);
	vmsim_leave();
	assert_int_equal(vmsim_munmap(AT, PG), 0);
	vmsim_enter();
	assert_false(folio_test_mlocked(folio));
	assert_int_equal(global_zone_page_state(NR_MLOCK), 0);
	vmsim_leave();
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_new_page),
		in_world(test_reclaim_restores_what_was_missed),
	};

	return vmsim_run_tests(tests);
}
