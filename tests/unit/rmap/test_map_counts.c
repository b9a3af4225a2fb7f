// SPDX-License-Identifier: GPL-2.0-only
#include "rmap_test.h"
#include <linux/vmstat.h>

/* Map counts of small and large folios, and the events that tell of them. */

static struct {
	unsigned int nr;
	struct vmsim_event event[256];
} seen;

static void see(void *arg, const struct vmsim_event *event)
{
	(void)arg;
	if (seen.nr < ARRAY_SIZE(seen.event))
		seen.event[seen.nr++] = *event;
}

static void watch(struct world *w)
{
	seen.nr = 0;
	assert_int_equal(vmsim_subscribe(w->machine, VMSIM_EV_BIT(MAP_ADD) |
					 VMSIM_EV_BIT(MAP_REMOVE) | VMSIM_EV_BIT(MAP_ZERO),
					 see, NULL), 0);
}

static void unwatch(struct world *w)
{
	assert_int_equal(vmsim_unsubscribe(w->machine, see, NULL), 0);
}

static void check_event(unsigned int n, enum vmsim_event_kind kind, const void *object,
			uint64_t old_count, uint64_t new_count)
{
	assert_true(n < seen.nr);
	assert_int_equal(seen.event[n].kind, kind);
	assert_int_equal(seen.event[n].arg[0], (uintptr_t)object);
	assert_int_equal(seen.event[n].arg[1], old_count);
	assert_int_equal(seen.event[n].arg[2], new_count);
}

static struct vm_area_struct file_vma(struct world *w)
{
	return (struct vm_area_struct) {
		.vm_mm = w->mm[0], .vm_start = 0x100000, .vm_end = 0x200000,
	};
}

static void test_small_folio(void **state)
{
	struct world *w = *state;
	struct vm_area_struct vma = file_vma(w);
	struct folio *folio = folio_alloc(GFP_KERNEL, 0);
	struct page *page = folio_page(folio, 0);

	assert_false(folio_mapped(folio));
	watch(w);
	folio_add_file_rmap_pte(folio, page, &vma);
	folio_add_file_rmap_pte(folio, page, &vma);
	assert_int_equal(folio_mapcount(folio), 2);
	/* Pages that are mapped, not entries. */
	assert_int_equal(global_node_page_state(NR_FILE_MAPPED), 1);
	folio_remove_rmap_pte(folio, page, &vma);
	assert_int_equal(global_node_page_state(NR_FILE_MAPPED), 1);
	assert_true(folio_mapped(folio));
	folio_remove_rmap_pte(folio, page, &vma);
	unwatch(w);
	assert_false(folio_mapped(folio));
	assert_int_equal(atomic_read(&folio->_mapcount), -1);
	check_event(0, VMSIM_EV_MAP_ADD, page, 0, 1);
	check_event(1, VMSIM_EV_MAP_ADD, page, 1, 2);
	check_event(2, VMSIM_EV_MAP_REMOVE, page, 2, 1);
	check_event(3, VMSIM_EV_MAP_REMOVE, page, 1, 0);
	check_event(4, VMSIM_EV_MAP_ZERO, folio, 0, 0);
	assert_int_equal(seen.nr, 5);
	assert_int_equal(global_node_page_state(NR_FILE_MAPPED), 0);
	folio_put(folio);
}

/* Base counts, and what is derived from them, move together (R28, E59). */
static void check_large(struct folio *folio, const int *count)
{
	int nr = (int)folio_nr_pages(folio), entries = 0, mapped = 0;

	for (int i = 0; i < nr; i++) {
		assert_int_equal(page_mapcount(folio_page(folio, i)), count[i]);
		entries += count[i];
		mapped += count[i] > 0;
	}
	assert_int_equal(folio_large_mapcount(folio), entries);
	assert_int_equal(folio_mapcount(folio), entries);
	assert_int_equal(atomic_read(&folio->_nr_pages_mapped), mapped);
	assert_int_equal(folio_mapped(folio), entries > 0);
	assert_int_equal(folio_entire_mapcount(folio), 0);
}

