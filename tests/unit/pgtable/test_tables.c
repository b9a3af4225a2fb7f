// SPDX-License-Identifier: GPL-2.0-only
/* Tables: growing, finding, locking, unhooking; with each number of levels that the flavour has. */
#include "pgtable/fixture.h"
#include "pgtable/table.h"

static struct fixture the_fixture;

static int setup_levels(void **state, unsigned int levels, enum vmsim_contents contents)
{
	struct vmsim_config config = fixture_config();

	config.levels = levels;
	config.contents = contents;
	fixture_make(&the_fixture, &config);
	*state = &the_fixture;
	return 0;
}

static int setup(void **state)
{
	return setup_levels(state, 0, VMSIM_CONTENTS_VERSION);
}

static int setup_most_levels(void **state)
{
	return setup_levels(state, CONFIG_PGTABLE_LEVELS, VMSIM_CONTENTS_BYTES);
}

static int teardown(void **state)
{
	fixture_end(*state);
	return 0;
}

static unsigned int levels(const struct fixture *f)
{
	return f->m->config.levels;
}

/* One table of each level, each one knowing its place. */
static void test_grow(void **state)
{
	struct fixture *f = *state;
	unsigned long addr = TASK_SIZE - 5 * PAGE_SIZE;
	u64 before = f->m->tables;
	pte_t *ptep = fixture_pte(f->mm, addr);
	struct ptdesc *pt = page_ptdesc(virt_to_page(ptep));

	assert_int_equal(before, 1);
	assert_int_equal(f->m->tables, levels(f));
	assert_int_equal(page_ptdesc(virt_to_page(f->mm->pgd))->pt_level, levels(f));
	assert_int_equal(pt->pt_level, 1);
	assert_ptr_equal(pt->pt_mm, f->mm);
	assert_int_equal(pt->pt_base, addr & PMD_MASK);
	assert_true(vmsim_is_table(ptdesc_page(pt)));
	assert_true(pt->ptl->class->is_ptl);
	assert_ptr_equal(pt->ptl->object, ptdesc_page(pt));
	assert_ptr_equal(pte_lockptr(f->mm, fixture_pmd(f->mm, addr)), pt->ptl);
	assert_false(pmd_lockptr(f->mm, fixture_pmd(f->mm, addr))->class->is_ptl);
	pt = page_ptdesc(virt_to_page(fixture_pmd(f->mm, addr)));
	assert_int_equal(pt->pt_level, 2);
	assert_int_equal(pt->pt_base, addr & PUD_MASK);
	for (unsigned int i = 0; i < PTRS_PER_PTE; i++)
		assert_true(pte_none(ptep_get(ptep - pte_index(addr) + i)));
	/* All but the top, and but p4d tables, are charged. */
	assert_int_equal(atomic_long_read(&f->mm->pgtables_bytes),
			 min(levels(f) - 1, 3u) * PAGE_SIZE);
	/* Again: nothing is missing now. */
	assert_ptr_equal(fixture_pte(f->mm, addr), ptep);
	assert_int_equal(f->m->tables, levels(f));
	fixture_free_tables(f->mm, 0, TASK_SIZE);
	assert_int_equal(f->m->tables, 1);
	assert_int_equal(atomic_long_read(&f->mm->pgtables_bytes), 0);
}

/* Addresses far apart share exactly the tables that they must. */
static void test_sharing_of_tables(void **state)
{
	struct fixture *f = *state;
	pte_t *first = fixture_pte(f->mm, 0);
	u64 one = f->m->tables;

	assert_ptr_equal(fixture_pte(f->mm, PMD_SIZE - PAGE_SIZE), first + 511);
	assert_int_equal(f->m->tables, one);
	fixture_pte(f->mm, PMD_SIZE);
	assert_int_equal(f->m->tables, one + 1);
	fixture_pte(f->mm, PUD_SIZE);
	assert_int_equal(f->m->tables, one + 3);
#if CONFIG_PGTABLE_LEVELS > 3
	fixture_pte(f->mm, P4D_SIZE);
	assert_int_equal(f->m->tables, one + 6);
	if (levels(f) == 5) {
		fixture_pte(f->mm, 1UL << 48);
		assert_int_equal(f->m->tables, one + 10);
	}
#endif
	fixture_free_tables(f->mm, 0, TASK_SIZE);
	assert_int_equal(f->m->tables, 1);
}

