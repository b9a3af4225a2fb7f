/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_GUP_H
#define TEST_GUP_H

#include "../mm/world.h"
#include <vmsim/pin.h>
#include <linux/pagemap.h>
#include "folio/folio.h"

/* References of one page that is mapped once and pinned so many times. */
#define PINNED(times) (1 + (times) * (int)GUP_PIN_COUNTING_BIAS)

static inline pmd_t *pmd_at(unsigned long addr)
{
	pgd_t *pgd = pgd_offset(vmsim_self->mm, addr);

	return pmd_offset(pud_offset(p4d_offset(pgd, addr), addr), addr);
}

static inline pte_t pte_at(unsigned long addr)
{
	pte_t *pte, value;

	vmsim_enter();
	pte = pte_offset_map(pmd_at(addr), addr);
	assert_non_null(pte);
	value = ptep_get(pte);
	pte_unmap(pte);
	vmsim_leave();
	return value;
}

static inline struct page *page_at(unsigned long addr)
{
	pte_t pte = pte_at(addr);

	return pte_present(pte) ? pte_page(pte) : NULL;
}

static inline void write_protect(unsigned long addr)
{
	struct mm_struct *mm = vmsim_self->mm;
	spinlock_t *ptl;
	pte_t *pte;

	vmsim_enter();
	pte = pte_offset_map_lock(mm, pmd_at(addr), addr, &ptl);
	ptep_set_wrprotect(mm, addr, pte);
	flush_tlb_mm_range(mm, addr, addr + PG, PAGE_SHIFT, false);
	pte_unmap_unlock(pte, ptl);
	vmsim_leave();
}

/* As a page that others may map, too. */
static inline struct page *make_shared(unsigned long addr)
{
	struct page *page = page_at(addr);

	assert_non_null(page);
	write_protect(addr);
	do_in_kernel(ClearPageAnonExclusive(page));
	return page;
}

/* A file of which page i holds i + 1000 in its first word. */
static inline int make_file(unsigned int pages)
{
	int file = vmsim_file_create(world.machine, "f", pages * PG);

	assert_true(file > 0);
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t page[512] = { i + 1000 };

		assert_int_equal(vmsim_file_write(file, i * PG, page, PG), PG);
	}
	assert_int_equal(vmsim_file_sync(file, 0, pages * PG), 0);
	return file;
}

/* By GUP-fast with its fallback, and with the lock at once. */
static inline long pin_both(unsigned long addr, unsigned int flags)
{
	struct page *page = NULL;
	long fast = in_kernel(pin_user_pages_fast(addr, 1, flags, &page));
	long slow;

	if (fast == 1)
		do_in_kernel(unpin_user_page(page));
	slow = in_kernel(pin_user_pages_unlocked(addr, 1, &page, flags));
	if (slow == 1)
		do_in_kernel(unpin_user_page(page));
	assert_int_equal(fast, slow);
	return slow;
}

static inline void see_mmap_lock(void *arg, const struct vmsim_event *event)
{
	if (event->arg[0] == (uintptr_t)&current->mm->mmap_lock)
		*(bool *)arg = true;
}

/*
 * What a walk without locks finds: a pin for which mmap_lock was taken is given back. @flags: FOLL_GET
 * or FOLL_PIN, and more.
 */
static inline int fast_only(unsigned long addr, unsigned int flags, struct page **page)
{
	bool locked = false;
	int nr;

	if (flags & FOLL_GET)
		return in_kernel(get_user_pages_fast_only(addr, 1, flags, page));
	flags = (flags & ~FOLL_PIN) | FOLL_NOFAULT;
	assert_int_equal(vmsim_subscribe(world.machine, VMSIM_EV_BIT(LOCK), see_mmap_lock, &locked),
			 0);
	nr = in_kernel(pin_user_pages_fast(addr, 1, flags, page));
	assert_int_equal(vmsim_unsubscribe(world.machine, see_mmap_lock, &locked), 0);
	if (!locked)
		return nr;
	if (nr == 1)
		do_in_kernel(unpin_user_page(*page));
	return 0;
}

static inline void drop_file(int file, unsigned long addr, unsigned int pages)
{
	assert_int_equal(vmsim_munmap(addr, pages * PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

static inline uint64_t in_file(int file, uint64_t page)
{
	uint64_t word[512];

	assert_int_equal(vmsim_file_read(file, page * PG, word, PG), PG);
	return word[0];
}

#endif
