/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_KSM_PROTECT_H
#define SCENARIO_KSM_PROTECT_H

#include <linux/ksm.h>
#include <linux/mm_inline.h>
#include <linux/pagemap.h>

/*
 * write_protect_page() of Linux 6.12, for variants that leave something out:
 *
 * MAY_BE_WRITTEN(mm, page, entry): of which entries it does not believe that nobody writes
 * LOOK_FIRST: it looks for others before it clears the entry
 * COUNT_REFERENCES: it counts references
 * ASK_FOR_PINS: what is exclusive may be pinned; else that flag means nothing, as before Linux 5.19
 */
#ifndef MAY_BE_WRITTEN
#define MAY_BE_WRITTEN(mm, page, entry) \
	(pte_write(entry) || pte_dirty(entry) || PageAnonExclusive(page) || mm_tlb_flush_pending(mm))
#endif
#ifndef LOOK_FIRST
#define LOOK_FIRST false
#endif
#ifndef COUNT_REFERENCES
#define COUNT_REFERENCES true
#endif
#ifndef ASK_FOR_PINS
#define ASK_FOR_PINS true
#endif

static bool is_alone(struct folio *folio)
{
	struct page *page = &folio->page;

	if (COUNT_REFERENCES && folio_ref_count(folio) != folio_mapcount(folio) + 1)
		return false;
	if (ASK_FOR_PINS && PageAnonExclusive(page))
		return !folio_try_share_anon_rmap_pte(folio, page);
	if (PageAnonExclusive(page))
		ClearPageAnonExclusive(page);
	return true;
}

static bool protect(struct page_vma_mapped_walk *pvmw, struct folio *folio, pte_t *entry)
{
	bool alone = LOOK_FIRST && is_alone(folio);

	if (LOOK_FIRST && !alone)
		return false;
	*entry = ptep_clear_flush(pvmw->vma, pvmw->address, pvmw->pte);
	if (!LOOK_FIRST)
		alone = is_alone(folio);
	if (alone)
		*entry = pte_wrprotect(pte_mkclean(*entry));
	set_pte_at(pvmw->vma->vm_mm, pvmw->address, pvmw->pte, *entry);
	return alone;
}

int write_protect_page(struct vm_area_struct *vma, struct folio *folio, pte_t *orig_pte)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, 0, 0);
	struct page *page = &folio->page;
	bool done = true;
	pte_t entry;

	pvmw.address = page_address_in_vma(page, vma);
	if (pvmw.address == (unsigned long)-EFAULT || !page_vma_mapped_walk(&pvmw))
		return -EFAULT;
	entry = ptep_get(pvmw.pte);
	if (MAY_BE_WRITTEN(vma->vm_mm, page, entry))
		done = protect(&pvmw, folio, &entry);
	else if (!ASK_FOR_PINS && PageAnonExclusive(page))
		ClearPageAnonExclusive(page);
	page_vma_mapped_walk_done(&pvmw);
	*orig_pte = entry;
	return done ? 0 : -EFAULT;
}

#endif
