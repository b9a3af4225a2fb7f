// SPDX-License-Identifier: GPL-2.0-only
/*
 * 19be0eaffa3a: the retry still asks for a write, and says that a copy was made. A read-only entry
 * will do then if it is dirty, which only the copy is.
 */
#include "gup-retry.h"

/* A bit that nobody else uses. */
#define FOLL_COW (1u << 30)

static unsigned int after_the_copy(unsigned int flags)
{
	return flags | FOLL_COW;
}

bool can_follow_write_pte(pte_t pte, struct page *page, struct vm_area_struct *vma,
			  unsigned int flags)
{
	(void)page, (void)vma;
	return pte_write(pte) || (flags & FOLL_FORCE && flags & FOLL_COW && pte_dirty(pte));
}
