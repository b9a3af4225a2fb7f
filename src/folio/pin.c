// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/pagemap.h>

/*
 * Pins and references that are taken through page tables, and how they are given back. Behaviour of
 * mm/gup.c, Linux 6.12. Nobody counts the page of zeroes: it goes nowhere, and all share it.
 */

/* The flags ask for one of the two, or for none. */
static bool asks_for_pin(unsigned int flags)
{
	return !(flags & FOLL_GET) && flags & FOLL_PIN;
}

/**
 * try_get_folio() - references to the folio of a page that nobody holds for the caller
 * @page: page that was found without a lock
 * @refs: how many references
 *
 * A count of zero belongs to whoever frees or splits the folio. And until there is a reference the
 * page may go over to another folio, so its folio is looked up again afterwards (R9, M13). A count
 * below zero has overflowed: nobody gets any more (M36).
 *
 * Context: the cell of the page stays: interrupts off, or RCU read section.
 * Source: mm/gup.c, Linux 6.12.
 * Return: the folio, or NULL without a reference.
 */
__vmsim_overridable struct folio *try_get_folio(struct page *page, int refs)
{
	for (;;) {
		struct folio *folio = page_folio(page);

		if (WARN_ON_ONCE(folio_ref_count(folio) < 0) || !folio_ref_try_add(folio, refs))
			return NULL;
		if (likely(page_folio(page) == folio))
			return folio;
		folio_put_refs(folio, refs);
	}
}

static void add_pins(struct folio *folio, int pins)
{
	if (!folio_test_large(folio)) {
		folio_ref_add(folio, pins * (int)GUP_PIN_COUNTING_BIAS);
	} else {
		folio_ref_add(folio, pins);
		atomic_add(pins, &folio->_pincount);
	}
}

/**
 * try_grab_folio() - more references or pins of a folio that is held already
 * @folio: the folio: by a reference, or by an entry whose lock the caller has
 * @refs: how many
 * @flags: FOLL_GET or FOLL_PIN; without either, nothing is done
 *
 * Source: mm/gup.c, Linux 6.12.
 * Return: 0; -ENOMEM: the count is not one of a folio that is held.
 */
__vmsim_overridable int try_grab_folio(struct folio *folio, int refs, unsigned int flags)
{
	if (WARN_ON_ONCE(folio_ref_count(folio) <= 0))
		return -ENOMEM;
	if (flags & FOLL_GET)
		folio_ref_add(folio, refs);
	else if (asks_for_pin(flags) && !is_zero_folio(folio)) {
		add_pins(folio, refs);
		node_stat_mod_folio(folio, NR_FOLL_PIN_ACQUIRED, refs);
	}
	return 0;
}

/**
 * gup_put_folio() - gives back what try_grab_folio() or try_grab_folio_fast() took
 * @folio: the folio
 * @refs: how many
 * @flags: FOLL_PIN: they are pins
 *
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void gup_put_folio(struct folio *folio, int refs, unsigned int flags)
{
	if (!(flags & FOLL_PIN)) {
		folio_put_refs(folio, refs);
		return;
	}
	if (is_zero_folio(folio))
		return;
	node_stat_mod_folio(folio, NR_FOLL_PIN_RELEASED, refs);
	if (folio_test_large(folio))
		atomic_sub(refs, &folio->_pincount);
	else
		refs *= (int)GUP_PIN_COUNTING_BIAS;
	folio_put_refs(folio, refs);
}

/**
 * folio_add_pin() - one more pin of a folio that the caller has pinned
 * @folio: the folio
 *
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void folio_add_pin(struct folio *folio)
{
	if (is_zero_folio(folio))
		return;
	WARN_ON_ONCE(!folio_maybe_dma_pinned(folio));
	add_pins(folio, 1);
}

/**
 * sanity_check_pinned_pages() - pinned anonymous pages are exclusive
 * @pages: the pages; holes are NULL
 * @npages: number of entries
 *
 * An anonymous page is pinned only if it is exclusive, and nobody may share it while it is pinned
 * (R12). Of a large folio either page may have the flag. A check as CONFIG_DEBUG_VM makes it.
 *
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void sanity_check_pinned_pages(struct page **pages, unsigned long npages)
{
	for (unsigned long i = 0; i < npages; i++) {
		struct page *page = pages[i];

		if (!page)
			continue;
		VM_BUG_ON_PAGE(!is_zero_page(page) && PageAnon(page) && !PageAnonExclusive(page) &&
			       !(PageCompound(page) && PageAnonExclusive(compound_head(page))),
			       page);
	}
}

/* How many pages from @at on are of one folio. */
static unsigned long run_of(struct page **pages, unsigned long at, unsigned long npages)
{
	struct folio *folio = page_folio(pages[at]);
	unsigned long end = at + 1;

	while (end < npages && page_folio(pages[end]) == folio)
		end++;
	return end - at;
}

