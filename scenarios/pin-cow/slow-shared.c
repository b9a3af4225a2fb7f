// SPDX-License-Identifier: GPL-2.0-only
#include "../no-exclusive-check.h"
#include <errno.h>

/* Override: get_user_pages() takes what is mapped read-only, exclusive or not (A08). */

static struct page *grab(struct vm_area_struct *vma, unsigned long address, pte_t pte,
			 unsigned int flags)
{
	struct page *page;

	if (!pte_present(pte) || (flags & FOLL_WRITE && !pte_write(pte)))
		return NULL;
	page = vm_normal_page(vma, address, pte);
	if (!page)
		return NULL;
	return try_grab_folio(page_folio(page), 1, flags) ? ERR_PTR(-ENOMEM) : page;
}

struct page *follow_page_pte(struct vm_area_struct *vma, unsigned long address, pmd_t *pmd,
			     unsigned int flags, struct dev_pagemap **pgmap)
{
	struct page *page;
	spinlock_t *ptl;
	pte_t *ptep;

	(void)pgmap;
	ptep = pte_offset_map_lock(vma->vm_mm, pmd, address, &ptl);
	if (!ptep)
		return NULL;
	page = grab(vma, address, ptep_get(ptep), flags);
	pte_unmap_unlock(ptep, ptl);
	return page;
}
