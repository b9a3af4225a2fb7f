// SPDX-License-Identifier: GPL-2.0-only
#include <linux/swap.h>

/* The gather's ends of folios (6.12, mm/swap_state.c). There is no swap cache to leave yet. */

__vmsim_overridable void free_page_and_swap_cache(struct page *page)
{
	folio_put(page_folio(page));
}

/**
 * free_pages_and_swap_cache() - drops the references that a batch of a gather holds
 * @pages: tagged pages, some followed by a count
 * @nr: number of entries; a page is never cut off from its count
 */
__vmsim_overridable void free_pages_and_swap_cache(struct encoded_page **pages, int nr)
{
	release_pages(pages, nr);
}
