/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_ENTRY_H
#define SCENARIO_ENTRY_H

#include "corpus/corpus.h"
#include <linux/mm.h>
#include <linux/rmap.h>

/* The entry of AREA in one address space, for scenarios that play a part of the kernel. */
struct entry {
	struct vm_area_struct *vma;
	spinlock_t *ptl;
	pte_t *ptep;
};

static inline pmd_t *area_pmd(struct mm_struct *mm)
{
	p4d_t *p4d = p4d_offset(pgd_offset(mm, AREA), AREA);

	return pmd_offset(pud_offset(p4d, AREA), AREA);
}

static inline struct vm_area_struct *area_vma(void)
{
	struct vm_area_struct *vma;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, AREA);
	mmap_read_unlock(current->mm);
	return vma;
}

/* Fresh memory at AREA with a page, which stays while it is mapped; NULL: it went wrong. */
static inline struct page *map_page(void)
{
	struct page *page;

	if (corpus_page(AREA, 1) || get_user_pages_fast(AREA, 1, 0, &page) != 1)
		return NULL;
	put_page(page);
	return page;
}

/* Under the page-table lock from here on. Mapping and table stay: nobody unmaps. */
static inline struct entry lock_entry(struct vm_area_struct *vma)
{
	struct entry entry = { .vma = vma };

	entry.ptep = pte_offset_map_lock(vma->vm_mm, area_pmd(vma->vm_mm), AREA, &entry.ptl);
	return entry;
}

static inline void unlock_entry(struct entry *entry)
{
	pte_unmap_unlock(entry->ptep, entry->ptl);
}

#endif