static void test_large_folio_against_a_recount(void **state)
{
	struct world *w = *state;
	struct vm_area_struct vma = file_vma(w);
	struct folio *folio = folio_alloc(GFP_KERNEL, 3);
	int count[8] = { 0 };
	unsigned int random = 1;

	for (int round = 0; round < 2000; round++) {
		int first, nr, low = INT_MAX;

		random = random * 1103515245 + 12345;
		first = (int)(random >> 16) % 8;
		nr = 1 + (int)(random >> 20) % (8 - first);
		for (int i = first; i < first + nr; i++)
			low = min(low, count[i]);
		if (low == 0 || (random >> 28) & 1) {
			folio_add_file_rmap_ptes(folio, folio_page(folio, first), nr, &vma);
			for (int i = first; i < first + nr; i++)
				count[i]++;
		} else {
			folio_remove_rmap_ptes(folio, folio_page(folio, first), nr, &vma);
			for (int i = first; i < first + nr; i++)
				count[i]--;
		}
		check_large(folio, count);
	}
	for (int i = 0; i < 8; i++)
		while (count[i]--)
			folio_remove_rmap_pte(folio, folio_page(folio, i), &vma);
	assert_false(folio_mapped(folio));
	folio_put(folio);
}

static void test_large_folio_is_unmapped_once(void **state)
{
	struct world *w = *state;
	struct vm_area_struct vma = file_vma(w);
	struct folio *folio = folio_alloc(GFP_KERNEL, 2);

	folio_add_file_rmap_ptes(folio, folio_page(folio, 0), 4, &vma);
	watch(w);
	folio_remove_rmap_ptes(folio, folio_page(folio, 1), 2, &vma);
	assert_int_equal(seen.nr, 2);
	folio_remove_rmap_ptes(folio, folio_page(folio, 0), 1, &vma);
	folio_remove_rmap_ptes(folio, folio_page(folio, 3), 1, &vma);
	unwatch(w);
	assert_int_equal(seen.nr, 5);
	/* With the last page; which of the two counts goes first is not the same in all versions. */
	if (seen.event[3].kind == VMSIM_EV_MAP_ZERO) {
		check_event(3, VMSIM_EV_MAP_ZERO, folio, 0, 0);
		check_event(4, VMSIM_EV_MAP_REMOVE, folio_page(folio, 3), 1, 0);
	} else {
		check_event(3, VMSIM_EV_MAP_REMOVE, folio_page(folio, 3), 1, 0);
		check_event(4, VMSIM_EV_MAP_ZERO, folio, 0, 0);
	}
	folio_put(folio);
}

/* MAP_ZERO must not come before the count is zero: that is what its watchers check against. */
static void look_at_zero(void *arg, const struct vmsim_event *event)
{
	int *count = arg;

	*count = folio_mapcount((struct folio *)(uintptr_t)event->arg[0]);
}

static void test_zero_is_told_when_it_is_true(void **state)
{
	struct world *w = *state;
	struct vm_area_struct vma = file_vma(w);
	int count = -5;

	for (unsigned int order = 0; order <= 2; order += 2) {
		struct folio *folio = folio_alloc(GFP_KERNEL, order);

		folio_add_file_rmap_ptes(folio, folio_page(folio, 0), 1 << order, &vma);
		assert_int_equal(vmsim_subscribe(w->machine, VMSIM_EV_BIT(MAP_ZERO), look_at_zero,
						 &count), 0);
		folio_remove_rmap_ptes(folio, folio_page(folio, 0), 1 << order, &vma);
		assert_int_equal(vmsim_unsubscribe(w->machine, look_at_zero, &count), 0);
		assert_int_equal(count, 0);
		folio_put(folio);
	}
}

static void prepare(struct world *w, struct vm_area_struct *vma, unsigned long start)
{
	*vma = (struct vm_area_struct) {
		.vm_mm = w->mm[0], .vm_start = start, .vm_end = start + 16 * PAGE_SIZE,
		.vm_pgoff = start >> PAGE_SHIFT,
	};
	INIT_LIST_HEAD(&vma->anon_vma_chain);
	mmap_read_lock(w->mm[0]);
	assert_int_equal(anon_vma_prepare(vma), 0);
	mmap_read_unlock(w->mm[0]);
}

