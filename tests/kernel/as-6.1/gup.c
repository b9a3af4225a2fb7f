// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"

/*
 * Whoever writes got pages of files for long, too, though file systems do not notice (before
 * "mm/gup: disallow FOLL_LONGTERM GUP-nonfast writing to file-backed mappings" and the same of
 * GUP-fast, 6.5).
 */
bool writable_file_mapping_allowed(struct vm_area_struct *vma, unsigned long gup_flags)
{
	(void)vma, (void)gup_flags;
	return true;
}

bool gup_fast_folio_allowed(struct folio *folio, unsigned int flags)
{
	(void)folio, (void)flags;
	return true;
}

/*
 * Pages that were to be held for long, and for which the lock had to be taken, were not marked as
 * used (__gup_longterm_unlocked(), which 6.12 does not have).
 */
int gup_fast_fallback(unsigned long start, unsigned long nr_pages, unsigned int gup_flags,
		      struct page **pages)
{
	unsigned int touch = gup_flags & FOLL_LONGTERM ? 0 : FOLL_TOUCH;
	unsigned long first = start & PAGE_MASK, nr;
	int locked = 0;
	long rest;

	if (gup_flags & FOLL_PIN)
		mm_set_has_pinned_flag(&current->mm->flags);
	nr = gup_fast(first, first + (nr_pages << PAGE_SHIFT), gup_flags, pages);
	if (nr == nr_pages || gup_flags & FOLL_FAST_ONLY)
		return (int)nr;
	rest = __get_user_pages_locked(current->mm, first + (nr << PAGE_SHIFT), nr_pages - nr,
				       pages + nr, &locked, gup_flags | touch | FOLL_UNLOCKABLE);
	return rest < 0 && !nr ? (int)rest : (int)(nr + (unsigned long)max(rest, 0L));
}
