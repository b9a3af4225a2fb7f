// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"
#include <vmsim/pin.h>

/* O11 and O13: what is held, and page tables that walkers without locks read (R2, R9, R12). */

/* What happens while a pin is being taken, and which page it then is; NULL: the right one. */
static void (*meanwhile)(unsigned long addr);
static struct page *handed_out;

/* In place of the library's. */
int pin_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags,
			struct page **pages)
{
	int nr = (int)pin_user_pages_unlocked(start, (unsigned long)nr_pages, pages, gup_flags);

	if (nr == 1 && handed_out) {
		unpin_user_page(pages[0]);
		pages[0] = handed_out;
		assert_int_equal(try_grab_folio(page_folio(handed_out), 1, FOLL_PIN), 0);
	}
	if (meanwhile)
		meanwhile(start);
	return nr;
}

/* No CPU waits for another one's interrupt: one pthread plays both. */
static unsigned long lab_with_page(uint64_t oracles)
{
	unsigned long addr;

	meanwhile = NULL;
	handed_out = NULL;
	lab_open(oracles, VMSIM_TLB_BROADCAST, 2);
	addr = map_anon(1);
	store(addr, 1);
	return addr;
}

static struct vmsim_pins *pin(unsigned long addr, unsigned int flags)
{
	struct vmsim_pins *pins;

	assert_int_equal(vmsim_pin(addr, 1, flags, &pins), 1);
	return pins;
}

/* What nobody may do to a pinned page: another one in its place, with the same contents. */
static void replace(unsigned long addr)
{
	struct entry entry = entry_lock(addr);
	struct page *copy = alloc_page(GFP_KERNEL);
	pte_t pte = mk_pte(copy, entry.vma->vm_page_prot);

	copy_highpage(copy, entry.page);
	ptep_clear_flush(entry.vma, addr, entry.ptep);
	folio_remove_rmap_pte(page_folio(entry.page), entry.page, entry.vma);
	folio_add_new_anon_rmap(page_folio(copy), entry.vma, addr, RMAP_EXCLUSIVE);
	set_pte_at(current->mm, addr, entry.ptep, pte_mkwrite(pte_mkdirty(pte), entry.vma));
	put_page(entry.page);
	entry_unlock(&entry);
}

static void replaced_while_pinned(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O11));

	(void)state;
	pin(addr, VMSIM_PIN_WRITE);
	assert_quiet();
	replace(addr);
	assert_only("O11", "R12");
}

/* A reference promises nothing. */
static void replaced_while_referenced(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O11));

	(void)state;
	pin(addr, VMSIM_PIN_REF);
	replace(addr);
	assert_quiet();
}

static void replaced_after_the_pin(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O11));
	struct vmsim_pins *pins = pin(addr, VMSIM_PIN_WRITE);

	(void)state;
	assert_int_equal(vmsim_unpin(pins, true), 0);
	replace(addr);
	assert_quiet();
}

/* Its own business (A18). */
static void dropped_by_the_program(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O11));
	struct vmsim_pins *pins = pin(addr, VMSIM_PIN_WRITE);

	(void)state;
	assert_int_equal(vmsim_madvise(addr, PAGE_SIZE, MADV_DONTNEED), 0);
	store(addr, 2);
	replace(addr);
	assert_quiet();
	assert_int_equal(vmsim_unpin(pins, true), 0);
	pins = pin(addr, VMSIM_PIN_WRITE);
	assert_int_equal(vmsim_munmap(addr, PAGE_SIZE), 0);
	assert_int_equal(vmsim_mmap(addr, PAGE_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0),
			 addr);
	store(addr, 3);
	assert_quiet();
	assert_int_equal(vmsim_unpin(pins, true), 0);
}

