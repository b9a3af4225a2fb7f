// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"

/* O6: rights left in TLBs, and the promises that cover them: MR1, R5, R14, MR2, MR3. */

static unsigned long begin(enum vmsim_tlb tlb, bool file)
{
	unsigned long addr;

	lab_open(VMSIM_ORACLE_BIT(O6), tlb, 3);
	addr = file ? map_file() : map_anon(1);
	store(addr, 1);
	be(1);
	return addr;
}

static void cleared_and_no_promise(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, false);
	struct entry entry = entry_lock(addr);

	(void)state;
	entry_clear(&entry);
	assert_quiet();
	entry_unlock(&entry);
	assert_only("O6", "MR1");
}

static void cleared_and_flushed(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, false);
	struct entry entry = entry_lock(addr);

	(void)state;
	entry_clear(&entry);
	entry_flush(&entry);
	entry_unlock(&entry);
	assert_quiet();
}

static void write_protected_and_no_promise(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, false);
	struct entry entry = entry_lock(addr);

	(void)state;
	ptep_set_wrprotect(current->mm, addr, entry.ptep);
	entry_unlock(&entry);
	assert_only("O6", "MR1");
}

static void cleaned_and_no_promise(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, false);
	struct entry entry = entry_lock(addr);

	(void)state;
	set_pte_at(current->mm, addr, entry.ptep, pte_mkclean(ptep_get(entry.ptep)));
	entry_unlock(&entry);
	assert_only("O6", "MR1");
}

static void more_rights_need_no_promise(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, false);
	struct entry entry;

	(void)state;
	be(0);
	assert_int_equal(vmsim_mprotect(addr, PAGE_SIZE, PROT_READ), 0);
	load(addr);
	entry = entry_lock(addr);
	set_pte_at(current->mm, addr, entry.ptep,
		   pte_mkwrite(ptep_get(entry.ptep), entry.vma));
	entry_unlock(&entry);
	assert_quiet();
}

/* R3a: an open gather. */
static void covered_by_a_gather(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, false);
	struct entry entry = entry_lock(addr);

	(void)state;
	inc_tlb_flush_pending(current->mm);
	entry_clear(&entry);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	assert_quiet();
	entry_flush(&entry);
	dec_tlb_flush_pending(current->mm);
	vmsim_leave();
	assert_quiet();
}

/* R14: the gather ends, and its flush was forgotten. */
static void gather_ends_without_flush(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, false);
	struct entry entry = entry_lock(addr);

	(void)state;
	inc_tlb_flush_pending(current->mm);
	entry_clear(&entry);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	assert_quiet();
	dec_tlb_flush_pending(current->mm);
	vmsim_leave();
	assert_only("O6", "R14");
}

/* R3c: whoever has mmap_lock for writing flushes before the unlock; or forgets it. */
static void covered_by_the_writer(bool flush)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, false);
	struct entry entry;

	entry = entry_lock(addr);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	mmap_write_lock(current->mm);
	rcu_read_lock();
	spin_lock(entry.ptl);
	ptep_set_wrprotect(current->mm, addr, entry.ptep);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	assert_quiet();
	if (flush)
		entry_flush(&entry);
	mmap_write_unlock(current->mm);
	vmsim_leave();
}

static void writer_flushes(void **state)
{
	(void)state;
	covered_by_the_writer(true);
	assert_quiet();
}

static void writer_forgets(void **state)
{
	(void)state;
	covered_by_the_writer(false);
	assert_only("O6", "R14");
}

/* R5: a gather is no cover for dirty pages of files: their cleaner asks the PTL, not the gather. */
static void dirty_file_page_under_a_gather(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, true);
	struct entry entry = entry_lock(addr);

	(void)state;
	inc_tlb_flush_pending(current->mm);
	entry_clear(&entry);
	folio_mark_dirty(page_folio(entry.page));
	pte_unmap_unlock(entry.ptep, entry.ptl);
	assert_only("O6", "R5");
	entry_flush(&entry);
	entry_uncount(&entry);
	dec_tlb_flush_pending(current->mm);
	put_page(entry.page);
	vmsim_leave();
}