static void forget(struct world *w, struct vm_area_struct *vma)
{
	mmap_write_lock(w->mm[0]);
	unlink_anon_vmas(vma);
	mmap_write_unlock(w->mm[0]);
	assert_null(vma->anon_vma);
	assert_true(list_empty(&vma->anon_vma_chain));
}

static void test_new_anon_folio(void **state)
{
	struct world *w = *state;
	struct folio *small = folio_alloc(GFP_KERNEL, 0), *large = folio_alloc(GFP_KERNEL, 2);
	const int ones[4] = { 1, 1, 1, 1 };
	struct vm_area_struct vma;

	prepare(w, &vma, 0x40000000);
	watch(w);
	folio_add_new_anon_rmap(small, &vma, vma.vm_start + 3 * PAGE_SIZE, RMAP_EXCLUSIVE);
	folio_add_new_anon_rmap(large, &vma, vma.vm_start + 4 * PAGE_SIZE, RMAP_EXCLUSIVE);
	unwatch(w);
	assert_int_equal(seen.nr, 5);
	check_event(0, VMSIM_EV_MAP_ADD, folio_page(small, 0), 0, 1);
	assert_true(folio_test_anon(small) && folio_test_swapbacked(small));
	assert_ptr_equal(folio_anon_vma(small), vma.anon_vma);
	assert_int_equal(small->index, (vma.vm_start >> PAGE_SHIFT) + 3);
	assert_int_equal(folio_mapcount(small), 1);
	assert_true(PageAnonExclusive(folio_page(small, 0)));
	check_large(large, ones);
	for (int i = 0; i < 4; i++)
		assert_true(PageAnonExclusive(folio_page(large, i)));

	/* Shared: others may map it, so it must be found from the oldest anon_vma. */
	ClearPageAnonExclusive(folio_page(small, 0));
	folio_lock(small);
	folio_add_anon_rmap_pte(small, folio_page(small, 0), &vma, vma.vm_start + 3 * PAGE_SIZE,
				RMAP_NONE);
	folio_move_anon_rmap(small, &vma);
	folio_unlock(small);
	assert_int_equal(folio_mapcount(small), 2);
	assert_ptr_equal(folio_anon_vma(small), vma.anon_vma);

	folio_remove_rmap_pte(small, folio_page(small, 0), &vma);
	folio_remove_rmap_pte(small, folio_page(small, 0), &vma);
	folio_remove_rmap_ptes(large, folio_page(large, 0), 4, &vma);
	folio_put(small);
	folio_put(large);
	forget(w, &vma);
}

static jmp_buf bug_seen;

static void on_bug(const char *file, int line, const char *cond)
{
	(void)file, (void)line, (void)cond;
	longjmp(bug_seen, 1);
}

/* An anonymous page that a walk would look for elsewhere (O8). */
static void test_anon_folio_at_the_wrong_place_is_a_bug(void **state)
{
	struct world *w = *state;
	struct folio *folio = folio_alloc(GFP_KERNEL, 0);
	struct vm_area_struct vma;
	volatile bool seen_bug = true;

	prepare(w, &vma, 0x40000000);
	folio_add_new_anon_rmap(folio, &vma, vma.vm_start, RMAP_EXCLUSIVE);
	ClearPageAnonExclusive(folio_page(folio, 0));
	vmsim_set_bug_handler(on_bug);
	if (!setjmp(bug_seen)) {
		folio_add_anon_rmap_pte(folio, folio_page(folio, 0), &vma,
					vma.vm_start + PAGE_SIZE, RMAP_NONE);
		seen_bug = false;
	}
	vmsim_set_bug_handler(NULL);
	assert_true(seen_bug);
	while (folio_mapped(folio))
		folio_remove_rmap_pte(folio, folio_page(folio, 0), &vma);
	folio_put(folio);
	forget(w, &vma);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rmap_test(test_small_folio),
		rmap_test(test_large_folio_against_a_recount),
		rmap_test(test_large_folio_is_unmapped_once),
		rmap_test(test_zero_is_told_when_it_is_true),
		rmap_test(test_new_anon_folio),
		rmap_test(test_anon_folio_at_the_wrong_place_is_a_bug),
	};

	return vmsim_run_tests(tests);
}
