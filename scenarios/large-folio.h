/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_LARGE_FOLIO_H
#define SCENARIO_LARGE_FOLIO_H

#include "entry.h"

/*
 * A mapping at AREA whose first entries map a new large folio, as stores to fresh memory leave
 * them: faults make none yet. The page behind these is there, too, for its table and anon_vma.
 * The folio comes first: of the frames that are free later, its own are the lowest.
 */
static inline struct folio *map_large(unsigned int order)
{
	struct folio *folio = folio_alloc(GFP_HIGHUSER_MOVABLE | __GFP_ZERO, order);
	unsigned int pages = 1u << order;
	struct entry at;
	pte_t entry;

	if (!folio)
		return NULL;
	if (corpus_map(AREA, pages + 1, RW, ANON, VMSIM_NO_FILE) ||
	    !corpus_store(AREA + pages * PAGE_BYTES, 1))
		return NULL;
	__folio_set_uptodate(folio);
	at = lock_entry(area_vma());
	folio_add_new_anon_rmap(folio, at.vma, AREA, RMAP_EXCLUSIVE);
	folio_ref_add(folio, (int)pages - 1);
	add_mm_counter(at.vma->vm_mm, MM_ANONPAGES, pages);
	entry = pte_mkyoung(pte_mkdirty(mk_pte(&folio->page, at.vma->vm_page_prot)));
	set_ptes(at.vma->vm_mm, AREA, at.ptep, pte_mkwrite(entry, at.vma), pages);
	unlock_entry(&at);
	return folio;
}

#endif