/* A mapping that moves takes its pinned pages along, here with their table. */
static void moved_by_the_program(void **state)
{
	unsigned long addr = 0x10000000, there = 0x20000000;
	struct vmsim_pins *pins;

	(void)state;
	lab_with_page(VMSIM_ORACLE_BIT(O11));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(vmsim_mmap(addr, PMD_SIZE, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
					    VMSIM_NO_FILE, 0), addr);
		store(addr, 1);
		if (!i) {
			pins = pin(addr, VMSIM_PIN_WRITE);
			assert_int_equal(vmsim_mremap(addr, PMD_SIZE, PMD_SIZE,
						      MREMAP_MAYMOVE | MREMAP_FIXED, there),
					 there);
		}
	}
	assert_quiet();
	assert_int_equal(vmsim_unpin(pins, true), 0);
}

/* Write-protected and written again: the same page. */
static void stays_the_page(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O11));
	struct vmsim_pins *pins = pin(addr, VMSIM_PIN_WRITE);

	(void)state;
	assert_int_equal(vmsim_mprotect(addr, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(addr, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	store(addr, 2);
	assert_quiet();
	assert_int_equal(vmsim_unpin(pins, true), 0);
}

static void somebody_elses_page(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O11));
	unsigned long other = map_anon(1);
	struct entry entry;

	(void)state;
	store(other, 2);
	entry = entry_lock(other);
	entry_unlock(&entry);
	handed_out = entry.page;
	pin(addr, VMSIM_PIN_WRITE);
	assert_only("O11", "R9");
}

static void replaced_during_the_call(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O11));

	(void)state;
	meanwhile = replace;
	pin(addr, VMSIM_PIN_WRITE);
	assert_only("O11", "R12");
}

static void drop_and_touch(unsigned long addr)
{
	be(1);
	assert_int_equal(vmsim_madvise(addr, PAGE_SIZE, MADV_DONTNEED), 0);
	store(addr, 2);
	be(0);
}

static void dropped_during_the_call(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O11));
	struct vmsim_pins *pins;

	(void)state;
	meanwhile = drop_and_touch;
	pins = pin(addr, VMSIM_PIN_WRITE);
	assert_quiet();
	assert_int_equal(vmsim_unpin(pins, true), 0);
}

static pmd_t *pmd_of(unsigned long addr)
{
	return pmd_offset(pud_offset(p4d_offset(pgd_offset(current->mm, addr), addr), addr), addr);
}

static pmd_t unhooked;

static void hook_up(unsigned long addr)
{
	set_pmd(pmd_of(addr), unhooked);
}

static struct page *page_there;

/* The page appears with its table, which was out of the way when the call began. */
static void mapped_by_a_table(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O11)), other = map_anon(1);
	struct entry entry = entry_lock(addr);
	struct vmsim_pins *pins;

	(void)state;
	page_there = entry.page;
	entry_unlock(&entry);
	unhooked = *pmd_of(addr);
	handed_out = page_there;
	store(other, 1);
	meanwhile = hook_up;
	/* While there is another table in its place. */
	pmd_clear(pmd_of(addr));
	flush_tlb_mm_range(current->mm, addr, addr + PAGE_SIZE, PAGE_SHIFT, true);
	pins = pin(addr, VMSIM_PIN_WRITE);
	assert_quiet();
	assert_int_equal(vmsim_unpin(pins, true), 0);
}

static void entry_of_a_freed_table(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O13));
	struct entry entry = entry_lock(addr);

	(void)state;
	entry_unlock(&entry);
	ptep_get(entry.ptep);
	assert_quiet();
	assert_int_equal(vmsim_munmap(addr, PAGE_SIZE), 0);
	rcu_barrier();
	ptep_get(entry.ptep);
	assert_only("O13", "R2");
}

/* A walker without locks keeps the table, although it is unhooked. */
static void entry_of_an_unhooked_table(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O13));
	struct entry entry = entry_lock(addr);

	(void)state;
	entry_unlock(&entry);
	rcu_read_lock();
	be(1);
	assert_int_equal(vmsim_munmap(addr, PAGE_SIZE), 0);
	be(0);
	ptep_get(entry.ptep);
	rcu_read_unlock();
	assert_quiet();
}

