/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_MM_FORK_TEST_H
#define TEST_MM_FORK_TEST_H

#include "world.h"
#include "rmap_recount.h"

/* A world in which every oracle watches. */
static inline int watched_begin(void **state)
{
	const struct vmsim_config config = world_config();

	(void)state;
	return world_begin_as(&config, VMSIM_ORACLES_ALL);
}

/* Everything is counted again, and what has been seen so far was right. */
static inline void recount(void)
{
	struct vmsim_violation v;

	settle();
	vmsim_check_quiescent(world.machine);
	if (!vmsim_violation_get(world.machine, 0, &v))
		fail_msg("%s %s: %s", v.oracle, v.rule, v.text);
	recount_anon_vmas(world.machine);
}

#define in_watched_world(test) cmocka_unit_test_setup_teardown(test, watched_begin, world_end)

/* The same thread, of another process. */
static inline void become(int pid)
{
	assert_int_equal(vmsim_become(pid), 0);
}

static inline int fork_process(void)
{
	int pid = vmsim_fork(NULL);

	assert_true(pid > 0);
	return pid;
}

static inline void end_process(int pid)
{
	assert_int_equal(vmsim_process_destroy(world.machine, pid), 0);
}

static inline struct vmsim_rss rss_of(int pid)
{
	struct vmsim_rss rss;

	assert_int_equal(vmsim_rss_get(world.machine, pid, &rss), 0);
	return rss;
}

static inline struct mm_struct *mm_of(int pid)
{
	return vmsim_process_find(vmsim_machine_get(world.machine), pid)->mm;
}

/* The caller's mapping at an address. */
static inline struct vm_area_struct *vma_at(unsigned long addr)
{
	struct mm_struct *mm = vmsim_self->mm;
	struct vm_area_struct *vma;

	vmsim_enter();
	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	mmap_read_unlock(mm);
	vmsim_leave();
	assert_non_null(vma);
	return vma;
}

/* The entry as it stands in memory; 0: no table. */
static inline pte_t entry_of(struct mm_struct *mm, unsigned long addr)
{
	pte_t *ptep = chk_find_pte(mm, addr);

	return ptep ? __pte(chk_read_pte(ptep)) : __pte(0);
}

static inline struct page *page_at(struct mm_struct *mm, unsigned long addr)
{
	return pfn_to_page(pte_pfn(entry_of(mm, addr)));
}

#endif
