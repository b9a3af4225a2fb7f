// SPDX-License-Identifier: GPL-2.0-only
#include "results.h"

/*
 * MADV_POPULATE_READ and MADV_POPULATE_WRITE: what is allowed, and what is there then. Results
 * of tools/testing/selftests/mm/madv_populate.c, Linux 6.12: 16, and 5 for soft-dirty bits.
 */

#define PAGES 64UL
#define SIZE (PAGES * PG)

enum { RESULTS = 16 + 5 };

static int populate_read(unsigned long addr, size_t size)
{
	return vmsim_madvise(addr, size, MADV_POPULATE_READ);
}

static int populate_write(unsigned long addr, size_t size)
{
	return vmsim_madvise(addr, size, MADV_POPULATE_WRITE);
}

static unsigned int populated(unsigned long addr)
{
	unsigned int pages = 0;

	for (unsigned long i = 0; i < PAGES; i++)
		pages += page_of(addr + i * PG) != NULL;
	return pages;
}

static unsigned int soft_dirty(unsigned long addr)
{
	bool all = vma_at(addr)->vm_flags & VM_SOFTDIRTY;
	unsigned int pages = 0;

	for (unsigned long i = 0; i < PAGES; i++)
		pages += all || pte_soft_dirty(entry(addr + i * PG));
	return pages;
}

/* Reads came first: nobody has a page of his own. */
static void assert_zero_pages(unsigned long addr)
{
	for (unsigned long i = 0; i < PAGES; i++) {
		assert_true(is_zero_pfn(pte_pfn(entry(addr + i * PG))));
		assert_false(pte_write(entry(addr + i * PG)));
	}
	assert_rss(0, 0);
}

/* Writes came first: everybody may write without a fault. */
static void assert_own_pages(unsigned long addr)
{
	for (unsigned long i = 0; i < PAGES; i++) {
		pte_t pte = entry(addr + i * PG);

		assert_true(PageAnon(pte_page(pte)) && PageAnonExclusive(pte_page(pte)));
		assert_true(pte_write(pte) && pte_dirty(pte));
		assert_int_equal(folio_mapcount(page_folio(pte_page(pte))), 1);
		assert_int_equal(folio_ref_count(page_folio(pte_page(pte))), 1);
	}
	assert_rss(PAGES, 0);
}

static void test_prot_read(void **state)
{
	unsigned long a = map(PAGES, PROT_READ, ANON);

	(void)state;
	result(populate_read(a, SIZE) == 0, "MADV_POPULATE_READ with PROT_READ");
	assert_zero_pages(a);
	result(populate_write(a, SIZE) == -EINVAL, "MADV_POPULATE_WRITE with PROT_READ");
	assert_zero_pages(a);
	recount();
}

static void test_prot_write(void **state)
{
	unsigned long a = map(PAGES, PROT_WRITE, ANON);

	(void)state;
	result(populate_read(a, SIZE) == -EINVAL, "MADV_POPULATE_READ with PROT_WRITE");
	assert_int_equal(populated(a), 0);
	result(populate_write(a, SIZE) == 0, "MADV_POPULATE_WRITE with PROT_WRITE");
	assert_own_pages(a);
	recount();
}

/* What comes before a hole is populated all the same. */
static void test_holes(void **state)
{
	unsigned long a = map(PAGES, RW, ANON);

	(void)state;
	assert_int_equal(vmsim_munmap(a + PG, PG), 0);
	result(populate_read(a, SIZE) == -ENOMEM, "MADV_POPULATE_READ, hole in the middle");
	assert_int_equal(populated(a), 1);
	assert_true(is_zero_pfn(pte_pfn(entry(a))));
	result(populate_write(a, SIZE) == -ENOMEM, "MADV_POPULATE_WRITE, hole in the middle");
	assert_int_equal(populated(a), 1);
	assert_rss(1, 0);
	result(populate_read(a, 2 * PG) == -ENOMEM, "MADV_POPULATE_READ, hole at the end");
	result(populate_write(a, 2 * PG) == -ENOMEM, "MADV_POPULATE_WRITE, hole at the end");
	result(populate_read(a + PG, PG) == -ENOMEM, "MADV_POPULATE_READ, hole at the beginning");
	result(populate_write(a + PG, PG) == -ENOMEM, "MADV_POPULATE_WRITE, hole at the beginning");
	assert_rss(1, 0);
	recount();
}

static void test_populate_read(void **state)
{
	unsigned long a = map(PAGES, RW, ANON);
	uint64_t faults = stats_now().faults;

	(void)state;
	result(populated(a) == 0, "range initially not populated");
	result(populate_read(a, SIZE) == 0, "MADV_POPULATE_READ");
	result(populated(a) == PAGES, "range is populated");
	assert_zero_pages(a);
	assert_int_equal(stats_now().faults - faults, PAGES);
	/* The second time there is nothing to do. */
	assert_int_equal(populate_read(a, SIZE), 0);
	assert_int_equal(load(a), 0);
	assert_int_equal(stats_now().faults - faults, PAGES);
	recount();
}

static void test_populate_write(void **state)
{
	unsigned long a = map(PAGES, RW, ANON);
	uint64_t faults = stats_now().faults;

	(void)state;
	result(populated(a) == 0, "range initially not populated");
	result(populate_write(a, SIZE) == 0, "MADV_POPULATE_WRITE");
	result(populated(a) == PAGES, "range is populated");
	assert_own_pages(a);
	store(a, 1);
	assert_int_equal(stats_now().faults - faults, PAGES);
	recount();
}

static void test_softdirty(void **state)
{
	unsigned long a = map(PAGES, RW, ANON);

	(void)state;
	assert_int_equal(soft_dirty(a), PAGES);
	assert_int_equal(vmsim_clear_refs(VMSIM_CLEAR_SOFT_DIRTY), 0);
	result(soft_dirty(a) == 0, "cleared range is not soft-dirty");
	result(populate_read(a, SIZE) == 0, "MADV_POPULATE_READ");
	result(soft_dirty(a) == 0, "range that was read is not soft-dirty");
	result(populate_write(a, SIZE) == 0, "MADV_POPULATE_WRITE");
	result(soft_dirty(a) == PAGES, "range that was written is soft-dirty");
	assert_own_pages(a);
	/* So it is where the pages were there already, read-only for that reason alone. */
	assert_int_equal(vmsim_clear_refs(VMSIM_CLEAR_SOFT_DIRTY), 0);
	assert_int_equal(populate_read(a, SIZE), 0);
	assert_int_equal(soft_dirty(a), 0);
	assert_int_equal(populate_write(a, SIZE), 0);
	assert_int_equal(soft_dirty(a), PAGES);
	assert_own_pages(a);
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_prot_read),
		in_watched_world(test_prot_write),
		in_watched_world(test_holes),
		in_watched_world(test_populate_read),
		in_watched_world(test_populate_write),
		in_watched_world(test_softdirty),
	};

	return run_with_results(tests, RESULTS);
}