/* A mapping of the file that fills a table, with one page in it. */
static unsigned long lab_with_table_of_file(uint64_t oracles)
{
	unsigned long addr = 16 * PMD_SIZE;

	lab_open(oracles, VMSIM_TLB_BROADCAST, 2);
	assert_int_equal(vmsim_mmap(addr, PMD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
				    lab.file, 0), addr);
	store(addr, 1);
	return addr;
}

/* Who is in a table when it is retracted looks again, and finds that it is none of his any more. */
static void entry_of_a_retracted_table(void **state)
{
	unsigned long addr = lab_with_table_of_file(VMSIM_ORACLES_ALL);
	struct mm_struct *mm = current->mm;
	spinlock_t *ptl;
	pte_t *ptep;

	(void)state;
	ptep = pte_offset_map_nolock(mm, pmd_of(addr), addr, &ptl);
	assert_non_null(ptep);
	be(1);
	assert_int_equal(vmsim_file_retract(lab.file, 0), 0);
	be(0);
	assert_true(pte_none(ptep_get(ptep)));
	spin_lock(ptl);
	assert_true(pmd_none(pmdp_get(pmd_of(addr))));
	pte_unmap_unlock(ptep, ptl);
	assert_null(pte_offset_map_lock(mm, pmd_of(addr), addr, &ptl));
	assert_quiet();
	rcu_barrier();
	assert_quiet();
	/* Too late. */
	ptep_get(ptep);
	assert_only("O13", "R2");
}

/* An entry above that is made of an empty one, or of a frame that is no table, or no frame. */
static void entry_that_leads_to_no_table(void **state)
{
	unsigned long addr = lab_with_table_of_file(VMSIM_ORACLE_BIT(O13));
	struct mm_struct *mm = current->mm;
	pmd_t *pmd = pmd_of(addr), before = pmdp_get(pmd);
	struct page *page = alloc_page(GFP_KERNEL);
	const u64 wrong[] = { 0, page_to_pfn(page), lab.m->nr_frames };

	(void)state;
	pmd_clear(pmd);
	pmd_populate(mm, pmd, pmd_pgtable(before));
	set_pmd(pmd, __pmd(wrong[1] << PAGE_SHIFT | _PAGE_TABLE | _PAGE_PSE));
	assert_quiet();
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		set_pmd(pmd, __pmd(wrong[i] << PAGE_SHIFT | _PAGE_TABLE));
		assert_int_equal(reports_of("O13", "R2"), i + 1);
	}
	set_pmd(pmd, before);
	assert_int_equal(vmsim_violations(lab.handle), ARRAY_SIZE(wrong));
	__free_page(page);
}

/* The first cell of a section, and one that was used, after the section went; nobody was told. */
static struct page *removed_cell(void)
{
	struct page *page;

	lab_open(VMSIM_ORACLE_BIT(O13), VMSIM_TLB_IPI, 1);
	page = alloc_pages(GFP_KERNEL, 6);
	assert_non_null(page);
	assert_int_equal(page_to_pfn(page) % VMSIM_SECTION_FRAMES, 0);
	__free_pages(page, 6);
	assert_int_equal(vmsim_section_remove(lab.handle, page_to_pfn(page) / VMSIM_SECTION_FRAMES),
			 0);
	assert_quiet();
	return page;
}

static void cell_of_a_removed_section(void **state)
{
	struct page *page = removed_cell();

	(void)state;
	/* Next to it there are cells. */
	(void)READ_ONCE(page[-1].flags);
	(void)READ_ONCE(page[VMSIM_SECTION_FRAMES].flags);
	assert_quiet();
	(void)READ_ONCE(page->flags);
	assert_only("O13", "R33");
}

static void last_cell_of_a_removed_section(void **state)
{
	struct page *page = removed_cell();

	(void)state;
	WRITE_ONCE(page[VMSIM_SECTION_FRAMES - 1].private, 1);
	assert_only("O13", "R33");
}

static void count_of_a_removed_cell(void **state)
{
	struct page *page = removed_cell();

	(void)state;
	folio_ref_add(page_folio(page), 1);
	assert_int_equal(reports_of("O13", "R33"), 2);
}

