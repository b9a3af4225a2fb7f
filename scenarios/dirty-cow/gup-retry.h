/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_GUP_RETRY_H
#define SCENARIO_GUP_RETRY_H

#include <linux/mm.h>
#include <errno.h>

/*
 * The loop of get_user_pages() as it was until Linux 5.18: a write fault of a mapping that the
 * program may not write has made the copy, and the entry stays read-only; so that it is accepted,
 * after_the_copy() changes what is asked for from then on.
 */
static unsigned int after_the_copy(unsigned int flags);

static bool made_a_copy(const struct vm_area_struct *vma, unsigned int flags)
{
	return flags & FOLL_WRITE && !(vma->vm_flags & VM_WRITE);
}

static struct page *get_page_of(struct vm_area_struct *vma, unsigned long addr, unsigned int flags,
				int *locked)
{
	struct follow_page_context ctx = { 0 };
	struct page *page;

	while (!(page = follow_page_mask(vma, addr, flags, &ctx))) {
		int err = faultin_page(vma, addr, flags, false, locked);

		if (err)
			return ERR_PTR(err);
		if (made_a_copy(vma, flags))
			flags = after_the_copy(flags);
	}
	return page;
}

long __get_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr_pages,
		      unsigned int gup_flags, struct page **pages, int *locked)
{
	for (unsigned long i = 0; i < nr_pages; i++) {
		unsigned long addr = start + i * PAGE_SIZE;
		struct vm_area_struct *vma = vma_lookup(mm, addr);
		struct page *page = vma && !check_vma_flags(vma, gup_flags) ?
				    get_page_of(vma, addr, gup_flags, locked) : ERR_PTR(-EFAULT);

		if (IS_ERR(page))
			return i ? (long)i : PTR_ERR(page);
		if (pages)
			pages[i] = page;
	}
	return (long)nr_pages;
}

#endif
