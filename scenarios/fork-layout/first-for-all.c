// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/rmap.h>

/* Override: whether a batch may be shared its first page tells (A13). */

static unsigned long address_of(struct folio *folio, struct page *page, struct vm_area_struct *vma)
{
	unsigned long pgoff = folio->index + folio_page_idx(folio, page);

	return vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT);
}

int folio_try_dup_anon_rmap_ptes(struct folio *folio, struct page *page, int nr_pages,
				 struct vm_area_struct *src_vma)
{
	if (PageAnonExclusive(page) && folio_needs_cow_for_dma(src_vma, folio))
		return -EBUSY;
	for (int i = 0; i < nr_pages; i++)
		if (PageAnonExclusive(page + i))
			ClearPageAnonExclusive(page + i);
	folio_add_anon_rmap_ptes(folio, page, nr_pages, src_vma, address_of(folio, page, src_vma),
				 0);
	return 0;
}
