// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"
#include <linux/slab.h>
#include <limits.h>

/* O7, O8, O9 and O20: what a recount finds. */

static unsigned long begin(uint64_t oracles)
{
	unsigned long addr;

	lab_open(oracles, VMSIM_TLB_IPI, 2);
	addr = map_anon(2);
	store(addr, 1);
	store(addr + PAGE_SIZE, 2);
	return addr;
}

static struct page *page_at(unsigned long addr)
{
	struct entry entry = entry_lock(addr);

	entry_unlock(&entry);
	return entry.page;
}

static void nothing_wrong(void **state)
{
	unsigned long addr = begin(VMSIM_ORACLES_ALL), file;

	(void)state;
	file = map_file();
	store(file, 1);
	load(file + PAGE_SIZE);
	load(map_anon(1));
	assert_int_equal(vmsim_mprotect(addr, PAGE_SIZE, PROT_READ), 0);
	assert_at_rest();
	assert_int_equal(vmsim_munmap(addr, PAGE_SIZE), 0);
	assert_at_rest();
	assert_int_equal(vmsim_exec("other"), -EBUSY);
	assert_at_rest();
	lab_end_process();
	assert_at_rest();
}

static void one_reference_too_many(void **state)
{
	unsigned long addr = begin(VMSIM_ORACLE_BIT(O7));
	struct page *page = page_at(addr);

	(void)state;
	get_page(page);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O7", "R28");
	put_page(page);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
}

static void one_reference_too_few(void **state)
{
	unsigned long addr = begin(VMSIM_ORACLE_BIT(O7));
	struct page *page = page_at(addr);

	(void)state;
	get_page(page);
	folio_ref_sub(page_folio(page), 2);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O7", "R28");
	folio_ref_inc(page_folio(page));
}

static void reference_below_zero(void **state)
{
	struct folio *folio;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O7), VMSIM_TLB_IPI, 1);
	folio = folio_alloc(GFP_KERNEL, 0);
	folio_ref_sub(folio, 2);
	assert_only("O7", "R7");
	folio_ref_add(folio, 2);
	folio_put(folio);
}

/* Nobody has put anything, and what is put later somebody had (M36). */
static void more_references_than_can_be_counted(void **state)
{
	struct folio *folio;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O7), VMSIM_TLB_IPI, 1);
	folio = folio_alloc(GFP_KERNEL, 0);
	folio_ref_add(folio, INT_MAX - 1);
	folio_ref_add(folio, 2);
	assert_int_equal(folio_ref_count(folio), INT_MIN + 1);
	folio_ref_sub(folio, 1);
	folio_ref_sub(folio, 1);
	assert_int_equal(folio_ref_count(folio), INT_MAX);
	assert_quiet();
	folio_ref_sub(folio, INT_MAX - 1);
	folio_put(folio);
	assert_quiet();
}

static void lost_map_count(void **state)
{
	unsigned long addr = begin(VMSIM_ORACLE_BIT(O7));
	struct page *page = page_at(addr);

	(void)state;
	atomic_dec(&page->_mapcount);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O7", "R28");
	atomic_inc(&page->_mapcount);
}

static void map_count_below_zero(void **state)
{
	unsigned long addr = begin(VMSIM_ORACLE_BIT(O7));
	struct entry entry = entry_lock(addr);
	struct folio *folio = page_folio(entry.page);

	(void)state;
	folio_remove_rmap_pte(folio, entry.page, entry.vma);
	assert_quiet();
	folio_remove_rmap_pte(folio, entry.page, entry.vma);
	assert_only("O7", "R7");
	atomic_set(&entry.page->_mapcount, 0);
	entry_unlock(&entry);
}

static void freed_while_mapped(void **state)
{
	unsigned long addr = begin(VMSIM_ORACLE_BIT(O7));
	struct entry entry = entry_lock(addr);

	(void)state;
	entry_clear(&entry);
	entry_flush(&entry);
	entry_unlock(&entry);
	put_page(entry.page);
	assert_int_equal(reports_of("O7", "R7"), 1);
}

static void resident_set_off_by_one(void **state)
{
	(void)state;
	begin(VMSIM_ORACLE_BIT(O7));
	inc_mm_counter(current->mm, MM_ANONPAGES);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O7", "R28");
	dec_mm_counter(current->mm, MM_ANONPAGES);
	inc_mm_counter(current->mm, MM_FILEPAGES);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	dec_mm_counter(current->mm, MM_FILEPAGES);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
}

static void free_frames_off_by_one(void **state)
{
	(void)state;
	begin(VMSIM_ORACLE_BIT(O7));
	lab.m->zone.nr_free_pages--;
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O7", "R28");
	lab.m->zone.nr_free_pages++;
}

