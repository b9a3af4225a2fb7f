// SPDX-License-Identifier: GPL-2.0-only
#include "gup_test.h"
#include <mm/internal.h>

/* Faults for others, and pins without a mapping. */

static long populate(unsigned long addr, unsigned int pages)
{
	return under_mmap_lock(populate_vma_page_range(vma_lookup(__mm, addr), addr,
						       addr + pages * PG, NULL));
}

/* As a write where that copies, else as a read. */
static void test_populate_one_mapping(void **state)
{
	int file = make_file(1);
	unsigned long rw = map(2, RW, ANON), ro = map(1, PROT_READ, ANON);
	unsigned long wo = map(1, PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
	unsigned long shared = map_file(file, 1, RW, MAP_SHARED, 0);
	unsigned long none = map(1, PROT_NONE, ANON);

	(void)state;
	assert_int_equal(populate(rw, 2), 2);
	assert_true(pte_write(pte_at(rw)) && pte_write(pte_at(rw + PG)));
	assert_int_equal(populate(ro, 1), 1);
	assert_true(is_zero_page(pte_page(pte_at(ro))));
	assert_int_equal(populate(wo, 1), 1);
	assert_non_null(page_at(wo));
	assert_int_equal(populate(shared, 1), 1);
	assert_false(PageDirty(page_at(shared)) || pte_dirty(pte_at(shared)));
	assert_int_equal(populate(none, 1), -EFAULT);
	drop_file(file, shared, 1);
}

static void test_locked_on_fault(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct vm_area_struct *vma;

	(void)state;
	vma = under_mmap_lock(vma_lookup(__mm, a));
	vma->vm_flags |= VM_LOCKONFAULT;
	assert_int_equal(populate(a, 2), 2);
	vma->vm_flags &= ~(vm_flags_t)VM_LOCKONFAULT;
	assert_rss(0, 0);
}

/* Holes are passed over; errors only for who does not mind. */
static void test_populate_a_range(void **state)
{
	unsigned long a = map(6, RW, ANON);

	(void)state;
	assert_int_equal(vmsim_munmap(a + PG, PG), 0);
	assert_int_equal(vmsim_mprotect(a + 3 * PG, PG, PROT_NONE), 0);
	assert_int_equal(in_kernel(__mm_populate(a, 5 * PG, 0)), -EFAULT);
	assert_rss(2, 0);
	assert_int_equal(in_kernel(__mm_populate(a, 5 * PG, 1)), 0);
	assert_rss(3, 0);
	do_in_kernel(mm_populate(a, 6 * PG));
	assert_rss(4, 0);
	assert_int_equal(in_kernel(__mm_populate(a + PG, PG, 0)), 0);
	/* Behind a hole, and not from its beginning. */
	assert_int_equal(vmsim_madvise(a + 4 * PG, 2 * PG, MADV_DONTNEED), 0);
	assert_int_equal(in_kernel(__mm_populate(a + 5 * PG, PG, 0)), 0);
	assert_rss(3, 0);
}

static int fixup(unsigned long addr, unsigned int flags)
{
	bool unlocked = false;
	int err = under_mmap_lock(fixup_user_fault(__mm, addr, flags, &unlocked));

	assert_false(unlocked);
	return err;
}

static void test_fixup(void **state)
{
	unsigned long rw = map(1, RW, ANON), ro = map(1, PROT_READ, ANON);
	unsigned long wo = map(1, PROT_WRITE, ANON);

	(void)state;
	assert_int_equal(fixup(rw, 0), 0);
	assert_true(is_zero_page(pte_page(pte_at(rw))));
	assert_int_equal(fixup(rw, FAULT_FLAG_WRITE), 0);
	assert_true(pte_write(pte_at(rw)));
	assert_int_equal(fixup(ro, FAULT_FLAG_WRITE), -EFAULT);
	assert_int_equal(fixup(wo, 0), -EFAULT);
	assert_int_equal(fixup(wo, FAULT_FLAG_WRITE), 0);
	assert_int_equal(vmsim_munmap(wo, PG), 0);
	assert_int_equal(fixup(wo, FAULT_FLAG_WRITE), -EFAULT);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_madvise(rw, PG, MADV_DONTNEED), 0);
	assert_int_equal(fixup(rw, FAULT_FLAG_WRITE), -ENOMEM);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 0), 0);
}

#define USER(addr) ((char *)(addr))

