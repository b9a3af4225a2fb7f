// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/fs.h>

/*
 * Which pages a walk without locks may take, and how. Behaviour of mm/gup.c, Linux 6.12.
 */

/* Seen by everybody from here on: see R11 below. */
static void references_to_pins(struct folio *folio, int refs)
{
	if (folio_test_large(folio))
		atomic_add(refs, &folio->_pincount);
	else
		folio_ref_add(folio, refs * (int)(GUP_PIN_COUNTING_BIAS - 1));
	smp_mb__after_atomic();
}

/**
 * try_grab_folio_fast() - a reference or a pin of a page that was found without a lock
 * @page: the page; it may be anybody's by now
 * @refs: how many
 * @flags: FOLL_GET or FOLL_PIN
 *
 * What it returns is provisional: the caller looks again at the entries that led to the page (R9).
 * A pin is complete, and seen by others, before that second look: it meets the barrier of those who
 * clear the entry and then look for pins (R11).
 *
 * Context: interrupts off.
 * Source: mm/gup.c, Linux 6.12.
 * Return: the folio, or NULL with nothing taken.
 */
__vmsim_overridable struct folio *try_grab_folio_fast(struct page *page, int refs,
						      unsigned int flags)
{
	const bool pin = !(flags & FOLL_GET);
	struct folio *folio;

	VM_WARN_ON(!irqs_disabled());
	if (WARN_ON_ONCE(pin && !(flags & FOLL_PIN)))
		return NULL;
	if (pin && is_zero_page(page))
		return page_folio(page);
	folio = try_get_folio(page, refs);
	if (!folio || !pin)
		return folio;
	if (unlikely(flags & FOLL_LONGTERM && !folio_is_longterm_pinnable(folio))) {
		folio_put_refs(folio, refs);
		return NULL;
	}
	references_to_pins(folio, refs);
	node_stat_mod_folio(folio, NR_FOLL_PIN_ACQUIRED, refs);
	return folio;
}

/**
 * gup_fast_folio_allowed() - may a walk without locks return the folio?
 * @folio: the folio; the caller has a reference
 * @flags: FOLL_*
 *
 * Who holds a page of a file for long and writes to it, writes behind the back of its file system
 * (E35). Without the mapping it is not known whether the file minds: only what certainly has no
 * file behind it, or only memory, passes; the slow path decides on the rest.
 *
 * Context: interrupts off, so that the inode is not freed.
 * Source: mm/gup.c, Linux 6.12.
 */
__vmsim_overridable bool gup_fast_folio_allowed(struct folio *folio, unsigned int flags)
{
	const unsigned int held_and_written = FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE;
	const struct address_space *mapping;
	unsigned long kind;

	if ((flags & held_and_written) != held_and_written)
		return true;
	/* Once: truncation may clear it at any time. */
	mapping = READ_ONCE(folio->mapping);
	if (!mapping)
		return false;
	kind = (unsigned long)mapping & PAGE_MAPPING_FLAGS;
	if (kind)
		return kind & PAGE_MAPPING_ANON;
	return mapping->swapbacked;
}
