// SPDX-License-Identifier: GPL-2.0-only
#include "large_folio.h"

/*
 * Large folios under fork: they are mapped by hand, since faults make none yet. What counts is that
 * runs of entries are treated as one by one they would be (A02, A13).
 */

static unsigned long room(void)
{
	unsigned long a = 0x20000000;

	assert_int_equal(vmsim_mmap(a, PAGES * PG, RW, ANON | MAP_FIXED, -1, 0), a);
	return a;
}

/* By hand, and unwatched. */
static void take_bits(unsigned long addr, u64 bits)
{
	u64 *entry = (u64 *)chk_find_pte(vmsim_self->mm, addr);

	vmsim_enter();
	mmap_write_lock(vmsim_self->mm);
	__atomic_and_fetch(entry, ~bits, __ATOMIC_SEQ_CST);
	flush_tlb_mm(vmsim_self->mm);
	mmap_write_unlock(vmsim_self->mm);
	vmsim_leave();
}

static void check_shared(struct folio *folio, struct mm_struct *child, unsigned long a)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		struct page *page = folio_page(folio, i);

		assert_ptr_equal(page_at(child, a + i * PG), page);
		assert_false(PageAnonExclusive(page));
		assert_int_equal(page_mapcount(page), 2);
		assert_false(pte_write(entry_of(vmsim_self->mm, a + i * PG)));
		assert_false(pte_write(entry_of(child, a + i * PG)));
	}
	assert_int_equal(folio_large_mapcount(folio), 2 * PAGES);
	assert_int_equal(atomic_read(&folio->_nr_pages_mapped), PAGES);
	assert_int_equal(folio_ref_count(folio), 2 * PAGES);
}

static void test_one_run(void **state)
{
	unsigned long a = room();
	struct folio *folio = map_large(a, PAGES);
	int child = fork_process();

	(void)state;
	assert_int_equal(rss_of(child).anon, PAGES);
	check_shared(folio, mm_of(child), a);
	recount();
	become(child);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_int_equal(load(a + i * PG), i + 1);
	/* A page of a large folio is never kept on the proof of references. */
	assert_int_equal(touch(a + PG, PROT_WRITE), VMSIM_FAULT_COPY);
	become(world.pid);
	recount();
	end_process(child);
	assert_int_equal(touch(a + PG, PROT_WRITE), VMSIM_FAULT_COPY);
	assert_int_equal(load(a + PG), 2);
	recount();
}

/* Entries of one run differ in what they allow: all are write-protected. */
static void test_mixed_rights(void **state)
{
	unsigned long a = room();
	struct folio *folio = map_large(a, PAGES);
	int child;

	(void)state;
	assert_int_equal(vmsim_mprotect(a, PAGES * PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(a, PAGES * PG, RW), 0);
	/* The first one is not writable, those after it are. */
	take_bits(a, _PAGE_RW);
	child = fork_process();
	check_shared(folio, mm_of(child), a);
	end_process(child);
	recount();
}

/* Dirty or clean is a difference in private memory: runs end there, and all is copied as it is. */
static void test_dirty_and_clean(void **state)
{
	unsigned long a = room();
	struct folio *folio = map_large(a, PAGES);
	int child;

	(void)state;
	take_bits(a + 3 * PG, _PAGE_DIRTY);
	child = fork_process();
	check_shared(folio, mm_of(child), a);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_int_equal(!pte_dirty(entry_of(mm_of(child), a + i * PG)), i == 3);
	end_process(child);
	recount();
}

/* A hole, and a page of another folio, in the middle of the run (A13). */
static void test_interrupted(void **state)
{
	unsigned long a = room();
	struct folio *folio = map_large(a, PAGES);
	int child;

	(void)state;
	assert_int_equal(vmsim_madvise(a + 2 * PG, PG, MADV_DONTNEED), 0);
	assert_int_equal(vmsim_madvise(a + 5 * PG, PG, MADV_DONTNEED), 0);
	store(a + 5 * PG, 50);
	child = fork_process();
	assert_int_equal(rss_of(child).anon, PAGES - 1);
	assert_true(pte_none(entry_of(mm_of(child), a + 2 * PG)));
	assert_int_equal(folio_large_mapcount(folio), 2 * (PAGES - 2));
	recount();
	become(child);
	assert_int_equal(load(a + 5 * PG), 50);
	assert_int_equal(load(a + 2 * PG), 0);
	become(world.pid);
	end_process(child);
	recount();
}

/* A pin on one page of it: those that are exclusive are copied, each for itself. */
static void test_pinned(void **state)
{
	unsigned long a = room();
	struct folio *folio = map_large(a, PAGES);
	int child;

	(void)state;
	vmsim_enter();
	set_bit(MMF_HAS_PINNED, &vmsim_self->mm->flags);
	atomic_inc(&folio->_pincount);
	vmsim_leave();
	child = fork_process();
	for (unsigned int i = 0; i < PAGES; i++) {
		assert_true(PageAnonExclusive(folio_page(folio, i)));
		assert_true(pte_write(entry_of(vmsim_self->mm, a + i * PG)));
		assert_ptr_not_equal(page_folio(page_at(mm_of(child), a + i * PG)), folio);
	}
	assert_int_equal(folio_ref_count(folio), PAGES);
	assert_int_equal(rss_of(child).anon, PAGES);
	become(child);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_int_equal(load(a + i * PG), i + 1);
	become(world.pid);
	vmsim_enter();
	atomic_dec(&folio->_pincount);
	vmsim_leave();
	recount();
	end_process(child);
	recount();
}

/* Only the first entries belong to the mapping that forks. */
static void test_end_of_mapping(void **state)
{
	unsigned long a = room();
	struct folio *folio = map_large(a, PAGES);
	int child;

	(void)state;
	assert_int_equal(vmsim_madvise(a + 3 * PG, (PAGES - 3) * PG, MADV_DONTFORK), 0);
	child = fork_process();
	assert_int_equal(rss_of(child).anon, 3);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_int_equal(PageAnonExclusive(folio_page(folio, i)), i >= 3);
	assert_int_equal(folio_large_mapcount(folio), PAGES + 3);
	recount();
	end_process(child);
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_one_run),
		in_watched_world(test_mixed_rights),
		in_watched_world(test_dirty_and_clean),
		in_watched_world(test_interrupted),
		in_watched_world(test_pinned),
		in_watched_world(test_end_of_mapping),
	};

	return vmsim_run_tests(tests);
}