/* An entry that grants nothing any more still tells the cleaner that the page is dirty. */
static void dirty_file_page_made_inaccessible(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, true);

	(void)state;
	assert_int_equal(vmsim_mprotect(addr, PAGE_SIZE, PROT_NONE), 0);
	assert_quiet();
}

/* Unless that is taken away, too. */
static void dirty_file_page_made_inaccessible_and_clean(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, true);
	struct entry entry = entry_lock(addr);

	(void)state;
	inc_tlb_flush_pending(current->mm);
	set_pte_at(current->mm, addr, entry.ptep,
		   pte_mkclean(pte_modify(ptep_get(entry.ptep), PAGE_NONE)));
	pte_unmap_unlock(entry.ptep, entry.ptl);
	assert_only("O6", "R5");
	entry_flush(&entry);
	dec_tlb_flush_pending(current->mm);
	vmsim_leave();
}

/* E39: but the folio lock keeps the cleaner away. Somebody else's may be the cleaner's own. */
static void dirty_file_page_with_folio_lock(unsigned int holder)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, true);
	struct entry entry = entry_lock(addr);

	inc_tlb_flush_pending(current->mm);
	be(holder);
	assert_true(folio_trylock(page_folio(entry.page)));
	be(1);
	entry_clear(&entry);
	folio_mark_dirty(page_folio(entry.page));
	entry_uncount(&entry);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	entry_flush(&entry);
	dec_tlb_flush_pending(current->mm);
	be(holder);
	folio_unlock(page_folio(entry.page));
	be(1);
	put_page(entry.page);
	vmsim_leave();
}

static void own_folio_lock_covers(void **state)
{
	(void)state;
	dirty_file_page_with_folio_lock(1);
	assert_quiet();
}

static void other_folio_lock_does_not(void **state)
{
	(void)state;
	dirty_file_page_with_folio_lock(2);
	assert_int_equal(reports_of("O6", "R5"), 1);
	assert_int_equal(reports_of("O6", "MR3"), 1);
	assert_int_equal(vmsim_violations(lab.handle), 2);
}

/* MR2: a copy of a page that another CPU still writes to. */
static void copied_with_writer(bool flush)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, false);
	struct page *copy = alloc_page(GFP_HIGHUSER_MOVABLE);
	struct entry entry = entry_lock(addr);

	inc_tlb_flush_pending(current->mm);
	ptep_set_wrprotect(current->mm, addr, entry.ptep);
	if (flush)
		entry_flush(&entry);
	copy_highpage(copy, entry.page);
	entry_flush(&entry);
	dec_tlb_flush_pending(current->mm);
	entry_unlock(&entry);
}

static void copied_while_written(void **state)
{
	(void)state;
	copied_with_writer(false);
	assert_only("O6", "MR2");
}

static void copied_after_flush(void **state)
{
	(void)state;
	copied_with_writer(true);
	assert_quiet();
}

/* Pages of files are read while programs write to them: that is what they are for. */
static void file_page_read_while_written(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, true);
	uint64_t value;

	(void)state;
	(void)addr;
	assert_int_equal(vmsim_file_read(lab.file, 0, &value, 8), 8);
	assert_quiet();
}

/* The same for a private copy of it: what it has of a store under way, it may have or not. */
static void file_page_copied_while_written(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, true);
	struct page *copy = alloc_page(GFP_HIGHUSER_MOVABLE);
	struct entry entry = entry_lock(addr);

	(void)state;
	inc_tlb_flush_pending(current->mm);
	ptep_set_wrprotect(current->mm, addr, entry.ptep);
	copy_highpage(copy, entry.page);
	entry_flush(&entry);
	dec_tlb_flush_pending(current->mm);
	entry_unlock(&entry);
	assert_quiet();
}

