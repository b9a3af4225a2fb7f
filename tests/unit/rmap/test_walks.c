// SPDX-License-Identifier: GPL-2.0-only
#include "rmap_test.h"
#include <asm/pgalloc.h>

/* From a folio to its mappings, against searching everything from end to end. */

/* What a walk visited. */
#define VISITS 256

struct visits {
	unsigned int nr;
	struct {
		struct vm_area_struct *vma;
		unsigned long addr;
	} visit[VISITS];
	unsigned int stop_after;
};

static bool note_visit(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
		       void *arg)
{
	struct visits *visits = arg;

	(void)folio;
	assert_true(visits->nr < VISITS);
	visits->visit[visits->nr].vma = vma;
	visits->visit[visits->nr++].addr = addr;
	return visits->nr != visits->stop_after;
}

static bool visited(const struct visits *visits, const struct vm_area_struct *vma,
		    unsigned long addr)
{
	for (unsigned int i = 0; i < visits->nr; i++)
		if (visits->visit[i].vma == vma && visits->visit[i].addr == addr)
			return true;
	return false;
}

/* Every VMA of every process that could map page @index, counted and checked off. */
static unsigned int expect_visits(struct world *w, const struct visits *visits, pgoff_t index)
{
	unsigned int expected = 0;

	for (int i = 0; i < PROCESSES; i++) {
		struct vm_area_struct *vma = vmsim_vma_first(&w->mm[i]->mm_mt);

		for (; vma; vma = vmsim_vma_next(vma)) {
			if (!vma->vm_file || index < vma->vm_pgoff ||
			    index >= vma->vm_pgoff + vma_pages(vma))
				continue;
			expected++;
			assert_true(visited(visits, vma, vma->vm_start +
					    (index - vma->vm_pgoff) * PAGE_SIZE));
		}
	}
	return expected;
}

static void map_at_random(struct world *w)
{
	unsigned int random = 99;

	for (int n = 0; n < 60; n++) {
		pgoff_t pgoff;
		size_t pages;

		random = random * 1103515245 + 12345;
		pgoff = (random >> 16) % FILE_PAGES;
		pages = 1 + (random >> 8) % (FILE_PAGES - pgoff);
		map_and_touch(w, n % PROCESSES, w->file, random & 64 ? MAP_SHARED : MAP_PRIVATE,
			      pgoff, pages, false);
	}
}

static void test_file_walk_visits_every_mapping(void **state)
{
	struct world *w = *state;
	char byte[FILE_PAGES * PAGE_SIZE];

	assert_int_equal(vmsim_file_read(w->file, 0, byte, sizeof(byte)), sizeof(byte));
	map_at_random(w);
	vmsim_enter();
	for (pgoff_t index = 0; index < FILE_PAGES; index++) {
		struct folio *folio = locked_folio(w, index);
		struct visits visits = { 0 }, locked = { 0 };
		struct rmap_walk_control rwc = { .rmap_one = note_visit, .arg = &visits };

		rmap_walk(folio, &rwc);
		assert_int_equal(visits.nr, expect_visits(w, &visits, index));
		rwc.arg = &locked;
		i_mmap_lock_read(mapping_of(w));
		rmap_walk_locked(folio, &rwc);
		i_mmap_unlock_read(mapping_of(w));
		assert_int_equal(locked.nr, visits.nr);
		unlock_and_put(folio);
	}
	vmsim_leave();
}

static bool not_in_process(struct vm_area_struct *vma, void *arg)
{
	(void)arg;
	return vma->vm_mm != current->mm;
}

static int always(struct folio *folio)
{
	(void)folio;
	return 1;
}

static void test_walk_can_skip_stop_and_give_up(void **state)
{
	struct world *w = *state;
	struct rmap_walk_control rwc = { .rmap_one = note_visit };
	struct visits visits = { 0 };
	struct folio *folio;

	for (int i = 0; i < PROCESSES; i++)
		map_and_touch(w, i, w->file, MAP_SHARED, 3, 1, false);
	vmsim_enter();
	folio = locked_folio(w, 3);
	rwc.arg = &visits;
	rwc.invalid_vma = not_in_process;
	rmap_walk(folio, &rwc);
	assert_int_equal(visits.nr, 1);

	rwc.invalid_vma = NULL;
	visits = (struct visits) { .stop_after = 2 };
	rmap_walk(folio, &rwc);
	assert_int_equal(visits.nr, 2);

	rwc.done = always;
	visits = (struct visits) { 0 };
	rmap_walk(folio, &rwc);
	assert_int_equal(visits.nr, 1);

	rwc.try_lock = true;
	visits = (struct visits) { 0 };
	i_mmap_lock_write(mapping_of(w));
	rmap_walk(folio, &rwc);
	i_mmap_unlock_write(mapping_of(w));
	assert_int_equal(visits.nr, 0);
	assert_true(rwc.contended);
	unlock_and_put(folio);
	vmsim_leave();
}

