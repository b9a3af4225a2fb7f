// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"
#include <vmsim/pin.h>

/*
 * A05: who may put another page in the place of an anonymous one. A page that may be shared anybody
 * may replace; an exclusive one only who could share it first, which fails while it is pinned. A
 * page that may be shared does not get pinned, so there is no row for it.
 */

enum write { IN_PLACE, REUSED, COPIED };

static const struct row {
	bool exclusive, writable, pinned;
	/* 1: there is nothing to share */
	int try_share;
	/* How the program's next write goes, and how where somebody has tried to share the page. */
	enum write written, written_shared;
} rows[] = {
	{ true, true, false, 0, IN_PLACE, COPIED },
	{ true, true, true, -EBUSY, IN_PLACE, IN_PLACE },
	{ true, false, false, 0, REUSED, COPIED },
	{ true, false, true, -EBUSY, REUSED, REUSED },
	{ false, false, false, 1, COPIED, COPIED },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

/* What the page was before the fork is what the child has. */
static unsigned long page_of(const struct row *row, int *child)
{
	unsigned long addr = map(1, RW, ANON);
	struct vmsim_pins *pins;

	store(addr, 1);
	*child = 0;
	if (row->writable)
		return addr;
	*child = fork_process();
	if (!row->exclusive)
		return addr;
	assert_int_equal(vmsim_pin(addr, 1, 0, &pins), 1);
	assert_int_equal(vmsim_unpin(pins, false), 0);
	return addr;
}

static void assert_is(const struct row *row, unsigned long addr)
{
	assert_int_equal(!!pte_write(entry_of(vmsim_self->mm, addr)), row->writable);
	assert_int_equal(!!PageAnonExclusive(page_at(vmsim_self->mm, addr)), row->exclusive);
}

static struct vmsim_pins *pin_of(const struct row *row, unsigned long addr)
{
	struct vmsim_pins *pins = NULL;

	if (row->pinned)
		assert_int_equal(vmsim_pin(addr, 1, 0, &pins), 1);
	return pins;
}

static void assert_written(unsigned long addr, struct vmsim_pins *pins, enum write how)
{
	struct page *page = page_at(vmsim_self->mm, addr);
	struct vmsim_stats before = stats_now(), after;
	uint64_t seen = 0;

	store(addr, 2);
	after = stats_now();
	assert_int_equal(after.copies - before.copies, how == COPIED);
	assert_int_equal(after.reuses - before.reuses, how == REUSED);
	assert_int_equal(page_at(vmsim_self->mm, addr) == page, how != COPIED);
	if (!pins)
		return;
	assert_int_equal(vmsim_dma_read(pins, 0, &seen, 8), 0);
	assert_int_equal(seen, 2);
}

static void end_row(struct vmsim_pins *pins, unsigned long addr, int child)
{
	if (pins)
		assert_int_equal(vmsim_unpin(pins, false), 0);
	assert_int_equal(vmsim_munmap(addr, PG), 0);
	if (child)
		end_process(child);
	recount();
}

static void test_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_ROWS; i++) {
		int child;
		unsigned long addr = page_of(&rows[i], &child);
		struct vmsim_pins *pins = pin_of(&rows[i], addr);

		print_message("row %zu\n", i);
		assert_is(&rows[i], addr);
		assert_written(addr, pins, rows[i].written);
		end_row(pins, addr, child);
	}
}

static pmd_t *pmd_at(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);

	return pmd_offset(pud_offset(p4d_offset(pgd, addr), addr), addr);
}

/* As KSM begins: somebody else holds the page, too, and the entry gets read-only if it may. */
static int try_share(unsigned long addr, struct page *page)
{
	struct vm_area_struct *vma = vma_at(addr);
	struct mm_struct *mm = vmsim_self->mm;
	spinlock_t *ptl;
	pte_t *ptep, entry;
	int err;

	vmsim_enter();
	ptep = pte_offset_map_lock(mm, pmd_at(mm, addr), addr, &ptl);
	entry = ptep_clear_flush(vma, addr, ptep);
	err = folio_try_share_anon_rmap_pte(page_folio(page), page);
	set_pte_at(mm, addr, ptep, err ? entry : pte_wrprotect(entry));
	pte_unmap_unlock(ptep, ptl);
	vmsim_leave();
	return err;
}