/* R3d: entries of an address space in which nobody runs are not used. */
static void nobody_runs_any_more(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, true);
	struct entry entry = entry_lock(addr);
	int users = atomic_read(&current->mm->mm_users);

	(void)state;
	atomic_set(&current->mm->mm_users, 0);
	entry_clear(&entry);
	folio_mark_dirty(page_folio(entry.page));
	entry_uncount(&entry);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	entry_flush(&entry);
	put_page(entry.page);
	atomic_set(&current->mm->mm_users, users);
	vmsim_leave();
	assert_quiet();
}

/* To store through an entry without D, the CPU looks at the tables first (R5). */
static void writable_but_not_dirty(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, true);
	struct entry entry;

	(void)state;
	assert_int_equal(vmsim_file_sync(lab.file, 0, 0), 0);
	entry = entry_lock(addr);
	set_pte_at(current->mm, addr, entry.ptep,
		   pte_mkwrite(ptep_get(entry.ptep), entry.vma));
	entry_unlock(&entry);
	be(0);
	load(addr);
	be(1);
	entry = entry_lock(addr);
	inc_tlb_flush_pending(current->mm);
	entry_clear(&entry);
	entry_uncount(&entry);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	entry_flush(&entry);
	dec_tlb_flush_pending(current->mm);
	put_page(entry.page);
	vmsim_leave();
	assert_quiet();
}

/* MR3: E30 before any store is lost. */
static void unmapped_with_writer(enum vmsim_tlb tlb, bool flush_first)
{
	unsigned long addr = begin(tlb, true);
	struct entry entry = entry_lock(addr);

	entry_clear(&entry);
	folio_mark_dirty(page_folio(entry.page));
	if (flush_first)
		entry_flush(&entry);
	entry_uncount(&entry);
	if (!flush_first)
		entry_flush(&entry);
	entry_unlock(&entry);
	put_page(entry.page);
}

static void not_mapped_before_the_flush(void **state)
{
	(void)state;
	unmapped_with_writer(VMSIM_TLB_IPI, false);
	assert_only("O6", "MR3");
}

static void not_mapped_after_the_flush(void **state)
{
	(void)state;
	unmapped_with_writer(VMSIM_TLB_IPI, true);
	assert_quiet();
}

/* The two kinds of hardware that hide E30 (E40, E52), and a CPU that is not there. */
static void hardware_without_stale_entries(void **state)
{
	unmapped_with_writer(VMSIM_TLB_COHERENT, false);
	assert_quiet();
	lab_close(state);
	unmapped_with_writer(VMSIM_TLB_SYNC_ON_CLEAR, false);
	assert_quiet();
}

/* What was dirty is written back, so that the entry is not: no store goes unnoticed. */
static void clean_file_page_needs_no_flush(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, true);
	struct entry entry;

	(void)state;
	assert_int_equal(vmsim_file_sync(lab.file, 0, 0), 0);
	be(0);
	load(addr);
	be(1);
	entry = entry_lock(addr);
	inc_tlb_flush_pending(current->mm);
	entry_clear(&entry);
	entry_uncount(&entry);
	pte_unmap_unlock(entry.ptep, entry.ptl);
	entry_flush(&entry);
	dec_tlb_flush_pending(current->mm);
	put_page(entry.page);
	vmsim_leave();
	assert_quiet();
}