static struct folio *folio_at(struct mm_struct *mm, unsigned long addr)
{
	return page_folio(pte_page(value_of(mm, addr)));
}

static void test_anon_walk(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 0, VMSIM_NO_FILE, MAP_PRIVATE | MAP_ANONYMOUS, 0, 8,
					   true);
	struct rmap_walk_control rwc = { .rmap_one = note_visit,
					 .anon_lock = folio_lock_anon_vma_read };
	struct visits visits = { 0 };
	struct folio *folio;

	/* Split: the page's VMA is another now, the anon_vma the same. */
	store_in(w, 0, addr + 6 * PAGE_SIZE);
	assert_int_equal(vmsim_mprotect(addr + 4 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), 0);
	vmsim_enter();
	rwc.arg = &visits;
	folio = folio_at(current->mm, addr + 6 * PAGE_SIZE);
	rmap_walk(folio, &rwc);
	assert_int_equal(visits.nr, 1);
	assert_int_equal(visits.visit[0].addr, addr + 6 * PAGE_SIZE);
	assert_int_equal(visits.visit[0].vma->vm_start, addr + 6 * PAGE_SIZE);
	assert_int_equal(atomic_read(&folio_anon_vma(folio)->refcount), 1);

	/* Not through a lock that somebody has, and not for ever. */
	rwc.try_lock = true;
	visits = (struct visits) { 0 };
	anon_vma_lock_write(folio_anon_vma(folio));
	rmap_walk(folio, &rwc);
	anon_vma_unlock_write(folio_anon_vma(folio));
	assert_int_equal(visits.nr, 0);
	assert_true(rwc.contended);
	vmsim_leave();
}

static void test_unmapped_anon_folio_has_no_anon_vma(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 0, VMSIM_NO_FILE, MAP_PRIVATE | MAP_ANONYMOUS, 0, 1,
					   true);
	struct anon_vma *anon_vma;
	struct folio *folio;

	vmsim_enter();
	folio = folio_at(current->mm, addr);
	folio_get(folio);
	anon_vma = folio_get_anon_vma(folio);
	assert_ptr_equal(anon_vma, folio_anon_vma(folio));
	assert_int_equal(atomic_read(&anon_vma->refcount), 2);
	assert_int_equal(vmsim_slab_generation(anon_vma) & 1, 1);
	vmsim_leave();

	assert_int_equal(vmsim_munmap(addr, PAGE_SIZE), 0);
	vmsim_enter();
	/* folio->mapping is as it was, but nobody vouches for it (R8). */
	assert_ptr_equal(folio_anon_vma(folio), anon_vma);
	assert_null(folio_get_anon_vma(folio));
	assert_null(folio_lock_anon_vma_read(folio, NULL));
	assert_int_equal(atomic_read(&anon_vma->refcount), 1);
	rcu_read_lock();
	put_anon_vma(anon_vma);
	assert_int_equal(vmsim_slab_generation(anon_vma) & 1, 0);
	rcu_read_unlock();
	folio_put(folio);
	vmsim_leave();
}

/* The same when the anon_vma's memory is something else by now: it must not even be looked at. */
static void test_unmapped_anon_folio_does_not_lead_anywhere(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 0, VMSIM_NO_FILE, MAP_PRIVATE | MAP_ANONYMOUS, 0, 1,
					   true);
	static struct anon_vma *other[4096];
	struct folio *folio;

	vmsim_enter();
	folio = folio_at(current->mm, addr);
	folio_get(folio);
	vmsim_leave();
	assert_int_equal(vmsim_munmap(addr, PAGE_SIZE), 0);
	vmsim_enter();
	rcu_barrier();
	for (unsigned int i = 0; i < ARRAY_SIZE(other); i++) {
		other[i] = kmalloc(2 * sizeof(*other[i]), GFP_KERNEL);
		memset(other[i], 0xa5, 2 * sizeof(*other[i]));
	}
	assert_null(folio_lock_anon_vma_read(folio, NULL));
	assert_null(folio_get_anon_vma(folio));
	for (unsigned int i = 0; i < ARRAY_SIZE(other); i++)
		kfree(other[i]);
	folio_put(folio);
	vmsim_leave();
}

