// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kconfig.h>
/* An architecture with cheap ranged flushes: they are not merged over VMAs. */
#undef CONFIG_MMU_GATHER_MERGE_VMAS
#include "gather_test.h"

static uint64_t flushes_at_end_of_vma(struct world *w, bool fullmm)
{
	struct vm_area_struct vma = { .vm_mm = w->mm, .vm_start = ADDR, .vm_end = ADDR + PMD_SIZE };
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;
	uint64_t flushes;

	if (fullmm)
		tlb_gather_mmu_fullmm(&tlb, w->mm);
	else
		tlb_gather_mmu(&tlb, w->mm);
	tlb_start_vma(&tlb, &vma);
	tlb_flush_pmd_range(&tlb, ADDR, PAGE_SIZE);
	tlb.freed_tables = 1;
	tlb_end_vma(&tlb, &vma);
	flushes = stats_of(w).flushes - before.flushes;
	tlb_finish_mmu(&tlb);
	assert_int_equal(stats_of(w).flushes, before.flushes + 1);
	return flushes;
}

static void test_every_vma_flushes_at_its_end(void **state)
{
	assert_int_equal(flushes_at_end_of_vma(*state, false), 1);
	/* Where everything goes, VMAs make no difference. */
	assert_int_equal(flushes_at_end_of_vma(*state, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		gather_test(test_every_vma_flushes_at_its_end),
	};

	return vmsim_run_tests(tests);
}