/* A large folio: per page, and in sum. */
static void large_folio(bool spoil)
{
	unsigned long addr;
	struct folio *folio;
	struct entry entry;

	lab_open(VMSIM_ORACLE_BIT(O7) | VMSIM_ORACLE_BIT(O8), VMSIM_TLB_IPI, 1);
	addr = map_anon(5);
	store(addr, 1);
	folio = folio_alloc(GFP_HIGHUSER_MOVABLE, 2);
	entry = entry_lock(addr + PAGE_SIZE);
	folio_ref_add(folio, 3);
	folio_add_new_anon_rmap(folio, entry.vma, addr + PAGE_SIZE, RMAP_EXCLUSIVE);
	set_ptes(current->mm, addr + PAGE_SIZE, entry.ptep, mk_pte(&folio->page, PAGE_SHARED), 4);
	add_mm_counter(current->mm, MM_ANONPAGES, 4);
	entry_unlock(&entry);
	if (spoil)
		atomic_inc(&folio->_large_mapcount);
	vmsim_check_quiescent(lab.handle);
	if (spoil)
		atomic_dec(&folio->_large_mapcount);
}

static void large_folio_is_counted(void **state)
{
	(void)state;
	large_folio(false);
	assert_quiet();
	assert_int_equal(vmsim_munmap(0, 0) == 0, 0);
	lab_end_process();
	assert_at_rest();
}

static void large_folio_count_off_by_one(void **state)
{
	(void)state;
	large_folio(true);
	assert_only("O7", "R28");
}

static void vma_not_among_the_mappings_of_its_file(void **state)
{
	struct address_space *mapping;
	struct entry entry;
	unsigned long addr;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O8), VMSIM_TLB_IPI, 1);
	addr = map_file();
	store(addr, 1);
	assert_at_rest();
	entry = entry_lock(addr);
	entry_unlock(&entry);
	mapping = entry.vma->vm_file->f_mapping;
	vma_interval_tree_remove(entry.vma, &mapping->i_mmap);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O8", "R20");
	vma_interval_tree_insert(entry.vma, &mapping->i_mmap);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
}

/* Once the mapping of @addr is out of the tree, walks miss it, and two pages in it. */
static void assert_missed_without_anon_vma(unsigned long addr)
{
	struct anon_vma_chain *avc;
	struct entry entry = entry_lock(addr);

	entry_unlock(&entry);
	avc = list_first_entry(&entry.vma->anon_vma_chain, struct anon_vma_chain, same_vma);
	anon_vma_interval_tree_remove(avc, &avc->anon_vma->rb_root);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 2);
	assert_only("O8", "R20");
	anon_vma_interval_tree_insert(avc, &avc->anon_vma->rb_root);
}

static void vma_not_in_the_anon_vma(void **state)
{
	unsigned long addr = begin(VMSIM_ORACLE_BIT(O8));

	(void)state;
	assert_at_rest();
	assert_missed_without_anon_vma(addr);
}

/* The page names an anon_vma that is no mapping's. */
static void wrong_anon_vma(uint64_t oracle)
{
	unsigned long addr = begin(oracle);
	struct folio *folio = page_folio(page_at(addr));
	struct anon_vma *gone = kzalloc(sizeof(*gone), GFP_KERNEL);
	struct address_space *mapping = folio->mapping;

	assert_at_rest();
	folio->mapping = (void *)((unsigned long)gone + PAGE_MAPPING_ANON);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	folio->mapping = mapping;
	kfree(gone);
}

static void anon_vma_without_mappings(void **state)
{
	(void)state;
	wrong_anon_vma(VMSIM_ORACLE_BIT(O9));
	assert_only("O9", "R8");
}

static void no_walk_through_a_dead_anon_vma(void **state)
{
	(void)state;
	wrong_anon_vma(VMSIM_ORACLE_BIT(O8));
	assert_only("O8", "R20");
}

static void page_at_another_place_than_it_says(void **state)
{
	unsigned long addr = begin(VMSIM_ORACLE_BIT(O8));
	struct folio *folio = page_folio(page_at(addr));

	(void)state;
	folio->index++;
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O8", "R20");
	folio->index--;
}

/* Two addresses that are merged. */
static unsigned long begin_merged(void)
{
	unsigned long addr = begin(VMSIM_ORACLE_BIT(O8) | VMSIM_ORACLE_BIT(O9));

	store(addr, 2);
	assert_int_equal(vmsim_madvise(addr, 2 * PAGE_SIZE, MADV_MERGEABLE), 0);
	assert_int_equal(vmsim_ksm_merge(lab.pid, addr, lab.pid, addr + PAGE_SIZE), 0);
	assert_ptr_equal(page_at(addr), page_at(addr + PAGE_SIZE));
	assert_at_rest();
	return addr;
}

static void merged_page_at_an_address_that_ksm_does_not_know(void **state)
{
	unsigned long addr = begin_merged();
	struct entry entry = entry_lock(addr);

	(void)state;
	/* So that the page is not unmerged before it moves. */
	vm_flags_clear(entry.vma, VM_MERGEABLE);
	entry_unlock(&entry);
	assert_true(vmsim_mremap(addr, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE, 0) > 0);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O8", "R20");
}

