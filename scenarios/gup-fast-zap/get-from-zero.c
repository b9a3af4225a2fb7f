// SPDX-License-Identifier: GPL-2.0-only
/* GUP-fast that takes its reference without a look whether anybody has one (R9). */
#include <linux/mm.h>

struct folio *try_get_folio(struct page *page, int refs)
{
	struct folio *folio = page_folio(page);

	folio_ref_add(folio, refs);
	return folio;
}
