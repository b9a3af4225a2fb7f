// SPDX-License-Identifier: GPL-2.0-only
#include "gather_test.h"

/* When a gather flushes, and what. */

/* How flushes of entries alone are counted: s390 needs none. */
#ifdef CONFIG_MMU_GATHER_NO_GATHER
#define ENTRIES_NEED_FLUSH 0
#else
#define ENTRIES_NEED_FLUSH 1
#endif

static uint64_t flushes_since(struct world *w, const struct vmsim_stats *before)
{
	return stats_of(w).flushes - before->flushes;
}

static void test_nothing_cleared_nothing_flushed(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, w->mm);
	assert_int_equal(tlb.end, 0);
	tlb_flush_mmu(&tlb);
	tlb_finish_mmu(&tlb);
	tlb_gather_mmu_fullmm(&tlb, w->mm);
	tlb_finish_mmu(&tlb);
	assert_int_equal(flushes_since(w, &before), 0);
}

static void test_pending_counts_from_begin_to_end(void **state)
{
	struct world *w = *state;
	struct mmu_gather one, two;

	assert_false(mm_tlb_flush_pending(w->mm));
	tlb_gather_mmu(&one, w->mm);
	assert_true(mm_tlb_flush_pending(w->mm));
	assert_false(mm_tlb_flush_nested(w->mm));
	tlb_gather_mmu(&two, w->mm);
	assert_true(mm_tlb_flush_nested(w->mm));
	tlb_flush_mmu(&two);
	assert_true(mm_tlb_flush_nested(w->mm));
	tlb_finish_mmu(&two);
	assert_false(mm_tlb_flush_nested(w->mm));
	tlb_finish_mmu(&one);
	assert_false(mm_tlb_flush_pending(w->mm));
}

/* The kernel's macros take a pointer by its name. */
static void record_entry(struct mmu_gather *tlb, unsigned long addr)
{
	pte_t none = __pte(0);

	(void)none;
	tlb_remove_tlb_entry(tlb, &none, addr);
}

static void test_range_grows_and_is_reset(void **state)
{
	struct world *w = *state;
	struct mmu_gather tlb;
	pte_t none = __pte(0);

	tlb_gather_mmu(&tlb, w->mm);
	tlb_change_page_size(&tlb, PAGE_SIZE);
	record_entry(&tlb, ADDR + 5 * PAGE_SIZE);
	assert_int_equal(tlb.start, ADDR + 5 * PAGE_SIZE);
	assert_int_equal(tlb.end, ADDR + 6 * PAGE_SIZE);
	tlb_remove_tlb_entries(&tlb, &none, 1, ADDR);
	tlb_flush_pte_range(&tlb, ADDR + 7 * PAGE_SIZE, 2 * PAGE_SIZE);
	assert_int_equal(tlb.start, ADDR);
	assert_int_equal(tlb.end, ADDR + 9 * PAGE_SIZE);
	assert_true(tlb.cleared_ptes);
	assert_false(tlb.freed_tables);

	log_begin(w, VMSIM_EV_BIT(FLUSH_BEGIN));
	tlb_flush_mmu_tlbonly(&tlb);
	log_end(w);
	assert_int_equal(log_count(VMSIM_EV_FLUSH_BEGIN), ENTRIES_NEED_FLUSH);
	if (ENTRIES_NEED_FLUSH) {
		assert_int_equal(event_log.event[0].arg[0], (uintptr_t)w->mm);
		assert_int_equal(event_log.event[0].arg[1], ADDR);
		assert_int_equal(event_log.event[0].arg[2], ADDR + 9 * PAGE_SIZE);
	}
	assert_int_equal(tlb.end, 0);
	assert_int_equal(tlb.start, TASK_SIZE);
	assert_false(tlb.cleared_ptes);
	tlb_finish_mmu(&tlb);
}