/* A flush that the hardware loses is noticed when the promise ends. */
static void lost_flush(void **state)
{
	unsigned long addr;

	(void)state;
	lab_lost_flush = 1;
	addr = begin(VMSIM_TLB_FAULTY, false);
	lab_lost_flush = 1000000;
	assert_int_equal(vmsim_madvise(addr, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_only("O6", "R14");
}

static void lost_flush_of_a_dirty_file_page(void **state)
{
	unsigned long addr;

	(void)state;
	lab_lost_flush = 1;
	addr = begin(VMSIM_TLB_FAULTY, true);
	lab_lost_flush = 1000000;
	assert_int_equal(vmsim_madvise(addr, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_true(reports_of("O6", "MR3") + reports_of("O6", "R5") > 0);
}

/* A whole address space goes: nobody runs in it. */
static void exit_is_quiet(void **state)
{
	unsigned long addr = begin(VMSIM_TLB_IPI, true);

	(void)state;
	store(addr + PAGE_SIZE, 2);
	store(map_anon(2), 3);
	lab_end_process();
	assert_quiet();
}

#define AREA 0x10000000UL
#define THERE 0x20000000UL

/* A mapping moves, and the flush of its old place is lost. Another CPU has it cached. */
static void move_unflushed(unsigned long size)
{
	lab_lost_flush = 1;
	lab_open(VMSIM_ORACLE_BIT(O6), VMSIM_TLB_FAULTY, 2);
	lab_lost_flush = 1000000;
	assert_int_equal(vmsim_mmap(AREA, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0),
			 AREA);
	store(AREA, 1);
	be(1);
	assert_int_equal(vmsim_mremap(AREA, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, THERE),
			 THERE);
}

/* Who holds mmap_lock may flush later what is write-protected, but not what is moved. */
static void moved_entry_is_not_flushed(void **state)
{
	(void)state;
	move_unflushed(PAGE_SIZE);
	assert_true(reports_of("O6", "R16") > 0);
}

static void moved_table_is_not_flushed(void **state)
{
	(void)state;
	move_unflushed(PMD_SIZE);
	assert_only("O6", "R16");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(cleared_and_no_promise, lab_close),
		cmocka_unit_test_teardown(cleared_and_flushed, lab_close),
		cmocka_unit_test_teardown(write_protected_and_no_promise, lab_close),
		cmocka_unit_test_teardown(cleaned_and_no_promise, lab_close),
		cmocka_unit_test_teardown(more_rights_need_no_promise, lab_close),
		cmocka_unit_test_teardown(covered_by_a_gather, lab_close),
		cmocka_unit_test_teardown(gather_ends_without_flush, lab_close),
		cmocka_unit_test_teardown(writer_flushes, lab_close),
		cmocka_unit_test_teardown(writer_forgets, lab_close),
		cmocka_unit_test_teardown(moved_entry_is_not_flushed, lab_close),
		cmocka_unit_test_teardown(moved_table_is_not_flushed, lab_close),
		cmocka_unit_test_teardown(dirty_file_page_under_a_gather, lab_close),
		cmocka_unit_test_teardown(dirty_file_page_made_inaccessible, lab_close),
		cmocka_unit_test_teardown(dirty_file_page_made_inaccessible_and_clean, lab_close),
		cmocka_unit_test_teardown(own_folio_lock_covers, lab_close),
		cmocka_unit_test_teardown(other_folio_lock_does_not, lab_close),
		cmocka_unit_test_teardown(copied_while_written, lab_close),
		cmocka_unit_test_teardown(copied_after_flush, lab_close),
		cmocka_unit_test_teardown(file_page_read_while_written, lab_close),
		cmocka_unit_test_teardown(file_page_copied_while_written, lab_close),
		cmocka_unit_test_teardown(nobody_runs_any_more, lab_close),
		cmocka_unit_test_teardown(writable_but_not_dirty, lab_close),
		cmocka_unit_test_teardown(not_mapped_before_the_flush, lab_close),
		cmocka_unit_test_teardown(not_mapped_after_the_flush, lab_close),
		cmocka_unit_test_teardown(hardware_without_stale_entries, lab_close),
		cmocka_unit_test_teardown(clean_file_page_needs_no_flush, lab_close),
		cmocka_unit_test_teardown(lost_flush, lab_close),
		cmocka_unit_test_teardown(lost_flush_of_a_dirty_file_page, lab_close),
		cmocka_unit_test_teardown(exit_is_quiet, lab_close),
	};

	return vmsim_run_tests(tests);
}
