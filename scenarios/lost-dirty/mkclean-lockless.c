// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rmap.h>

/*
 * Override, a mutation: writeback looks for mappings without PVMW_SYNC, that is, it believes an
 * entry that looks empty without taking its lock. The zap of 6.12 relies on that lock.
 */

int page_vma_mkclean_one(struct page_vma_mapped_walk *pvmw);

bool page_mkclean_one(struct folio *folio, struct vm_area_struct *vma, unsigned long address,
		      void *arg)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, address, 0);
	int *cleaned = arg;

	*cleaned += page_vma_mkclean_one(&pvmw);
	return true;
}