/**
 * unpin_user_pages() - gives pins back
 * @pages: pages that pin_user_pages*() returned; holes, NULL, only before the first one
 * @npages: how many; a negative one, as of an error, is warned about
 *
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void unpin_user_pages(struct page **pages, unsigned long npages)
{
	if (WARN_ON((long)npages < 0))
		return;
	sanity_check_pinned_pages(pages, npages);
	for (unsigned long i = 0, nr; i < npages; i += nr) {
		if (!pages[i]) {
			nr = 1;
			continue;
		}
		nr = run_of(pages, i, npages);
		gup_put_folio(page_folio(pages[i]), (int)nr, FOLL_PIN);
	}
}

/**
 * unpin_user_page() - gives one pin back
 * @page: the page
 *
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void unpin_user_page(struct page *page)
{
	unpin_user_pages(&page, 1);
}

/* Writeback must not pass between the contents and the flag: hence the lock (R31). */
static void dirty_locked(struct folio *folio)
{
	if (folio_test_dirty(folio))
		return;
	folio_lock(folio);
	folio_mark_dirty(folio);
	folio_unlock(folio);
}

/**
 * unpin_user_pages_dirty_lock() - gives pins back, maybe of pages that were written
 * @pages: pages that pin_user_pages*() returned
 * @npages: how many
 * @make_dirty: they were written
 *
 * Too late for what wrote the page back meanwhile: see E35.
 *
 * Context: may sleep.
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void unpin_user_pages_dirty_lock(struct page **pages, unsigned long npages,
						     bool make_dirty)
{
	if (!make_dirty) {
		unpin_user_pages(pages, npages);
		return;
	}
	sanity_check_pinned_pages(pages, npages);
	for (unsigned long i = 0, nr; i < npages; i += nr) {
		struct folio *folio = page_folio(pages[i]);

		nr = run_of(pages, i, npages);
		dirty_locked(folio);
		gup_put_folio(folio, (int)nr, FOLL_PIN);
	}
}

/**
 * unpin_user_page_range_dirty_lock() - gives the pins of consecutive frames back
 * @page: the first page
 * @npages: how many
 * @make_dirty: they were written
 *
 * Context: may sleep.
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void unpin_user_page_range_dirty_lock(struct page *page, unsigned long npages,
							  bool make_dirty)
{
	for (unsigned long i = 0, nr; i < npages; i += nr) {
		struct folio *folio = page_folio(nth_page(page, i));
		unsigned long inside = folio_page_idx(folio, nth_page(page, i));

		nr = min(npages - i, (unsigned long)folio_nr_pages(folio) - inside);
		if (make_dirty)
			dirty_locked(folio);
		gup_put_folio(folio, (int)nr, FOLL_PIN);
	}
}

/**
 * unpin_user_folio() - gives several pins of one folio back
 * @folio: the folio
 * @npages: how many
 *
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void unpin_user_folio(struct folio *folio, unsigned long npages)
{
	gup_put_folio(folio, (int)npages, FOLL_PIN);
}

/**
 * unpin_folio() - gives one pin of a folio back
 * @folio: the folio
 *
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void unpin_folio(struct folio *folio)
{
	unpin_user_folio(folio, 1);
}

/**
 * unpin_folios() - gives one pin of each folio back
 * @folios: folios that memfd_pin_folios() returned; NULL: none
 * @nfolios: how many; a negative one, as of an error, is warned about
 *
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void unpin_folios(struct folio **folios, unsigned long nfolios)
{
	if (WARN_ON((long)nfolios < 0))
		return;
	for (unsigned long i = 0; i < nfolios; i++)
		if (folios[i])
			unpin_folio(folios[i]);
}

/**
 * mm_set_has_pinned_flag() - remembers that an address space may have pinned pages
 * @mm_flags: its flags
 *
 * From then on fork() looks for pins (R13). Set before the first pin is taken, and never cleared.
 *
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable void mm_set_has_pinned_flag(unsigned long *mm_flags)
{
	if (!test_bit(MMF_HAS_PINNED, mm_flags))
		set_bit(MMF_HAS_PINNED, mm_flags);
}