static void test_try_share(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_ROWS; i++) {
		int child;
		unsigned long addr = page_of(&rows[i], &child);
		struct vmsim_pins *pins = pin_of(&rows[i], addr);
		struct page *page = page_at(vmsim_self->mm, addr);

		print_message("row %zu\n", i);
		vmsim_enter();
		get_page(page);
		vmsim_leave();
		if (rows[i].try_share <= 0)
			assert_int_equal(try_share(addr, page), rows[i].try_share);
		assert_int_equal(!!PageAnonExclusive(page), rows[i].try_share < 0);
		assert_written(addr, pins, rows[i].written_shared);
		vmsim_enter();
		put_page(page);
		vmsim_leave();
		end_row(pins, addr, child);
	}
}

/* A pin is of a page that the program has alone: it takes a copy first (A08). */
static void test_shared_page_is_not_pinned(void **state)
{
	static const unsigned int how[] = { 0, VMSIM_PIN_LOCKED, VMSIM_PIN_LONGTERM,
					    VMSIM_PIN_WRITE };
	const struct row shared = { false, false, false, 1, COPIED, COPIED };

	(void)state;
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		int child;
		unsigned long addr = page_of(&shared, &child);
		struct page *page = page_at(vmsim_self->mm, addr);
		struct vmsim_pins *pins;

		assert_int_equal(vmsim_pin(addr, 1, how[i], &pins), 1);
		assert_false(folio_maybe_dma_pinned(page_folio(page)));
		assert_ptr_not_equal(page_at(vmsim_self->mm, addr), page);
		assert_true(folio_maybe_dma_pinned(page_folio(page_at(vmsim_self->mm, addr))));
		end_row(pins, addr, child);
	}
}

#define ZEROES 4

static void assert_zero_page_untouched(void)
{
	struct page *zero = ZERO_PAGE(0);

	assert_int_equal(page_count(zero), 1);
	assert_int_equal(page_mapcount(zero), 0);
	assert_false(PageAnonExclusive(zero));
	assert_false(folio_maybe_dma_pinned(page_folio(zero)));
}

/* Nobody counts the page of zeroes, and it is nobody's, whatever is done with it (A16). */
static void test_zero_page(void **state)
{
	unsigned long addr = map(ZEROES, RW, ANON);
	struct vmsim_pins *pins;
	int child;

	(void)state;
	for (unsigned long i = 0; i < ZEROES; i++)
		assert_int_equal(load(addr + i * PG), 0);
	assert_ptr_equal(page_at(vmsim_self->mm, addr), ZERO_PAGE(0));
	assert_zero_page_untouched();
	recount();
	child = fork_process();
	assert_zero_page_untouched();
	store(addr, 1);
	store(addr + PG, 2);
	assert_zero_page_untouched();
	recount();
	/* For reading it does: it stays what it is. For writing there is a copy. */
	assert_int_equal(vmsim_pin(addr + 2 * PG, 1, 0, &pins), 1);
	assert_ptr_equal(page_at(vmsim_self->mm, addr + 2 * PG), ZERO_PAGE(0));
	assert_zero_page_untouched();
	assert_int_equal(vmsim_unpin(pins, false), 0);
	assert_int_equal(vmsim_pin(addr + 3 * PG, 1, VMSIM_PIN_WRITE, &pins), 1);
	assert_ptr_not_equal(page_at(vmsim_self->mm, addr + 3 * PG), ZERO_PAGE(0));
	assert_zero_page_untouched();
	assert_int_equal(vmsim_unpin(pins, false), 0);
	assert_int_equal(vmsim_madvise(addr, ZEROES * PG, MADV_DONTNEED), 0);
	end_process(child);
	assert_zero_page_untouched();
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_writes),
		in_watched_world(test_try_share),
		in_watched_world(test_shared_page_is_not_pinned),
		in_watched_world(test_zero_page),
	};

	return vmsim_run_tests(tests);
}
