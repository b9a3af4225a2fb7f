// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"

/*
 * FAULT_FLAG_UNSHARE: a reader that wants the page for itself gets it, exclusive and not writable.
 */

static vm_fault_t fault(unsigned long addr, unsigned int flags)
{
	struct mm_struct *mm = vmsim_self->mm;
	vm_fault_t ret;

	vmsim_enter();
	mmap_read_lock(mm);
	ret = handle_mm_fault(vma_lookup(mm, addr), addr, flags, NULL);
	mmap_read_unlock(mm);
	vmsim_leave();
	return ret;
}

static void assert_own_and_readonly(unsigned long addr)
{
	pte_t entry = entry_of(vmsim_self->mm, addr);

	assert_true(pte_present(entry));
	assert_false(pte_write(entry));
	assert_true(PageAnon(pfn_to_page(pte_pfn(entry))));
	assert_true(PageAnonExclusive(pfn_to_page(pte_pfn(entry))));
	recount();
}

static void test_shared_page_is_copied(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vmsim_stats before;
	struct page *page;
	int child;

	(void)state;
	store(a, 1);
	child = fork_process();
	page = page_at(vmsim_self->mm, a);
	before = stats_now();
	assert_int_equal(fault(a, FAULT_FLAG_UNSHARE), 0);
	assert_ptr_not_equal(page_at(vmsim_self->mm, a), page);
	assert_own_and_readonly(a);
	assert_false(pte_dirty(entry_of(vmsim_self->mm, a)));
	assert_int_equal(stats_now().copies - before.copies, 1);
	/* The write that follows has nothing left to do but to become possible. */
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_REUSE);
	assert_int_equal(load(a), 1);
	assert_int_equal(stats_now().copies - before.copies, 1);
	end_process(child);
}

static void test_last_user_keeps_the_page(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;

	(void)state;
	store(a, 1);
	end_process(fork_process());
	page = page_at(vmsim_self->mm, a);
	assert_false(PageAnonExclusive(page));
	assert_int_equal(fault(a, FAULT_FLAG_UNSHARE), 0);
	assert_ptr_equal(page_at(vmsim_self->mm, a), page);
	assert_own_and_readonly(a);
}

/* Exclusive already, writable or not: nothing happens. */
static void test_exclusive_stays(void **state)
{
	unsigned long a = map(1, RW, ANON);
	pte_t before;

	(void)state;
	store(a, 1);
	before = entry_of(vmsim_self->mm, a);
	assert_int_equal(fault(a, FAULT_FLAG_UNSHARE), 0);
	assert_int_equal(pte_val(entry_of(vmsim_self->mm, a)), pte_val(before));
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	before = entry_of(vmsim_self->mm, a);
	assert_int_equal(fault(a, FAULT_FLAG_UNSHARE), 0);
	assert_int_equal(pte_val(entry_of(vmsim_self->mm, a)), pte_val(before));
}

/* The page of zeroes, and a page of a file, become a page of one's own. */
static void test_zero_and_file(void **state)
{
	int file = vmsim_file_create(world.machine, "f", PG);
	unsigned long f = map_file(file, 1, PROT_READ, MAP_PRIVATE, 0);
	unsigned long a = map(1, PROT_READ, ANON);

	(void)state;
	assert_int_equal(load(a), 0);
	assert_int_equal(load(f), 0);
	assert_rss(0, 1);
	assert_int_equal(fault(a, FAULT_FLAG_UNSHARE), 0);
	assert_own_and_readonly(a);
	assert_int_equal(fault(f, FAULT_FLAG_UNSHARE), 0);
	assert_own_and_readonly(f);
	assert_rss(2, 0);
	assert_int_equal(load(a), 0);
	assert_int_equal(load(f), 0);
	assert_int_equal(vmsim_munmap(f, PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* Where nothing is mapped yet it is a read; who wants more comes again. */
static void test_first_access(void **state)
{
	unsigned long a = map(1, RW, ANON);

	(void)state;
	assert_int_equal(fault(a, FAULT_FLAG_UNSHARE), 0);
	assert_true(is_zero_pfn(pte_pfn(entry_of(vmsim_self->mm, a))));
	assert_int_equal(fault(a, FAULT_FLAG_UNSHARE), 0);
	assert_own_and_readonly(a);
}

/* Shared memory has nothing to unshare: an ordinary read. */
static void test_shared_memory(void **state)
{
	int file = vmsim_file_create(world.machine, "f", PG);
	unsigned long f = map_file(file, 1, RW, MAP_SHARED, 0);
	struct page *page;

	(void)state;
	assert_int_equal(load(f), 0);
	page = page_at(vmsim_self->mm, f);
	/* The file wants to know of the first write. */
	assert_false(pte_write(entry_of(vmsim_self->mm, f)));
	assert_int_equal(fault(f, FAULT_FLAG_UNSHARE), 0);
	assert_ptr_equal(page_at(vmsim_self->mm, f), page);
	assert_false(pte_write(entry_of(vmsim_self->mm, f)));
	assert_rss(0, 1);
	recount();
	assert_int_equal(vmsim_munmap(f, PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

static jmp_buf warned;

static void on_bug(const char *file, int line, const char *cond)
{
	(void)file, (void)line, (void)cond;
	longjmp(warned, 1);
}

/* To write and to unshare at once makes no sense. */
static void test_contradiction(void **state)
{
	unsigned long a = map(1, RW, ANON);

	(void)state;
	vmsim_set_bug_handler(on_bug);
	if (!setjmp(warned))
		assert_int_equal(fault(a, FAULT_FLAG_UNSHARE | FAULT_FLAG_WRITE),
				 VM_FAULT_SIGSEGV);
	vmsim_set_bug_handler(NULL);
	assert_true(pte_none(entry_of(vmsim_self->mm, a)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_shared_page_is_copied),
		in_watched_world(test_last_user_keeps_the_page),
		in_watched_world(test_exclusive_stays),
		in_watched_world(test_zero_and_file),
		in_watched_world(test_first_access),
		in_watched_world(test_shared_memory),
		in_watched_world(test_contradiction),
	};

	return vmsim_run_tests(tests);
}
