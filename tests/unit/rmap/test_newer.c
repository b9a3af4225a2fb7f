// SPDX-License-Identifier: GPL-2.0-only
#include "rmap_test.h"

/* What mm/rmap.c of Linux 6.12 does, and that of 6.1 did not. */

/* Nobody looks at mappings that are read from one end to the other: their entries stay young. */
static void test_referenced_passes_over_sequential_reads(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 0, w->file, MAP_SHARED, 7, 1, false), vm_flags;
	struct vm_area_struct *vma = vmsim_vma_first(&w->mm[0]->mm_mt);
	struct folio *folio;

	vmsim_enter();
	folio = locked_folio(w, 7);
	vma->vm_flags |= VM_SEQ_READ;
	assert_int_equal(folio_referenced(folio, 1, NULL, &vm_flags), 0);
	vma->vm_flags &= ~(vm_flags_t)VM_SEQ_READ;
	assert_true(pte_young(value_of(w->mm[0], addr)));
	assert_int_equal(folio_referenced(folio, 1, NULL, &vm_flags), 1);
	unlock_and_put(folio);
	vmsim_leave();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rmap_test(test_referenced_passes_over_sequential_reads),
	};

	return vmsim_run_tests(tests);
}