/* Memory ends at each of the tables in turn: nothing is left behind. */
static void test_allocation_failure(void **state)
{
	struct fixture *f = *state;

	for (unsigned int nth = 1; nth < levels(f); nth++) {
		pmd_t *pmd;

		assert_int_equal(vmsim_fail_pages(f->handle, nth, 1), 0);
		pmd = fixture_pmd(f->mm, 0);
		if (nth < levels(f) - 1) {
			assert_null(pmd);
		} else {
			assert_non_null(pmd);
			assert_true(pte_alloc(f->mm, pmd));
		}
		assert_int_equal(f->m->tables, nth);
		assert_int_equal(vmsim_fail_pages(f->handle, 0, 0), 0);
		fixture_free_tables(f->mm, 0, TASK_SIZE);
		assert_int_equal(f->m->tables, 1);
	}
}

struct rival {
	struct fixture *f;
	u32 level;
	unsigned int left;
};

/* Plays another thread: hooks the same table in while ours is being allocated. */
static void be_faster(void *arg, const struct vmsim_event *event)
{
	struct rival *rival = arg;

	if (event->arg[1] == rival->level && rival->left) {
		rival->left = 0;
		fixture_pte(rival->f->mm, 0);
	}
}

static void test_somebody_else_was_faster(void **state)
{
	struct fixture *f = *state;

	for (u32 level = 1; level < levels(f); level++) {
		struct rival rival = { .f = f, .level = level, .left = 1 };

		assert_int_equal(vmsim_subscribe(f->handle, VMSIM_EV_BIT(TABLE_ALLOC), be_faster,
						 &rival), 0);
		fixture_pte(f->mm, 0);
		assert_int_equal(vmsim_unsubscribe(f->handle, be_faster, &rival), 0);
		assert_int_equal(rival.left, 0);
		assert_int_equal(f->m->tables, levels(f));
		assert_int_equal(atomic_long_read(&f->mm->pgtables_bytes),
				 min(levels(f) - 1, 3u) * PAGE_SIZE);
		fixture_free_tables(f->mm, 0, TASK_SIZE);
		assert_int_equal(f->m->tables, 1);
	}
}

static void test_lookup(void **state)
{
	struct fixture *f = *state;
	pmd_t *pmd = fixture_pmd(f->mm, 0);
	spinlock_t *ptl = NULL;
	pmd_t pmdval;
	pte_t *pte;

	assert_null(pte_offset_map(pmd, 0));
	assert_null(pte_offset_map_lock(f->mm, pmd, 0, &ptl));
	assert_null(pte_offset_map_nolock(f->mm, pmd, 0, &ptl));
	assert_null(ptl);
	assert_false(rcu_read_lock_held());

	assert_int_equal(pte_alloc(f->mm, pmd), 0);
	pte = __pte_offset_map(pmd, 3 * PAGE_SIZE, &pmdval);
	assert_ptr_equal(pte, pte_offset_kernel(pmd, 0) + 3);
	assert_true(pmd_same(pmdval, pmdp_get(pmd)));
	assert_true(rcu_read_lock_held());
	pte_unmap(pte);
	assert_false(rcu_read_lock_held());

	pte = pte_offset_map_nolock(f->mm, pmd, 0, &ptl);
	assert_ptr_equal(ptl, pte_lockptr(f->mm, pmd));
	assert_false(spin_is_locked(ptl));
	pte_unmap(pte);

	pte = pte_offset_map_lock(f->mm, pmd, 0, &ptl);
	assert_true(vmsim_spin_owned(ptl));
	pte_unmap_unlock(pte, ptl);
	assert_false(spin_is_locked(ptl));
	assert_false(rcu_read_lock_held());
	fixture_free_tables(f->mm, 0, TASK_SIZE);
}

