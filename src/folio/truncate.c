// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/pagemap.h>
#include <linux/swap.h>

/* Dropping clean pages from the page cache (6.12, mm/truncate.c and mm/vmscan.c). */

void vmsim_folio_attach_buffers(struct folio *folio)
{
	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	/* What lies in memory alone has none. */
	if (folio->mapping && folio->mapping->dirty_tracked && !folio_test_private(folio))
		folio_attach_private(folio, NULL);
}

/**
 * filemap_release_folio() - asks the file system to give up what it has attached to a folio
 * @folio: the folio, locked
 * @gfp: unused
 *
 * Return: true if nothing is attached any more.
 */
__vmsim_overridable bool filemap_release_folio(struct folio *folio, gfp_t gfp)
{
	(void)gfp;
	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	if (!folio_test_private(folio))
		return true;
	if (folio_test_writeback(folio) || folio_test_dirty(folio))
		return false;
	folio_detach_private(folio);
	return true;
}

/* With the count frozen nobody can find, dirty or map the folio; what happened before shows. */
static bool remove_frozen(struct address_space *mapping, struct folio *folio)
{
	int refs = 1 + (int)folio_nr_pages(folio);

	if (!folio_ref_freeze(folio, refs))
		return false;
	if (folio_test_dirty(folio)) {
		folio_ref_unfreeze(folio, refs);
		return false;
	}
	vmsim_pagecache_erase(mapping, folio);
	return true;
}

/**
 * remove_mapping() - takes a folio out of its file's cache if only the caller uses it
 * @mapping: the cache that it is in
 * @folio: locked, nothing attached
 *
 * Return: number of pages removed: all, and the caller has the last reference; or none, because
 * somebody else has a reference or because it is dirty.
 */
__vmsim_overridable long remove_mapping(struct address_space *mapping, struct folio *folio)
{
	bool removed;

	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	VM_BUG_ON_FOLIO(folio->mapping != mapping, folio);
	spin_lock(&mapping->i_pages->lock);
	removed = remove_frozen(mapping, folio);
	spin_unlock(&mapping->i_pages->lock);
	if (!removed)
		return 0;
	folio_ref_unfreeze(folio, 1);
	return folio_nr_pages(folio);
}

/**
 * mapping_evict_folio() - drops a folio from the page cache if nothing is lost
 * @mapping: the cache that it was found in
 * @folio: locked; the caller has a reference
 *
 * Return: number of pages dropped; 0: it is dirty, being written, mapped or used by others.
 */
__vmsim_overridable long mapping_evict_folio(struct address_space *mapping, struct folio *folio)
{
	if (!mapping || folio->mapping != mapping)
		return 0;
	if (folio_test_dirty(folio) || folio_test_writeback(folio) || folio_mapped(folio))
		return 0;
	if (!filemap_release_folio(folio, 0))
		return 0;
	return remove_mapping(mapping, folio);
}

static long try_to_evict(struct address_space *mapping, struct folio *folio)
{
	long dropped;

	if (!folio_trylock(folio))
		return 0;
	dropped = mapping_evict_folio(mapping, folio);
	folio_unlock(folio);
	return dropped;
}

/**
 * invalidate_mapping_pages() - drops what can be dropped of a range without a wait
 * @mapping: the file's cache
 * @start: first page
 * @end: last page
 *
 * Return: number of pages dropped.
 */
__vmsim_overridable unsigned long invalidate_mapping_pages(struct address_space *mapping,
							   pgoff_t start, pgoff_t end)
{
	unsigned long dropped = 0;
	struct folio *folio;

	while (start <= end && (folio = vmsim_pagecache_next(mapping, &start, end))) {
		dropped += (unsigned long)try_to_evict(mapping, folio);
		folio_put(folio);
		if (start++ == ~0UL)
			break;
	}
	return dropped;
}