static void merged_page_in_a_mapping_that_ksm_does_not_find(void **state)
{
	(void)state;
	assert_missed_without_anon_vma(begin_merged());
}

static void entry_outside_all_mappings(void **state)
{
	unsigned long addr = 0x40000000;
	struct entry entry;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O8), VMSIM_TLB_IPI, 1);
	assert_int_equal(vmsim_mmap(addr, PAGE_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0),
			 addr);
	store(addr, 1);
	entry = entry_lock(addr);
	set_pte_at(current->mm, addr + 16 * PAGE_SIZE, entry.ptep + 16, ptep_get(entry.ptep));
	entry_unlock(&entry);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O8", "R20");
	entry = entry_lock(addr);
	pte_clear(current->mm, addr + 16 * PAGE_SIZE, entry.ptep + 16);
	entry_unlock(&entry);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
}

static void entry_without_rmap(void **state)
{
	unsigned long addr = begin(VMSIM_ORACLE_BIT(O8));
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE);
	struct entry entry = entry_lock(addr);
	pte_t old;

	(void)state;
	old = entry_clear(&entry);
	set_pte_at(current->mm, addr, entry.ptep, mk_pte(page, PAGE_SHARED));
	entry_unlock(&entry);
	/* The old page says that it is mapped, the new one is found by nobody. */
	assert_int_equal(vmsim_check_quiescent(lab.handle), 2);
	assert_int_equal(reports_of("O8", "R20"), 1);
	assert_int_equal(reports_of("O8", "R6"), 1);
	entry = entry_lock(addr);
	entry_clear(&entry);
	set_pte_at(current->mm, addr, entry.ptep, old);
	entry_unlock(&entry);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
}

static void frame_left_behind(void **state)
{
	(void)state;
	begin(VMSIM_ORACLE_BIT(O20));
	assert_non_null(alloc_page(GFP_KERNEL));
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
	lab_end_process();
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O20", "");
}

static void page_table_left_behind(void **state)
{
	struct page *table;

	(void)state;
	begin(VMSIM_ORACLE_BIT(O20));
	table = pte_alloc_one(current->mm);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O20", "R2");
	pte_free(current->mm, table);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
}

static void address_space_left_behind(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(VMSIM_ORACLE_BIT(O20));
	mm = current->mm;
	atomic_inc(&mm->mm_users);
	lab_end_process();
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O20", "");
}

/* mmgrab() without mmdrop(): the object stays, without a user. */
static void address_space_object_left_behind(void **state)
{
	(void)state;
	begin(VMSIM_ORACLE_BIT(O20));
	mmgrab(current->mm);
	lab_end_process();
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O20", "");
}

static void nothing_left_behind(void **state)
{
	(void)state;
	begin(VMSIM_ORACLE_BIT(O20));
	store(map_file(), 1);
	lab_end_process();
	assert_at_rest();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_wrong, lab_close),
		cmocka_unit_test_teardown(one_reference_too_many, lab_close),
		cmocka_unit_test_teardown(one_reference_too_few, lab_close),
		cmocka_unit_test_teardown(reference_below_zero, lab_close),
		cmocka_unit_test_teardown(more_references_than_can_be_counted, lab_close),
		cmocka_unit_test_teardown(lost_map_count, lab_close),
		cmocka_unit_test_teardown(map_count_below_zero, lab_close),
		cmocka_unit_test_teardown(freed_while_mapped, lab_close),
		cmocka_unit_test_teardown(resident_set_off_by_one, lab_close),
		cmocka_unit_test_teardown(free_frames_off_by_one, lab_close),
		cmocka_unit_test_teardown(large_folio_is_counted, lab_close),
		cmocka_unit_test_teardown(large_folio_count_off_by_one, lab_close),
		cmocka_unit_test_teardown(vma_not_among_the_mappings_of_its_file, lab_close),
		cmocka_unit_test_teardown(vma_not_in_the_anon_vma, lab_close),
		cmocka_unit_test_teardown(anon_vma_without_mappings, lab_close),
		cmocka_unit_test_teardown(no_walk_through_a_dead_anon_vma, lab_close),
		cmocka_unit_test_teardown(page_at_another_place_than_it_says, lab_close),
		cmocka_unit_test_teardown(merged_page_at_an_address_that_ksm_does_not_know, lab_close),
		cmocka_unit_test_teardown(merged_page_in_a_mapping_that_ksm_does_not_find, lab_close),
		cmocka_unit_test_teardown(entry_outside_all_mappings, lab_close),
		cmocka_unit_test_teardown(entry_without_rmap, lab_close),
		cmocka_unit_test_teardown(frame_left_behind, lab_close),
		cmocka_unit_test_teardown(page_table_left_behind, lab_close),
		cmocka_unit_test_teardown(address_space_left_behind, lab_close),
		cmocka_unit_test_teardown(address_space_object_left_behind, lab_close),
		cmocka_unit_test_teardown(nothing_left_behind, lab_close),
	};

	return vmsim_run_tests(tests);
}