static void test_levels_choose_the_stride(void **state)
{
	struct world *w = *state;
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, w->mm);
	assert_int_equal(tlb_get_unmap_shift(&tlb), PAGE_SHIFT);
	tlb_flush_p4d_range(&tlb, ADDR, PAGE_SIZE);
	assert_int_equal(tlb_get_unmap_shift(&tlb), P4D_SHIFT);
	tlb_flush_pud_range(&tlb, ADDR, PAGE_SIZE);
	assert_int_equal(tlb_get_unmap_shift(&tlb), PUD_SHIFT);
	tlb_flush_pmd_range(&tlb, ADDR, PAGE_SIZE);
	assert_int_equal(tlb_get_unmap_shift(&tlb), PMD_SHIFT);
	assert_int_equal(tlb_get_unmap_size(&tlb), PMD_SIZE);
	tlb_flush_pte_range(&tlb, ADDR, PAGE_SIZE);
	assert_int_equal(tlb_get_unmap_shift(&tlb), PAGE_SHIFT);
	assert_true(tlb.cleared_ptes && tlb.cleared_pmds && tlb.cleared_puds && tlb.cleared_p4ds);
	tlb_finish_mmu(&tlb);
}

static void test_fullmm_flushes_everything_once(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;

	tlb_gather_mmu_fullmm(&tlb, w->mm);
	assert_int_equal(tlb.end, ~0UL);
	tlb_change_page_size(&tlb, PAGE_SIZE);
	tlb_flush_pte_range(&tlb, ADDR, PAGE_SIZE);
	log_begin(w, VMSIM_EV_BIT(FLUSH_BEGIN));
	tlb_finish_mmu(&tlb);
	log_end(w);
	assert_int_equal(log_count(VMSIM_EV_FLUSH_BEGIN), 1);
	assert_int_equal(event_log.event[0].arg[2], TLB_FLUSH_ALL);
	assert_int_equal(stats_of(w).flushes_full, before.flushes_full + 1);
}

/*
 * Two gathers in one address space (E17). The one that ends first cannot know what the other has
 * cleared and not flushed; its caller relies on the range being empty all the same.
 */
static void test_nested_gather_flushes_everything(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather first, second;

	begin_with_cleared_pte(w, &first);
	/* Finds the entries empty, and so records nothing. */
	tlb_gather_mmu(&second, w->mm);
	log_begin(w, VMSIM_EV_BIT(FLUSH_BEGIN) | VMSIM_EV_BIT(FLUSH_END) |
		     VMSIM_EV_BIT(FLUSH_PENDING));
	tlb_finish_mmu(&second);
	log_end(w);
	assert_int_equal(log_count(VMSIM_EV_FLUSH_BEGIN), 1);
	assert_int_equal(event_log.event[0].arg[1], 0);
	assert_int_equal(event_log.event[0].arg[2], TLB_FLUSH_ALL);
	assert_before(FLUSH_END, FLUSH_PENDING);
	assert_int_equal(stats_of(w).flushes_full, before.flushes_full + 1);

	tlb_finish_mmu(&first);
	assert_int_equal(flushes_since(w, &before), 1 + ENTRIES_NEED_FLUSH);
	assert_int_equal(stats_of(w).flushes_full, before.flushes_full + 1);
}

/* Only the one that ends first is widened. */
static void test_last_of_nested_gathers_is_as_it_was(void **state)
{
	struct world *w = *state;
	struct mmu_gather first, second;

	begin_with_cleared_pte(w, &first);
	tlb_gather_mmu(&second, w->mm);
	tlb_finish_mmu(&second);
	assert_true(second.fullmm);
	tlb_finish_mmu(&first);
	assert_false(first.fullmm);
}

static void vma_init(struct world *w, struct vm_area_struct *vma, vm_flags_t flags)
{
	*vma = (struct vm_area_struct) {
		.vm_mm = w->mm,
		.vm_start = ADDR,
		.vm_end = ADDR + 16 * PAGE_SIZE,
		.vm_flags = flags,
	};
}