static void test_leaf_is_no_table(void **state)
{
	struct fixture *f = *state;
	pmd_t *pmd = fixture_pmd(f->mm, 0);
	spinlock_t *ptl;

	set_pmd(pmd, __pmd((8ULL << PMD_SHIFT) | _PAGE_TABLE | _PAGE_PSE));
	assert_null(pte_offset_map(pmd, 0));
	assert_null(pte_offset_map_lock(f->mm, pmd, 0, &ptl));
	assert_false(rcu_read_lock_held());
	assert_true(pmd_leaf(pmdp_get(pmd)));
	pmd_clear(pmd);
	assert_true(pmd_none(pmdp_get_lockless(pmd)));
	fixture_free_tables(f->mm, 0, TASK_SIZE);
}

struct swap_table {
	struct fixture *f;
	pmd_t *pmd;
	pgtable_t other;
	unsigned int left;
};

/* Plays another thread: the table that was found is replaced before its lock is taken. */
static void replace_table(void *arg, const struct vmsim_event *event)
{
	struct swap_table *swap_table = arg;
	pgtable_t old;

	(void)event;
	if (!swap_table->left)
		return;
	swap_table->left--;
	old = pmd_page(pmdp_get(swap_table->pmd));
	if (!swap_table->other) {
		pmd_clear(swap_table->pmd);
	} else {
		pmd_clear(swap_table->pmd);
		pmd_populate(swap_table->f->mm, swap_table->pmd, swap_table->other);
	}
	swap_table->other = old;
}

/* The second look, under the lock, notices (R23). */
static void test_lock_looks_again(void **state)
{
	struct fixture *f = *state;
	struct swap_table swap_table = { .f = f, .pmd = fixture_pmd(f->mm, 0) };
	spinlock_t *ptl = NULL;
	pgtable_t first;
	pte_t *pte;

	assert_int_equal(pte_alloc(f->mm, swap_table.pmd), 0);
	first = pmd_page(pmdp_get(swap_table.pmd));
	swap_table.other = pte_alloc_one(f->mm);
	assert_int_equal(vmsim_subscribe(f->handle, VMSIM_EV_BIT(PTL_LOCK), replace_table,
					 &swap_table), 0);

	/* Replaced by another table: that one is found and locked. */
	swap_table.left = 1;
	pte = pte_offset_map_lock(f->mm, swap_table.pmd, 0, &ptl);
	assert_ptr_equal(swap_table.other, first);
	assert_ptr_equal(virt_to_page(pte), pmd_page(pmdp_get(swap_table.pmd)));
	assert_ptr_not_equal(virt_to_page(pte), first);
	assert_ptr_equal(ptl, pte_lockptr(f->mm, swap_table.pmd));
	assert_true(vmsim_spin_owned(ptl));
	assert_false(spin_is_locked(page_ptdesc(first)->ptl));
	pte_unmap_unlock(pte, ptl);
	pte_free(f->mm, first);

	/* Gone: nothing is found, nothing stays locked. */
	swap_table.other = NULL;
	swap_table.left = 1;
	assert_null(pte_offset_map_lock(f->mm, swap_table.pmd, 0, &ptl));
	assert_false(rcu_read_lock_held());
	assert_false(spin_is_locked(page_ptdesc(swap_table.other)->ptl));
	assert_int_equal(vmsim_unsubscribe(f->handle, replace_table, &swap_table), 0);
	pte_free(f->mm, swap_table.other);
	fixture_free_tables(f->mm, 0, TASK_SIZE);
	assert_int_equal(f->m->tables, 1);
}

static bool has_table(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(pgdp_get(pgd)))
		return false;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(p4dp_get(p4d)))
		return false;
	pud = pud_offset(p4d, addr);
	return !pud_none(pudp_get(pud)) && !pmd_none(pmdp_get(pmd_offset(pud, addr)));
}

static void free_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		       unsigned long floor, unsigned long ceiling)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	free_pgd_range(&tlb, start, end, floor, ceiling);
	tlb_finish_mmu(&tlb);
	rcu_barrier();
}

