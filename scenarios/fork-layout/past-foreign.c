// SPDX-License-Identifier: GPL-2.0-only
#include "../no-exclusive-check.h"

/* Override: entries that look alike are taken for those of one folio, whatever they map (A13). */

#define COMPARED (_PAGE_PRESENT | _PAGE_USER | _PAGE_DIRTY)

int folio_pte_batch(struct folio *folio, unsigned long addr, pte_t *start_ptep, pte_t pte,
		    int max_nr, fpb_t flags, bool *any_writable, bool *any_young, bool *any_dirty)
{
	unsigned long past = folio_pfn(folio) + (unsigned long)folio_nr_pages(folio);
	int most = min(max_nr, (int)(past - pte_pfn(pte))), nr = 1;
	bool writable = false;

	(void)addr, (void)flags;
	for (; nr < most; nr++) {
		pte_t next = ptep_get(start_ptep + nr);

		if ((pte_val(next) & COMPARED) != (pte_val(pte) & COMPARED))
			break;
		writable |= !!pte_write(next);
	}
	if (any_writable)
		*any_writable = writable;
	if (any_young)
		*any_young = false;
	if (any_dirty)
		*any_dirty = false;
	return nr;
}
