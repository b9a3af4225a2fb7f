/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MMU_NOTIFIER_H
#define _VMSIM_LINUX_MMU_NOTIFIER_H

/*
 * Secondary TLBs are not modelled: there is nobody to notify, as with CONFIG_MMU_NOTIFIER=n. What
 * is not declared here does not compile.
 */
#include <linux/mm.h>

/* Why entries of a range change (include/linux/mmu_notifier.h, Linux 6.12). */
enum mmu_notifier_event {
	MMU_NOTIFY_UNMAP = 0,
	MMU_NOTIFY_CLEAR,
	MMU_NOTIFY_PROTECTION_VMA,
	MMU_NOTIFY_PROTECTION_PAGE,
	MMU_NOTIFY_SOFT_DIRTY,
	MMU_NOTIFY_RELEASE,
	MMU_NOTIFY_MIGRATE,
	MMU_NOTIFY_EXCLUSIVE,
};

#define MMU_NOTIFIER_RANGE_BLOCKABLE (1 << 0)

struct mmu_notifier_range {
	unsigned long start;
	unsigned long end;
};

static inline void vmsim_mmu_notifier_range_init(struct mmu_notifier_range *range,
						 unsigned long start, unsigned long end)
{
	range->start = start;
	range->end = end;
}

#define mmu_notifier_range_init(range, event, flags, mm, start, end) \
	vmsim_mmu_notifier_range_init(range, start, end)
#define mmu_notifier_range_init_owner(range, event, flags, mm, start, end, owner) \
	vmsim_mmu_notifier_range_init(range, start, end)

static inline bool mmu_notifier_range_blockable(const struct mmu_notifier_range *range)
{
	(void)range;
	return true;
}

static inline void mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range)
{
	(void)range;
}

static inline int
mmu_notifier_invalidate_range_start_nonblock(struct mmu_notifier_range *range)
{
	(void)range;
	return 0;
}

static inline void mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range)
{
	(void)range;
}

/* Until Linux 6.5; the gather calls the first one at each flush. */
static inline void mmu_notifier_invalidate_range(struct mm_struct *mm, unsigned long start,
						 unsigned long end)
{
	(void)mm, (void)start, (void)end;
}

static inline void mmu_notifier_invalidate_range_only_end(struct mmu_notifier_range *range)
{
	(void)range;
}

static inline int mm_has_notifiers(struct mm_struct *mm)
{
	(void)mm;
	return 0;
}

#define ptep_clear_flush_notify ptep_clear_flush
#define ptep_clear_flush_young_notify ptep_clear_flush_young
#define pmdp_clear_flush_young_notify pmdp_clear_flush_young
#define ptep_clear_young_notify ptep_test_and_clear_young
#define pmdp_clear_young_notify pmdp_test_and_clear_young
#define pmdp_huge_clear_flush_notify pmdp_huge_clear_flush
#define set_pte_at_notify set_pte_at

#endif