static void test_neighbours_share_an_anon_vma(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 0, VMSIM_NO_FILE, MAP_PRIVATE | MAP_ANONYMOUS, 0, 4,
					   false);
	struct anon_vma *anon_vma;

	/* Three VMAs, two of them with pages. */
	assert_int_equal(vmsim_mprotect(addr + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	store_in(w, 0, addr);
	store_in(w, 0, addr + 2 * PAGE_SIZE);
	anon_vma = folio_anon_vma(folio_at(w->mm[0], addr));
	/* The one between has none, so that the other could not see the first one's. */
	assert_ptr_not_equal(folio_anon_vma(folio_at(w->mm[0], addr + 2 * PAGE_SIZE)), anon_vma);
	assert_int_equal(anon_vma->num_active_vmas, 1);
	assert_int_equal(vmsim_mprotect(addr + PAGE_SIZE, PAGE_SIZE,
					PROT_READ | PROT_EXEC | PROT_WRITE), 0);
	store_in(w, 0, addr + PAGE_SIZE);
	assert_true(anon_vma == folio_anon_vma(folio_at(w->mm[0], addr + PAGE_SIZE)) ||
		    folio_anon_vma(folio_at(w->mm[0], addr + 2 * PAGE_SIZE)) ==
		    folio_anon_vma(folio_at(w->mm[0], addr + PAGE_SIZE)));
}

/* Out of memory at each of its allocations: no anon_vma, and nothing left behind. */
static void test_clone_and_unlink_keep_the_counts(void **state)
{
	struct world *w = *state;
	struct vm_area_struct a = { .vm_mm = w->mm[0], .vm_start = 0x70000000,
				    .vm_end = 0x70010000, .vm_pgoff = 0x70000 };
	struct vm_area_struct b = a;
	struct anon_vma *anon_vma;
	u64 generation;

	vmsim_enter();
	INIT_LIST_HEAD(&a.anon_vma_chain);
	INIT_LIST_HEAD(&b.anon_vma_chain);
	mmap_write_lock(w->mm[0]);
	assert_int_equal(anon_vma_prepare(&a), 0);
	anon_vma = a.anon_vma;
	assert_int_equal(anon_vma->num_active_vmas, 1);
	assert_int_equal(anon_vma->num_children, 1);
	/* A second prepare changes nothing. */
	assert_int_equal(anon_vma_prepare(&a), 0);
	assert_int_equal(anon_vma->num_active_vmas, 1);
	b.anon_vma = anon_vma;
	assert_int_equal(anon_vma_clone(&b, &a), 0);
	assert_int_equal(anon_vma->num_active_vmas, 2);
	generation = vmsim_slab_generation(anon_vma);
	rcu_read_lock();
	unlink_anon_vmas(&a);
	assert_null(a.anon_vma);
	assert_int_equal(anon_vma->num_active_vmas, 1);
	assert_int_equal(vmsim_slab_generation(anon_vma), generation);
	unlink_anon_vmas(&b);
	assert_int_equal(vmsim_slab_generation(anon_vma), generation + 1);
	assert_int_equal(anon_vma->num_children, 0);
	rcu_read_unlock();
	mmap_write_unlock(w->mm[0]);
	vmsim_leave();
}

/*
 * Entries of one large folio, in every pattern, across the border of two tables, with other pages
 * between. The walk must return just the entries that map it, with the lock held.
 */
#define LARGE_ORDER 3
#define LARGE_PAGES 8

static pte_t *alloc_entry(struct mm_struct *mm, unsigned long addr)
{
	p4d_t *p4d = p4d_alloc(mm, pgd_offset(mm, addr), addr);
	pud_t *pud = pud_alloc(mm, p4d, addr);
	pmd_t *pmd = pmd_alloc(mm, pud, addr);

	assert_false(pte_alloc(mm, pmd));
	return pte_offset_kernel(pmd, addr);
}

static void set_entry(struct mm_struct *mm, unsigned long addr, pte_t value)
{
	spinlock_t *ptl;
	pte_t *pte;

	alloc_entry(mm, addr);
	pte = entry_of(mm, addr, &ptl);
	spin_lock(ptl);
	set_pte_at(mm, addr, pte, value);
	spin_unlock(ptl);
}

static void clear_entry(struct mm_struct *mm, unsigned long addr)
{
	spinlock_t *ptl;
	pte_t *pte = entry_of(mm, addr, &ptl);

	spin_lock(ptl);
	pte_clear(mm, addr, pte);
	spin_unlock(ptl);
}

static void check_walk(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
		       unsigned int flags, unsigned int wanted, unsigned long base)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, addr, flags);
	unsigned int found = 0;
	spinlock_t *ptl;

	while (page_vma_mapped_walk(&pvmw)) {
		unsigned int i = (pvmw.address - base) >> PAGE_SHIFT;

		assert_true(i < LARGE_PAGES);
		assert_ptr_equal(pvmw.pte, entry_of(vma->vm_mm, pvmw.address, &ptl));
		assert_ptr_equal(pvmw.ptl, ptl);
		assert_true(vmsim_spin_owned(ptl));
		assert_int_equal(pte_pfn(ptep_get(pvmw.pte)), folio_pfn(folio) + i);
		found |= 1u << i;
	}
	assert_int_equal(found, wanted);
	assert_null(pvmw.pte);
	assert_null(pvmw.ptl);
	assert_int_equal(current->preempt_count, 0);
	assert_int_equal(current->rcu_depth, 0);
}