/* Tables that neighbours below or above need are left alone. */
static void test_floor_and_ceiling(void **state)
{
	const unsigned long base = PUD_SIZE, m = PMD_SIZE, p = PAGE_SIZE;
	/* A mapping from the middle of the table at base to the middle of the one at base + 2m. */
	const unsigned long start = base + m / 2, end = base + 2 * m + m / 2;
	const struct {
		unsigned long floor, ceiling;
		bool stays[3];
	} cases[] = {
		{ 0, 0, { false, false, false } },
		{ base, base + 3 * m, { false, false, false } },
		{ base + p, base + 3 * m, { true, false, false } },
		{ start, end, { true, false, true } },
		{ base, end + p, { false, false, true } },
		{ base, base + 3 * m - p, { false, false, true } },
		{ 0, end, { false, false, true } },
		{ start, 0, { true, false, false } },
	};
	struct fixture *f = *state;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int stay = 0;

		for (unsigned int t = 0; t < 3; t++)
			fixture_pte(f->mm, base + t * m);
		free_range(f->mm, start, end, cases[i].floor, cases[i].ceiling);
		for (unsigned int t = 0; t < 3; t++) {
			assert_int_equal(has_table(f->mm, base + t * m), cases[i].stays[t]);
			stay += cases[i].stays[t];
		}
		/* Upper tables go with the last one below, where all of their range may. */
		if (!stay && cases[i].floor == 0 && cases[i].ceiling == 0)
			assert_int_equal(f->m->tables, 1);
		else
			assert_int_equal(f->m->tables, levels(f) - 1 + stay);
		fixture_free_tables(f->mm, 0, TASK_SIZE);
		assert_int_equal(f->m->tables, 1);
		assert_int_equal(atomic_long_read(&f->mm->pgtables_bytes), 0);
	}
}

struct unhooking {
	unsigned int set, freed;
	bool wrong;
};

static void watch_unhooking(void *arg, const struct vmsim_event *event)
{
	struct unhooking *u = arg;

	if (event->kind == VMSIM_EV_TABLE_SET && event->arg[2] == 0)
		u->set++;
	else if (event->kind == VMSIM_EV_FLUSH_END && u->freed)
		u->wrong = true;
	else if (event->kind == VMSIM_EV_TABLE_FREE && ++u->freed > u->set)
		u->wrong = true;
}

/* Unhooked, flushed, freed: in this order (R2). */
static void test_order_of_freeing(void **state)
{
	struct fixture *f = *state;
	struct unhooking u = { 0 };

	fixture_pte(f->mm, 0);
	assert_int_equal(vmsim_subscribe(f->handle, VMSIM_EV_BIT(TABLE_SET) |
					 VMSIM_EV_BIT(TABLE_FREE) | VMSIM_EV_BIT(FLUSH_END),
					 watch_unhooking, &u), 0);
	fixture_free_tables(f->mm, 0, TASK_SIZE);
	assert_int_equal(vmsim_unsubscribe(f->handle, watch_unhooking, &u), 0);
	assert_int_equal(u.set, levels(f) - 1);
	assert_int_equal(u.freed, levels(f) - 1);
	assert_false(u.wrong);
}

static void test_task_size(void **state)
{
	struct fixture *f = *state;
	unsigned int bits = PAGE_SHIFT + 9 * levels(f) - 1;

	if (CONFIG_PGTABLE_LEVELS == 3)
		bits = 31;
	assert_int_equal(TASK_SIZE, (1UL << bits) - PAGE_SIZE);
}

#define WITH(test, levels) \
	{ #test " with " #levels, test, levels, teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
#define BOTH(test) WITH(test, setup), WITH(test, setup_most_levels)
		BOTH(test_grow),
		BOTH(test_sharing_of_tables),
		BOTH(test_allocation_failure),
		BOTH(test_somebody_else_was_faster),
		BOTH(test_lookup),
		BOTH(test_leaf_is_no_table),
		BOTH(test_lock_looks_again),
		BOTH(test_floor_and_ceiling),
		BOTH(test_order_of_freeing),
		BOTH(test_task_size),
	};

	return vmsim_run_tests(tests);
}