/* How many bytes could not be had; zeroes are written, or nothing is. */
static void test_ranges_of_bytes(void **state)
{
	unsigned long a = map(4, RW, ANON), end = current->mm->task_size;

	(void)state;
	assert_int_equal(vmsim_mprotect(a + 2 * PG, PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(a + 3 * PG, PG, PROT_NONE), 0);
	store(a, ~0UL);
	store(a + PG, ~0UL);
	assert_int_equal(in_kernel(fault_in_writeable(USER(a + 3), 0)), 0);
	assert_int_equal(in_kernel(fault_in_safe_writeable(USER(a + 3), 2 * PG)), 3);
	assert_int_equal(load(a), ~0UL);
	assert_int_equal(in_kernel(fault_in_writeable(USER(a + 3), 2 * PG)), 3);
	assert_int_equal(load(a), ~0xff000000UL);
	assert_int_equal(load(a + PG), ~0xffUL);
	assert_int_equal(in_kernel(fault_in_subpage_writeable(USER(a), 2 * PG + 1)), 1);
	assert_int_equal(in_kernel(fault_in_writeable(USER(a), 2 * PG)), 0);
	assert_int_equal(in_kernel(fault_in_readable(USER(a + 1), 4 * PG)), PG + 1);
	assert_int_equal(in_kernel(fault_in_readable(USER(a), 3 * PG)), 0);
	assert_int_equal(in_kernel(fault_in_readable(USER(a + 3 * PG), 8)), 8);
	/* Addresses of programs end. */
	assert_int_equal(vmsim_mmap(end - PG, PG, RW, ANON | MAP_FIXED, VMSIM_NO_FILE, 0),
			 end - PG);
	assert_int_equal(in_kernel(fault_in_readable(USER(end), 8)), 8);
	assert_int_equal(in_kernel(fault_in_readable(USER(end - 8), 8)), 0);
	assert_int_equal(in_kernel(fault_in_writeable(USER(end - 8), 9)), 9);
}

static struct file *file_at(unsigned long addr)
{
	return under_mmap_lock(vma_lookup(__mm, addr))->vm_file;
}

static void test_pins_of_a_memfd(void **state)
{
	int id = vmsim_memfd_create(world.machine, "m", 4 * PG), disk = make_file(1);
	unsigned long m = map_file(id, 4, RW, MAP_SHARED, 0);
	unsigned long f = map_file(disk, 1, RW, MAP_SHARED, 0);
	struct folio *folios[4] = { NULL };
	struct file *file = file_at(m);
	pgoff_t offset = 0;

	(void)state;
	store(m + PG, 5);
	/* One that is there, and two that are not. */
	assert_int_equal(in_kernel(memfd_pin_folios(file, PG + 8, 3 * PG + 1, folios, 4, &offset)),
			 3);
	assert_int_equal(offset, 8);
	assert_ptr_equal(&folios[0]->page, page_at(m + PG));
	/* The page cache, the entry, the pin. */
	assert_int_equal(folio_ref_count(folios[0]), 2 + GUP_PIN_COUNTING_BIAS);
	assert_int_equal(folio_ref_count(folios[2]), 1 + GUP_PIN_COUNTING_BIAS);
	assert_int_equal(load(m + 3 * PG), 0);
	assert_ptr_equal(&folios[2]->page, page_at(m + 3 * PG));
	folios[3] = folios[0];
	folios[0] = NULL;
	do_in_kernel(unpin_folios(folios, 4));
	assert_int_equal(folio_ref_count(folios[3]), 2);
	assert_int_equal(folio_ref_count(folios[1]), 1 + folio_mapcount(folios[1]));
	assert_int_equal(in_kernel(memfd_pin_folios(file, 0, 4 * PG - 1, folios, 2, &offset)), 2);
	do_in_kernel(unpin_folios(folios, 2));

	assert_int_equal(in_kernel(memfd_pin_folios(file, PG, 0, folios, 4, &offset)), -EINVAL);
	assert_int_equal(in_kernel(memfd_pin_folios(file, 0, 4 * PG, folios, 4, &offset)), -EINVAL);
	assert_int_equal(in_kernel(memfd_pin_folios(file, 0, 1, folios, 0, &offset)), -EINVAL);
	assert_int_equal(in_kernel(memfd_pin_folios(NULL, 0, 1, folios, 4, &offset)), -EINVAL);
	assert_int_equal(in_kernel(memfd_pin_folios(file_at(f), 0, 1, folios, 4, &offset)),
			 -EINVAL);
	drop_file(disk, f, 1);
	assert_int_equal(vmsim_munmap(m, 4 * PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, id), 0);
}

static void test_consecutive_frames(void **state)
{
	struct folio *large = in_kernel(folio_alloc(GFP_KERNEL | __GFP_COMP, 2));

	(void)state;
	assert_int_equal(in_kernel(try_grab_folio(large, 5, FOLL_PIN)), 0);
	do_in_kernel(unpin_user_page_range_dirty_lock(folio_page(large, 1), 3, false));
	assert_int_equal(atomic_read(&large->_pincount), 2);
	assert_false(folio_test_dirty(large));
	do_in_kernel(unpin_user_page_range_dirty_lock(folio_page(large, 2), 2, true));
	assert_int_equal(atomic_read(&large->_pincount), 0);
	assert_int_equal(folio_ref_count(large), 1);
	assert_true(folio_test_dirty(large));
	do_in_kernel(folio_clear_dirty(large));
	do_in_kernel(folio_put(large));
}

/* What the node counts of pins. */
static void test_pins_are_counted(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct page *pages[2];

	(void)state;
	store(a, 1);
	assert_int_equal(in_kernel(pin_user_pages_fast(a, 2, FOLL_WRITE, pages)), 2);
	assert_int_equal(in_kernel(global_node_page_state(NR_FOLL_PIN_ACQUIRED)), 2);
	assert_int_equal(in_kernel(global_node_page_state(NR_FOLL_PIN_RELEASED)), 0);
	do_in_kernel(unpin_user_pages(pages, 2));
	assert_int_equal(in_kernel(global_node_page_state(NR_FOLL_PIN_RELEASED)), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_populate_one_mapping),
		in_world(test_locked_on_fault),
		in_world(test_populate_a_range),
		in_world(test_fixup),
		in_world(test_ranges_of_bytes),
		in_world(test_pins_of_a_memfd),
		in_world(test_consecutive_frames),
		in_world(test_pins_are_counted),
	};

	return vmsim_run_tests(tests);
}
