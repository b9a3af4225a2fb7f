// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <vmsim/scenario.h>

/* Override: the page's folio is looked up once, before there is a reference (M13). */

struct folio *try_get_folio(struct page *page, int refs)
{
	struct folio *folio = page_folio(page);

	vmsim_point("knows-folio");
	return folio_ref_try_add(folio, refs) ? folio : NULL;
}
