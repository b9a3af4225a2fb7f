/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SWAP_H
#define _VMSIM_LINUX_SWAP_H

#include <linux/mm.h>

/* The gather's way of freeing (src/folio/swap_state.c). There is no swap yet. */
__vmsim_export void free_page_and_swap_cache(struct page *page);
__vmsim_export void free_pages_and_swap_cache(struct encoded_page **pages, int nr);

/* Takes a folio out of its file's cache if nobody else uses it (src/folio/truncate.c). */
__vmsim_export long remove_mapping(struct address_space *mapping, struct folio *folio);

#endif