static void map_count_of_a_removed_cell(void **state)
{
	struct page *page = removed_cell();

	(void)state;
	atomic_inc(&page->_mapcount);
	assert_only("O13", "R33");
}

static void map_count_of_a_removed_cell_drops(void **state)
{
	struct page *page = removed_cell();

	(void)state;
	atomic_dec(&page->_mapcount);
	assert_true(reports_of("O13", "R33"));
}

static void pins_of_a_removed_cell(void **state)
{
	struct folio *folio = (struct folio *)removed_cell();

	(void)state;
	atomic_inc(&folio->_pincount);
	assert_only("O13", "R33");
}

/* Once the section is back its cells are, too. */
static void cell_of_a_section_that_is_back(void **state)
{
	struct page *page = removed_cell();

	(void)state;
	assert_int_equal(vmsim_section_add(lab.handle, page_to_pfn(page) / VMSIM_SECTION_FRAMES),
			 0);
	(void)READ_ONCE(page->flags);
	WRITE_ONCE(page->private, 0);
	assert_quiet();
}

/* What a device writes is what the program finds (O4), and its reads are no copies (O6). */
static void devices_are_known(void **state)
{
	unsigned long addr = lab_with_page(VMSIM_ORACLE_BIT(O4) | VMSIM_ORACLE_BIT(O6));
	struct vmsim_pins *pins = pin(addr, VMSIM_PIN_WRITE);
	uint64_t word = 5;
	struct entry entry;

	(void)state;
	assert_int_equal(vmsim_dma_write(pins, 0, &word, 8), 0);
	assert_int_equal(load(addr), 5);
	assert_quiet();
	/* The CPU may still write; the entry does not say so any more. */
	entry = entry_lock(addr);
	atomic_inc(&current->mm->tlb_flush_pending);
	ptep_set_wrprotect(current->mm, addr, entry.ptep);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	assert_int_equal(vmsim_dma_read(pins, 0, &word, 8), 0);
	assert_quiet();
	flush_tlb_mm_range(current->mm, addr, addr + PAGE_SIZE, PAGE_SHIFT, false);
	atomic_dec(&current->mm->tlb_flush_pending);
	vmsim_leave();
	assert_int_equal(vmsim_unpin(pins, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(replaced_while_pinned, lab_close),
		cmocka_unit_test_teardown(replaced_while_referenced, lab_close),
		cmocka_unit_test_teardown(replaced_after_the_pin, lab_close),
		cmocka_unit_test_teardown(dropped_by_the_program, lab_close),
		cmocka_unit_test_teardown(moved_by_the_program, lab_close),
		cmocka_unit_test_teardown(stays_the_page, lab_close),
		cmocka_unit_test_teardown(somebody_elses_page, lab_close),
		cmocka_unit_test_teardown(replaced_during_the_call, lab_close),
		cmocka_unit_test_teardown(dropped_during_the_call, lab_close),
		cmocka_unit_test_teardown(mapped_by_a_table, lab_close),
		cmocka_unit_test_teardown(entry_of_a_freed_table, lab_close),
		cmocka_unit_test_teardown(entry_of_an_unhooked_table, lab_close),
		cmocka_unit_test_teardown(entry_of_a_retracted_table, lab_close),
		cmocka_unit_test_teardown(entry_that_leads_to_no_table, lab_close),
		cmocka_unit_test_teardown(cell_of_a_removed_section, lab_close),
		cmocka_unit_test_teardown(last_cell_of_a_removed_section, lab_close),
		cmocka_unit_test_teardown(count_of_a_removed_cell, lab_close),
		cmocka_unit_test_teardown(map_count_of_a_removed_cell, lab_close),
		cmocka_unit_test_teardown(map_count_of_a_removed_cell_drops, lab_close),
		cmocka_unit_test_teardown(pins_of_a_removed_cell, lab_close),
		cmocka_unit_test_teardown(cell_of_a_section_that_is_back, lab_close),
		cmocka_unit_test_teardown(devices_are_known, lab_close),
	};

	return vmsim_run_tests(tests);
}
