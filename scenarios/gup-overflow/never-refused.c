// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

/* Override: a count of references that has overflowed is like any other (M36). */

struct folio *try_get_folio(struct page *page, int refs)
{
	struct folio *folio = page_folio(page);

	folio_ref_add(folio, refs);
	return folio;
}

int try_grab_folio(struct folio *folio, int refs, unsigned int flags)
{
	folio_ref_add(folio, flags & FOLL_PIN ? refs * (int)GUP_PIN_COUNTING_BIAS : refs);
	return 0;
}
