// SPDX-License-Identifier: GPL-2.0-only
#include "../cow-share/mapcount-reuse.c"

/*
 * Override: whoever takes a reference to a page of private memory is treated as if he were going to
 * write to it, so that it is a page of his own (17839856fd58). The map count still decides who
 * keeps a page.
 */

int gup_fast_fallback(unsigned long start, unsigned long nr_pages, unsigned int gup_flags,
		      struct page **pages)
{
	struct mm_struct *mm = current->mm;
	int locked = 1;
	long found;

	mmap_read_lock(mm);
	if (is_cow_mapping(vma_lookup(mm, start)->vm_flags))
		gup_flags |= FOLL_WRITE;
	found = __get_user_pages(mm, start, nr_pages, gup_flags, pages, &locked);
	mmap_read_unlock(mm);
	return (int)found;
}
