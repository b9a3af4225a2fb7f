// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/pagemap.h>
#include <linux/swap.h>
#include <errno.h>

/* The page cache as kernel code sees it (6.12, mm/filemap.c). Faults on files are in src/mm. */

/**
 * filemap_add_folio() - puts a new folio into the page cache
 * @mapping: the file's cache
 * @folio: in no cache yet, not locked
 * @index: number of its first page
 * @gfp: unused: the index has memory of its own
 *
 * The folio is locked before anybody can find it, so that nobody sees it before its contents.
 *
 * Return: 0, and the folio is locked; -EEXIST: a page is cached already; -ENOMEM.
 */
__vmsim_overridable int filemap_add_folio(struct address_space *mapping, struct folio *folio,
					  pgoff_t index, gfp_t gfp)
{
	int err;

	(void)gfp;
	VM_BUG_ON_FOLIO(folio_mapping(folio), folio);
	if (mapping->swapbacked)
		folio_set_swapbacked(folio);
	folio_add_lru(folio);
	folio_lock(folio);
	err = vmsim_pagecache_insert(mapping, folio, index);
	if (err)
		folio_unlock(folio);
	return err;
}

/**
 * filemap_remove_folio() - takes a folio out of the page cache
 * @folio: locked, not mapped; the caller has a reference
 *
 * The references that the cache held are dropped.
 */
__vmsim_overridable void filemap_remove_folio(struct folio *folio)
{
	struct address_space *mapping = folio->mapping;

	spin_lock(&mapping->i_pages->lock);
	vmsim_pagecache_erase(mapping, folio);
	spin_unlock(&mapping->i_pages->lock);
	folio_put_refs(folio, (int)folio_nr_pages(folio));
}

/**
 * filemap_get_folios_contig() - the folios of consecutive pages of a file
 * @mapping: the file's cache
 * @start: number of the first page; becomes that of the first page behind what was found
 * @end: number of the last page
 * @fbatch: receives the folios, each with a reference
 *
 * Source: mm/filemap.c, Linux 6.12.
 * Return: how many, up to the first page that is not cached.
 */
__vmsim_overridable unsigned int filemap_get_folios_contig(struct address_space *mapping,
							   pgoff_t *start, pgoff_t end,
							   struct folio_batch *fbatch)
{
	for (unsigned int room = 1; room && *start <= end;) {
		struct folio *folio = filemap_get_folio(mapping, *start);

		if (IS_ERR(folio))
			break;
		*start = folio_next_index(folio);
		room = folio_batch_add(fbatch, folio);
	}
	return folio_batch_count(fbatch);
}

/* A new folio in the cache, locked. -EEXIST: somebody was faster. */
static struct folio *add_new(struct address_space *mapping, pgoff_t index)
{
	struct folio *folio = folio_alloc(GFP_HIGHUSER_MOVABLE, 0);
	int err;

	if (!folio)
		return ERR_PTR(-ENOMEM);
	err = filemap_add_folio(mapping, folio, index, GFP_KERNEL);
	if (!err)
		return folio;
	folio_put(folio);
	return ERR_PTR(err);
}

/* Locks a folio that was looked up; NULL: it left the cache before it was locked. */
static struct folio *lock_found(struct address_space *mapping, struct folio *folio)
{
	folio_lock(folio);
	if (likely(folio->mapping == mapping))
		return folio;
	folio_unlock(folio);
	folio_put(folio);
	return NULL;
}

/**
 * filemap_grab_folio() - the folio of a page of a file, made if need be
 * @mapping: the file's cache
 * @index: number of the page
 *
 * A folio that was made is not up to date: vmsim_folio_fill() reads it.
 *
 * Return: the folio, locked and with a reference; ERR_PTR(-ENOMEM).
 */
__vmsim_overridable struct folio *filemap_grab_folio(struct address_space *mapping, pgoff_t index)
{
	for (;;) {
		struct folio *folio = filemap_get_folio(mapping, index);

		if (!IS_ERR(folio))
			folio = lock_found(mapping, folio);
		else
			folio = add_new(mapping, index);
		if (folio && PTR_ERR(folio) != -EEXIST)
			return folio;
	}
}

int vmsim_folio_fill(struct folio *folio)
{
	int err;

	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	if (folio_test_uptodate(folio))
		return 0;
	err = vmsim_store_read(folio->mapping, folio);
	if (!err)
		folio_set_uptodate(folio);
	return err;
}

/**
 * read_mapping_folio() - a page of a file with its contents
 * @mapping: the file's cache
 * @index: number of the page
 * @file: unused
 *
 * Return: the folio, up to date, not locked, with a reference; ERR_PTR(-errno).
 */
__vmsim_overridable struct folio *read_mapping_folio(struct address_space *mapping, pgoff_t index,
						     struct file *file)
{
	struct folio *folio = filemap_get_folio(mapping, index);
	int err;

	(void)file;
	if (!IS_ERR(folio)) {
		if (likely(folio_test_uptodate(folio)))
			return folio;
		folio_put(folio);
	}
	folio = filemap_grab_folio(mapping, index);
	if (IS_ERR(folio))
		return folio;
	err = vmsim_folio_fill(folio);
	folio_unlock(folio);
	if (!err)
		return folio;
	folio_put(folio);
	return ERR_PTR(err);
}
