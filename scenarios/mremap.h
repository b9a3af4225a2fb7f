/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_MREMAP_H
#define SCENARIO_MREMAP_H

#include "entry.h"
#include <asm/page.h>
#include <linux/pagemap.h>

/* Where memory moves to: another page table than that of AREA. */
#define THERE (AREA + 2 * PMD_SIZE)

static inline int move_there(size_t length)
{
	long to = vmsim_mremap(AREA, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, THERE);

	return to < 0 ? (int)to : 0;
}

/* Reclaim of a file's first page. It believes entries that look empty, without their locks. */
static inline int reclaim_first_page(struct address_space *mapping)
{
	struct folio *folio = filemap_get_folio(mapping, 0);

	if (IS_ERR(folio))
		return 0;
	folio_lock(folio);
	if (folio->mapping == mapping) {
		try_to_unmap(folio, 0);
		mapping_evict_folio(mapping, folio);
	}
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}

#endif
