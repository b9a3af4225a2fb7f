// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"

/* What two entries of one folio may differ in and still be treated together. */
static pte_t comparable(pte_t pte, fpb_t flags)
{
	pteval_t ignored = _PAGE_RW | _PAGE_ACCESSED;

	if (flags & FPB_IGNORE_DIRTY)
		ignored |= _PAGE_DIRTY;
	if (flags & FPB_IGNORE_SOFT_DIRTY)
		ignored |= _PAGE_SOFT_DIRTY;
	return __pte(pte_val(pte) & ~ignored);
}

/* Entries up to the end of the folio, at most @max_nr. */
static int limit(struct folio *folio, pte_t first, int max_nr)
{
	unsigned long past = folio_pfn(folio) + (unsigned long)folio_nr_pages(folio);

	return (int)min((unsigned long)max_nr, past - pte_pfn(first));
}

/**
 * folio_pte_batch() - how many entries map consecutive pages of a folio
 * @folio: the folio
 * @addr: address of the first entry
 * @start_ptep: the first entry
 * @pte: its value
 * @max_nr: entries up to the end of the range; all in one table
 * @flags: FPB_*: which bits may differ; the right to write and A always may
 * @any_writable: receives whether an entry allows writing; may be NULL
 * @any_young: receives whether an entry is young; may be NULL
 * @any_dirty: receives whether an entry is dirty; may be NULL
 *
 * As in the kernel, what is received is of the entries after the first one.
 *
 * Context: page-table lock held.
 * Source: mm/internal.h, Linux 6.12.
 */
__vmsim_overridable int folio_pte_batch(struct folio *folio, unsigned long addr, pte_t *start_ptep,
					pte_t pte, int max_nr, fpb_t flags, bool *any_writable,
					bool *any_young, bool *any_dirty)
{
	pte_t want = comparable(pte, flags);
	bool writable = false, young = false, dirty = false;
	int nr = 1;

	(void)addr;
	for (int most = limit(folio, pte, max_nr); nr < most; nr++) {
		pte_t next = ptep_get(start_ptep + nr);

		want = pte_next_pfn(want);
		if (!pte_same(comparable(next, flags), want))
			break;
		writable |= !!pte_write(next);
		young |= !!pte_young(next);
		dirty |= !!pte_dirty(next);
	}
	if (any_writable)
		*any_writable = writable;
	if (any_young)
		*any_young = young;
	if (any_dirty)
		*any_dirty = dirty;
	return nr;
}
