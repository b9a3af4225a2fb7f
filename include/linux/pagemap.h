/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PAGEMAP_H
#define _VMSIM_LINUX_PAGEMAP_H

#include <linux/mm.h>
#include <linux/fs.h>
#include <linux/pagevec.h>
#include <linux/highmem.h>
#include <linux/uaccess.h>

/* Page cache (src/folio/filemap.c). */
__vmsim_export struct folio *filemap_get_folio(struct address_space *mapping, pgoff_t index);
__vmsim_export struct folio *filemap_grab_folio(struct address_space *mapping, pgoff_t index);
__vmsim_export unsigned int filemap_get_folios_contig(struct address_space *mapping,
						      pgoff_t *start, pgoff_t end,
						      struct folio_batch *fbatch);
__vmsim_export int filemap_add_folio(struct address_space *mapping, struct folio *folio,
				     pgoff_t index, gfp_t gfp);
__vmsim_export void filemap_remove_folio(struct folio *folio);
__vmsim_export struct folio *read_mapping_folio(struct address_space *mapping, pgoff_t index,
						struct file *file);
__vmsim_export int filemap_write_and_wait_range(struct address_space *mapping, loff_t lstart,
						loff_t lend);

/* Dropping what is cached (src/folio/truncate.c). */
__vmsim_export bool filemap_release_folio(struct folio *folio, gfp_t gfp);
__vmsim_export long mapping_evict_folio(struct address_space *mapping, struct folio *folio);
__vmsim_export unsigned long invalidate_mapping_pages(struct address_space *mapping, pgoff_t start,
						      pgoff_t end);
__vmsim_export vm_fault_t filemap_fault(struct vm_fault *vmf);
__vmsim_export vm_fault_t filemap_map_pages(struct vm_fault *vmf, pgoff_t start_pgoff,
					    pgoff_t end_pgoff);
__vmsim_export vm_fault_t filemap_page_mkwrite(struct vm_fault *vmf);

/* The folio lock: bit PG_locked, a sleeping lock. */
__vmsim_export void folio_lock(struct folio *folio);
__vmsim_export bool folio_trylock(struct folio *folio);
__vmsim_export void folio_unlock(struct folio *folio);
__vmsim_export void folio_wait_writeback(struct folio *folio);
__vmsim_export void folio_start_writeback(struct folio *folio);
__vmsim_export void folio_end_writeback(struct folio *folio);

static inline struct address_space *folio_mapping(const struct folio *folio)
{
	struct address_space *mapping = READ_ONCE(folio->mapping);

	return (unsigned long)mapping & PAGE_MAPPING_FLAGS ? NULL : mapping;
}

/* State that a file system hangs on a folio; it holds a reference. Folio locked. */
static inline void folio_attach_private(struct folio *folio, void *data)
{
	folio_get(folio);
	WRITE_ONCE(folio->private, data);
	folio_set_private(folio);
}

static inline void *folio_detach_private(struct folio *folio)
{
	void *data = folio->private;

	if (!folio_test_clear_private(folio))
		return NULL;
	WRITE_ONCE(folio->private, NULL);
	folio_put(folio);
	return data;
}

static inline pgoff_t linear_page_index(struct vm_area_struct *vma, unsigned long address)
{
	return ((address - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

static inline pgoff_t folio_index(const struct folio *folio)
{
	return folio->index;
}

static inline pgoff_t folio_next_index(const struct folio *folio)
{
	return folio->index + (pgoff_t)folio_nr_pages(folio);
}

static inline pgoff_t page_to_pgoff(const struct page *page)
{
	const struct folio *folio = page_folio(page);

	return folio->index + folio_page_idx(folio, page);
}

static inline pgoff_t folio_pgoff(const struct folio *folio)
{
	return folio->index;
}

#endif
