// SPDX-License-Identifier: GPL-2.0-only
#include "results.h"

/*
 * An entry of a read-only mapping that becomes dirty must not become writable by that. Results of
 * tools/testing/selftests/mm/mkdirty.c, Linux 6.12, as far as what they need is modelled: the first
 * of six. The others need huge pages, migration or userfaultfd. What the kernel's test does not do
 * comes after it.
 */

enum { RESULTS = 1 + 5 };

static bool debugger_writes(unsigned long addr, uint64_t word)
{
	uint64_t back = 0;

	return vmsim_ptrace_write(world.pid, addr, &word, 8) == 8 &&
	       vmsim_process_vm_read(world.pid, addr, &back, 8) == 8 && back == word;
}

/* Dirty, so that the test is one; and for this mapping alone, so that only VM_WRITE is missing. */
static void assert_dirty_and_own(unsigned long addr)
{
	pte_t pte = entry(addr);

	assert_true(pte_present(pte) && pte_dirty(pte));
	assert_false(pte_write(pte));
	assert_true(PageAnon(pte_page(pte)) && PageAnonExclusive(pte_page(pte)));
	assert_int_equal(folio_mapcount(page_folio(pte_page(pte))), 1);
	assert_int_equal(folio_ref_count(page_folio(pte_page(pte))), 1);
}

static bool write_gets_sigsegv(unsigned long addr)
{
	struct vmsim_stats before = stats_now();
	struct page *page = page_of(addr);
	uint64_t was = load(addr);

	assert_dirty_and_own(addr);
	return vmsim_store(addr, 8, was + 1) == SIGSEGV && load(addr) == was &&
	       page_of(addr) == page && stats_now().copies == before.copies &&
	       stats_now().reuses == before.reuses;
}

static void test_ptrace_write(void **state)
{
	unsigned long a = map(1, PROT_READ, ANON);
	struct vmsim_stats before;

	(void)state;
	assert_int_equal(load(a), 0);
	assert_true(is_zero_pfn(pte_pfn(entry(a))));
	before = stats_now();
	assert_true(debugger_writes(a, 1));
	assert_int_equal(stats_now().copies - before.copies, 1);
	result(write_gets_sigsegv(a), "ptrace write to the page of zeroes");
	recount();
}

/* The page is there, and may not be written to any more. */
static void test_ptrace_write_again(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vmsim_stats before;
	struct page *page;

	(void)state;
	store(a, 1);
	page = page_of(a);
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	before = stats_now();
	assert_true(debugger_writes(a, 2));
	assert_ptr_equal(page_of(a), page);
	assert_int_equal(stats_now().faults, before.faults);
	result(write_gets_sigsegv(a), "ptrace write to an exclusive page");
	recount();
}

/* The debugger's copy breaks what a fork shares. */
static void test_ptrace_write_shared(void **state)
{
	unsigned long a = map(1, RW, ANON);
	int child;

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	child = fork_process();
	assert_true(debugger_writes(a, 2));
	result(write_gets_sigsegv(a), "ptrace write to a page that a child has, too");
	become(child);
	assert_int_equal(load(a), 1);
	assert_false(pte_write(entry(a)));
	become(world.pid);
	end_process(child);
	recount();
}

/* The fault of the debugger's write finds that the page may be kept. */
static void test_ptrace_write_left(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vmsim_stats before;

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	end_process(fork_process());
	before = stats_now();
	assert_true(debugger_writes(a, 2));
	assert_int_equal(stats_now().reuses - before.reuses, 1);
	result(write_gets_sigsegv(a), "ptrace write to a page that a child had, too");
	recount();
}

static void test_ptrace_write_file(void **state)
{
	int file = vmsim_file_create(world.machine, "f", PG);
	unsigned long a = map_file(file, 1, PROT_READ, MAP_PRIVATE, 0);
	uint64_t word[512];

	(void)state;
	assert_int_equal(load(a), 0);
	assert_true(debugger_writes(a, 1));
	result(write_gets_sigsegv(a), "ptrace write to a private page of a file");
	assert_int_equal(vmsim_file_read(file, 0, word, PG), PG);
	assert_int_equal(word[0], 0);
	recount();
	assert_int_equal(vmsim_munmap(a, PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* A fork copies what is pinned, and makes the copy dirty. */
static void test_fork_of_pinned(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vmsim_pins *pins;
	int child;

	(void)state;
	store(a, 1);
	assert_int_equal(vmsim_pin(a, 1, VMSIM_PIN_WRITE | VMSIM_PIN_LONGTERM, &pins), 1);
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	child = fork_process();
	become(child);
	result(write_gets_sigsegv(a), "copy that a fork makes of a pinned page");
	become(world.pid);
	assert_int_equal(vmsim_unpin(pins, false), 0);
	end_process(child);
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_ptrace_write),
		in_watched_world(test_ptrace_write_again),
		in_watched_world(test_ptrace_write_shared),
		in_watched_world(test_ptrace_write_left),
		in_watched_world(test_ptrace_write_file),
		in_watched_world(test_fork_of_pinned),
	};

	return run_with_results(tests, RESULTS);
}
