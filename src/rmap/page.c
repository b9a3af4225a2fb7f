// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"
#include <linux/vmsim-rmap-6.1.h>

/* Counting by pages, for code of Linux 6.1; mm/rmap.c there. */

/** page_add_anon_rmap() - counts a mapping of an anonymous page that has been mapped before */
__vmsim_overridable void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma,
					    unsigned long address, rmap_t flags)
{
	VM_BUG_ON_PAGE(flags & RMAP_COMPOUND, page);
	folio_add_anon_rmap_pte(page_folio(page), page, vma, address, flags);
}

/** page_add_new_anon_rmap() - counts the first mapping of a new anonymous page */
__vmsim_overridable void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
						unsigned long address)
{
	folio_add_new_anon_rmap(page_folio(page), vma, address, RMAP_EXCLUSIVE);
}

/** page_add_file_rmap() - counts a mapping of a file's page */
__vmsim_overridable void page_add_file_rmap(struct page *page, struct vm_area_struct *vma,
					    bool compound)
{
	VM_BUG_ON_PAGE(compound, page);
	folio_add_file_rmap_pte(page_folio(page), page, vma);
}

/** page_remove_rmap() - uncounts a mapping of a page */
__vmsim_overridable void page_remove_rmap(struct page *page, struct vm_area_struct *vma,
					  bool compound)
{
	VM_BUG_ON_PAGE(compound, page);
	folio_remove_rmap_pte(page_folio(page), page, vma);
}

/** page_move_anon_rmap() - an anonymous page becomes its only user's own */
__vmsim_overridable void page_move_anon_rmap(struct page *page, struct vm_area_struct *vma)
{
	folio_move_anon_rmap(page_folio(page), vma);
}
