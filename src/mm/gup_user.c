// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "machine/contents.h"

/*
 * How the rest of a kernel gets at pages of programs. Behaviour of mm/gup.c and, for access to
 * contents, mm/memory.c, Linux 6.12. What pin_user_pages*() gives goes back by unpin_user_page*(),
 * what get_user_pages*() gives by put_page().
 */

/*
 * What callers may ask for; adds what this interface asks for itself. @locked: the caller's word
 * whether mmap_lock is held, NULL: he has no say in it.
 */
static bool valid_args(struct page **pages, const int *locked, unsigned int *flags,
		       unsigned int to_set)
{
	unsigned int asked = *flags;

	if (WARN_ON_ONCE(asked & INTERNAL_GUP_FLAGS) || WARN_ON_ONCE(locked && *locked != 1))
		return false;
	asked |= to_set | (locked ? FOLL_UNLOCKABLE : 0);
	if (WARN_ON_ONCE((asked & (FOLL_PIN | FOLL_GET)) == (FOLL_PIN | FOLL_GET)) ||
	    WARN_ON_ONCE(!(asked & FOLL_PIN) && asked & FOLL_LONGTERM) ||
	    WARN_ON_ONCE(asked & (FOLL_GET | FOLL_PIN) && !pages) ||
	    WARN_ON_ONCE(asked & FOLL_LONGTERM && asked & FOLL_PCI_P2PDMA))
		return false;
	*flags = asked;
	return true;
}

/**
 * get_user_pages_remote() - references to pages of any address space
 * @mm: address space
 * @start: first address
 * @nr_pages: how many pages
 * @gup_flags: FOLL_*
 * @pages: receives the pages; NULL: they are only faulted in
 * @locked: 1, or NULL; would tell that the lock was dropped: it is not
 *
 * Context: mmap_lock held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many pages from @start on; -EINVAL: such flags do not go together; -EFAULT: not
 * mapped, or not with these rights; -ENOMEM; with FOLL_NOWAIT maybe 0.
 */
__vmsim_overridable long get_user_pages_remote(struct mm_struct *mm, unsigned long start,
					       unsigned long nr_pages, unsigned int gup_flags,
					       struct page **pages, int *locked)
{
	int always = 1;

	if (!valid_args(pages, locked, &gup_flags, FOLL_TOUCH | FOLL_REMOTE))
		return -EINVAL;
	return __get_user_pages_locked(mm, start, nr_pages, pages, locked ? locked : &always,
				       gup_flags);
}

/**
 * get_user_pages() - references to pages of the caller's address space
 * @start: first address
 * @nr_pages: how many pages
 * @gup_flags: FOLL_*
 * @pages: receives the pages; NULL: they are only faulted in
 *
 * Context: mmap_lock held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: as get_user_pages_remote().
 */
__vmsim_overridable long get_user_pages(unsigned long start, unsigned long nr_pages,
					unsigned int gup_flags, struct page **pages)
{
	int locked = 1;

	if (!valid_args(pages, NULL, &gup_flags, FOLL_TOUCH))
		return -EINVAL;
	return __get_user_pages_locked(current->mm, start, nr_pages, pages, &locked, gup_flags);
}

/**
 * get_user_pages_unlocked() - get_user_pages() that takes mmap_lock itself
 * @start: first address
 * @nr_pages: how many pages
 * @pages: receives the pages; NULL: they are only faulted in
 * @gup_flags: FOLL_*
 *
 * Context: mmap_lock not held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: as get_user_pages_remote().
 */
__vmsim_overridable long get_user_pages_unlocked(unsigned long start, unsigned long nr_pages,
						 struct page **pages, unsigned int gup_flags)
{
	int locked = 0;

	if (!valid_args(pages, NULL, &gup_flags, FOLL_TOUCH | FOLL_UNLOCKABLE))
		return -EINVAL;
	return __get_user_pages_locked(current->mm, start, nr_pages, pages, &locked, gup_flags);
}

/**
 * pin_user_pages_remote() - pins of pages of any address space
 * @mm: address space
 * @start: first address
 * @nr_pages: how many pages
 * @gup_flags: FOLL_*
 * @pages: receives the pages
 * @locked: 1, or NULL; would tell that the lock was dropped: it is not
 *
 * Where a page is held for long and could not be, the kernel moves it to where it can. There is no
 * such memory here (folio_is_longterm_pinnable()).
 *
 * Context: mmap_lock held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: as get_user_pages_remote(); 0: such flags do not go together.
 */
__vmsim_overridable long pin_user_pages_remote(struct mm_struct *mm, unsigned long start,
					       unsigned long nr_pages, unsigned int gup_flags,
					       struct page **pages, int *locked)
{
	int always = 1;

	if (!valid_args(pages, locked, &gup_flags, FOLL_PIN | FOLL_TOUCH | FOLL_REMOTE))
		return 0;
	return __get_user_pages_locked(mm, start, nr_pages, pages, locked ? locked : &always,
				       gup_flags);
}

/**
 * pin_user_pages() - pins of pages of the caller's address space
 * @start: first address
 * @nr_pages: how many pages
 * @gup_flags: FOLL_*
 * @pages: receives the pages
 *
 * Context: mmap_lock held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: as pin_user_pages_remote().
 */