static uint64_t flushes_at_end_of(struct world *w, vm_flags_t flags, bool fullmm)
{
	struct vmsim_stats before = stats_of(w);
	struct vm_area_struct vma;
	struct mmu_gather tlb;
	uint64_t flushes;

	vma_init(w, &vma, flags);
	if (fullmm)
		tlb_gather_mmu_fullmm(&tlb, w->mm);
	else
		tlb_gather_mmu(&tlb, w->mm);
	tlb_start_vma(&tlb, &vma);
	tlb_flush_pte_range(&tlb, ADDR, PAGE_SIZE);
	tlb_flush_pmd_range(&tlb, ADDR, PAGE_SIZE);
	tlb.freed_tables = 1;
	tlb_end_vma(&tlb, &vma);
	flushes = flushes_since(w, &before);
	tlb_finish_mmu(&tlb);
	return flushes;
}

static void test_pfn_mappings_flush_at_the_end_of_the_vma(void **state)
{
	struct world *w = *state;

	assert_int_equal(flushes_at_end_of(w, VM_READ | VM_WRITE, false), 0);
	assert_int_equal(flushes_at_end_of(w, VM_PFNMAP, false), 1);
	assert_int_equal(flushes_at_end_of(w, VM_MIXEDMAP, false), 1);
	assert_int_equal(flushes_at_end_of(w, VM_PFNMAP, true), 0);
}

static void test_vma_flags_survive_a_flush(void **state)
{
	struct world *w = *state;
	struct vm_area_struct vma;
	struct mmu_gather tlb;

	vma_init(w, &vma, VM_EXEC | VM_PFNMAP);
	tlb_gather_mmu(&tlb, w->mm);
	tlb_start_vma(&tlb, &vma);
	assert_true(tlb.vma_exec && tlb.vma_pfn && !tlb.vma_huge);
	tlb_flush_pte_range(&tlb, ADDR, PAGE_SIZE);
	tlb_flush_mmu(&tlb);
	assert_true(tlb.vma_exec && tlb.vma_pfn);
	vma_init(w, &vma, VM_READ);
	tlb_start_vma(&tlb, &vma);
	assert_false(tlb.vma_exec || tlb.vma_pfn);
	tlb_finish_mmu(&tlb);
}

#ifndef VMSIM_GATHER_6_1
static void test_gather_of_one_vma(void **state)
{
	struct world *w = *state;
	struct vm_area_struct vma;
	struct mmu_gather tlb;

	vma_init(w, &vma, VM_EXEC);
	tlb_gather_mmu_vma(&tlb, &vma);
	assert_ptr_equal(tlb.mm, w->mm);
	assert_true(tlb.vma_exec);
	assert_false(tlb.fullmm);
	tlb_finish_mmu(&tlb);
	assert_false(mm_tlb_flush_pending(w->mm));
}
#endif

static void test_need_flush_all(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before = stats_of(w);
	struct mmu_gather tlb;

	if (!ENTRIES_NEED_FLUSH)
		return;
	begin_with_cleared_pte(w, &tlb);
	tlb.need_flush_all = 1;
	tlb_finish_mmu(&tlb);
	assert_int_equal(stats_of(w).flushes_full, before.flushes_full + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		gather_test(test_nothing_cleared_nothing_flushed),
		gather_test(test_pending_counts_from_begin_to_end),
		gather_test(test_range_grows_and_is_reset),
		gather_test(test_levels_choose_the_stride),
		gather_test(test_fullmm_flushes_everything_once),
		gather_test(test_nested_gather_flushes_everything),
		gather_test(test_last_of_nested_gathers_is_as_it_was),
		gather_test(test_pfn_mappings_flush_at_the_end_of_the_vma),
		gather_test(test_vma_flags_survive_a_flush),
#ifndef VMSIM_GATHER_6_1
		gather_test(test_gather_of_one_vma),
#endif
		gather_test(test_need_flush_all),
	};

	return vmsim_run_tests(tests);
}