static void test_mapped_walk_finds_every_pattern(void **state)
{
	struct world *w = *state;
	struct mm_struct *mm = w->mm[0];
	/* Four pages in one table, four in the next. */
	unsigned long base = 0x60000000UL + PMD_SIZE - 4 * PAGE_SIZE;
	struct vm_area_struct vma = { .vm_mm = mm, .vm_start = base - 16 * PAGE_SIZE,
				      .vm_end = base + 16 * PAGE_SIZE, .vm_pgoff = 100 };
	struct folio *folio, *other;

	vmsim_enter();
	folio = folio_alloc(GFP_KERNEL, LARGE_ORDER);
	other = folio_alloc(GFP_KERNEL, 0);
	folio->index = 116;
	/* The second table first: the two must not be neighbours in memory, too. */
	alloc_entry(mm, base + 4 * PAGE_SIZE);
	for (unsigned int pattern = 0; pattern < 1u << LARGE_PAGES; pattern++) {
		for (unsigned int i = 0; i < LARGE_PAGES; i++) {
			struct page *page = pattern & (1u << i) ? folio_page(folio, i) :
					    i & 1 ? folio_page(other, 0) : NULL;

			set_entry(mm, base + i * PAGE_SIZE,
				  page ? mk_pte(page, PAGE_READONLY) : __pte(0));
		}
		check_walk(folio, &vma, base, 0, pattern, base);
		check_walk(folio, &vma, base, PVMW_SYNC, pattern, base);
	}
	/* The VMA begins or ends inside the folio. */
	vma.vm_start = base + 2 * PAGE_SIZE;
	vma.vm_pgoff = 118;
	check_walk(folio, &vma, vma.vm_start, 0, 0xfc, base);
	vma.vm_end = base + 6 * PAGE_SIZE;
	check_walk(folio, &vma, vma.vm_start, PVMW_SYNC, 0x3c, base);
	for (unsigned int i = 0; i < LARGE_PAGES; i++)
		clear_entry(mm, base + i * PAGE_SIZE);
	folio_put(folio);
	folio_put(other);
	vmsim_leave();
}

static void test_mapped_walk_skips_what_is_not_there(void **state)
{
	struct world *w = *state;
	struct mm_struct *mm = w->mm[0];
	unsigned long base = 0x50000000UL + PMD_SIZE - 4 * PAGE_SIZE;
	struct vm_area_struct vma = { .vm_mm = mm, .vm_start = base,
				      .vm_end = base + LARGE_PAGES * PAGE_SIZE, .vm_pgoff = 0 };
	struct folio *folio;

	vmsim_enter();
	folio = folio_alloc(GFP_KERNEL, LARGE_ORDER);
	/* No table at all; then the second only. */
	check_walk(folio, &vma, base, 0, 0, base);
	check_walk(folio, &vma, base, PVMW_SYNC, 0, base);
	set_entry(mm, base + 5 * PAGE_SIZE, mk_pte(folio_page(folio, 5), PAGE_READONLY));
	check_walk(folio, &vma, base, 0, 1u << 5, base);
	check_walk(folio, &vma, base, PVMW_SYNC, 1u << 5, base);
	clear_entry(mm, base + 5 * PAGE_SIZE);
	folio_put(folio);
	vmsim_leave();
}

static void test_mapped_walk_can_be_given_up(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 0, w->file, MAP_SHARED, 0, 1, false);
	struct folio *folio;

	vmsim_enter();
	folio = locked_folio(w, 0);
	{
		DEFINE_FOLIO_VMA_WALK(pvmw, folio, vmsim_vma_first(&w->mm[0]->mm_mt), addr, 0);

		assert_true(page_vma_mapped_walk(&pvmw));
		page_vma_mapped_walk_done(&pvmw);
	}
	assert_int_equal(current->preempt_count, 0);
	unlock_and_put(folio);
	vmsim_leave();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rmap_test(test_file_walk_visits_every_mapping),
		rmap_test(test_walk_can_skip_stop_and_give_up),
		rmap_test(test_anon_walk),
		rmap_test(test_unmapped_anon_folio_has_no_anon_vma),
		rmap_test(test_unmapped_anon_folio_does_not_lead_anywhere),
		rmap_test(test_neighbours_share_an_anon_vma),
		rmap_test(test_clone_and_unlink_keep_the_counts),
		rmap_test(test_mapped_walk_finds_every_pattern),
		rmap_test(test_mapped_walk_skips_what_is_not_there),
		rmap_test(test_mapped_walk_can_be_given_up),
	};

	return vmsim_run_tests(tests);
}