__vmsim_overridable long pin_user_pages(unsigned long start, unsigned long nr_pages,
					unsigned int gup_flags, struct page **pages)
{
	int locked = 1;

	if (!valid_args(pages, NULL, &gup_flags, FOLL_PIN))
		return 0;
	return __get_user_pages_locked(current->mm, start, nr_pages, pages, &locked, gup_flags);
}

/**
 * pin_user_pages_unlocked() - pin_user_pages() that takes mmap_lock itself
 * @start: first address
 * @nr_pages: how many pages
 * @pages: receives the pages
 * @gup_flags: FOLL_*
 *
 * Context: mmap_lock not held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: as pin_user_pages_remote().
 */
__vmsim_overridable long pin_user_pages_unlocked(unsigned long start, unsigned long nr_pages,
						 struct page **pages, unsigned int gup_flags)
{
	int locked = 0;

	if (!valid_args(pages, NULL, &gup_flags, FOLL_PIN | FOLL_TOUCH | FOLL_UNLOCKABLE))
		return 0;
	return __get_user_pages_locked(current->mm, start, nr_pages, pages, &locked, gup_flags);
}

#define FAST_FLAGS							\
	(FOLL_WRITE | FOLL_LONGTERM | FOLL_FORCE | FOLL_PIN | FOLL_GET | FOLL_FAST_ONLY | \
	 FOLL_NOFAULT | FOLL_PCI_P2PDMA | FOLL_HONOR_NUMA_FAULT)

/**
 * gup_fast_fallback() - pages without a lock as far as it goes, and with it from there
 * @start: first address
 * @nr_pages: how many pages
 * @gup_flags: FOLL_*
 * @pages: receives the pages
 *
 * Context: mmap_lock not held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many pages from @start on; -EINVAL, -EOVERFLOW, -EFAULT; with FOLL_FAST_ONLY maybe 0.
 */
__vmsim_overridable int gup_fast_fallback(unsigned long start, unsigned long nr_pages,
					  unsigned int gup_flags, struct page **pages)
{
	unsigned long end, fast;
	int locked = 0;
	long slow;

	if (WARN_ON_ONCE(gup_flags & ~FAST_FLAGS))
		return -EINVAL;
	if (gup_flags & FOLL_PIN)
		mm_set_has_pinned_flag(&current->mm->flags);
	start &= PAGE_MASK;
	if (__builtin_add_overflow(start, nr_pages << PAGE_SHIFT, &end))
		return -EOVERFLOW;
	if (end > current->mm->task_size)
		return -EFAULT;
	fast = gup_fast(start, end, gup_flags, pages);
	if (fast == nr_pages || gup_flags & FOLL_FAST_ONLY)
		return (int)fast;
	slow = __get_user_pages_locked(current->mm, start + (fast << PAGE_SHIFT), nr_pages - fast,
				       pages + fast, &locked,
				       gup_flags | FOLL_TOUCH | FOLL_UNLOCKABLE);
	if (slow >= 0)
		return (int)slow + (int)fast;
	/* The caller has to give back what there is: an error would hide it. */
	return fast ? (int)fast : (int)slow;
}

/**
 * get_user_pages_fast_only() - references as far as they can be had without a lock
 * @start: first address
 * @nr_pages: how many pages
 * @gup_flags: FOLL_*
 * @pages: receives the pages
 *
 * Context: any; interrupts may be off.
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many pages from @start on, maybe 0; -EINVAL, -EOVERFLOW, -EFAULT.
 */
__vmsim_overridable int get_user_pages_fast_only(unsigned long start, int nr_pages,
						 unsigned int gup_flags, struct page **pages)
{
	if (!valid_args(pages, NULL, &gup_flags, FOLL_GET | FOLL_FAST_ONLY))
		return -EINVAL;
	return gup_fast_fallback(start, (unsigned long)nr_pages, gup_flags, pages);
}

/**
 * get_user_pages_fast() - references, without a lock where that is possible
 * @start: first address
 * @nr_pages: how many pages
 * @gup_flags: FOLL_*
 * @pages: receives the pages
 *
 * Context: mmap_lock not held, may sleep.
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many pages from @start on; -EINVAL, -EOVERFLOW; as get_user_pages_remote().
 */
__vmsim_overridable int get_user_pages_fast(unsigned long start, int nr_pages,
					    unsigned int gup_flags, struct page **pages)
{
	if (!valid_args(pages, NULL, &gup_flags, FOLL_GET))
		return -EINVAL;
	return gup_fast_fallback(start, (unsigned long)nr_pages, gup_flags, pages);
}

/**
 * pin_user_pages_fast() - pins, without a lock where that is possible
 * @start: first address
 * @nr_pages: how many pages
 * @gup_flags: FOLL_*
 * @pages: receives the pages
 *
 * Context: mmap_lock not held, may sleep.
 * Source: mm/gup.c, Linux 6.12.
 * Return: as get_user_pages_fast().
 */
__vmsim_overridable int pin_user_pages_fast(unsigned long start, int nr_pages,
					    unsigned int gup_flags, struct page **pages)
{
	if (!valid_args(pages, NULL, &gup_flags, FOLL_PIN))
		return -EINVAL;
	return gup_fast_fallback(start, (unsigned long)nr_pages, gup_flags, pages);
}
