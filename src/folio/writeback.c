// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <errno.h>

/*
 * Dirty folios and how they become clean (6.12, mm/page-writeback.c).
 *
 * A folio may become dirty only while writeback and truncation cannot pass it (R31): the caller
 * holds the folio lock, or the PTL of an entry that maps it, or the folio is dirty already.
 * FOLIO_DIRTY says which folio, and whether it was dirty; who broke the rule is for its watchers.
 */

/**
 * folio_mark_dirty() - the folio's contents have to reach its backing store
 * @folio: the folio
 *
 * Return: true if it was clean.
 */
__vmsim_overridable bool folio_mark_dirty(struct folio *folio)
{
	bool was = vmsim_set_bit_unseen(PG_dirty, &folio->flags, VMSIM_RMW_FULL);

	vmsim_event(FOLIO_DIRTY, (uintptr_t)folio, was, 0);
	return !was;
}

__vmsim_overridable bool set_page_dirty(struct page *page)
{
	return folio_mark_dirty(page_folio(page));
}

/**
 * set_page_dirty_lock() - marks a page dirty that was written past its entries
 * @page: the page; the caller has a reference
 *
 * Context: may sleep. Under the folio lock, so that truncation does not pass between.
 * Source: mm/page-writeback.c, Linux 6.12.
 * Return: whether it was clean.
 */
__vmsim_overridable int set_page_dirty_lock(struct page *page)
{
	struct folio *folio = page_folio(page);
	bool was_clean;

	folio_lock(folio);
	was_clean = folio_mark_dirty(folio);
	folio_unlock(folio);
	return was_clean;
}

static bool can_be_written_back(const struct address_space *mapping)
{
	return mapping && !mapping->swapbacked;
}

/* All that entries know about writes goes to the folio, and no write goes unnoticed from here. */
static void collect_dirty(struct folio *folio)
{
	if (folio_mkclean(folio))
		folio_mark_dirty(folio);
}

/**
 * folio_clear_dirty_for_io() - makes a folio clean, right before it is written
 * @folio: the folio, locked
 *
 * The folio's own flag is what concurrent dirtiers and cleaners meet at. Entries are cleaned
 * first: a write between that and the flag's clearing faults, and its fault handler waits for the
 * folio lock.
 *
 * Return: true if there is something to write.
 */
__vmsim_overridable bool folio_clear_dirty_for_io(struct folio *folio)
{
	bool was;

	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	if (can_be_written_back(folio_mapping(folio)))
		collect_dirty(folio);
	was = vmsim_clear_bit_unseen(PG_dirty, &folio->flags, VMSIM_RMW_FULL);
	vmsim_event(FOLIO_CLEAN, (uintptr_t)folio, was, 0);
	return was;
}

/* What the file system does with a folio: locked and clean on entry, not locked afterwards. */
static int write_folio(struct address_space *mapping, struct folio *folio)
{
	int err;

	folio_start_writeback(folio);
	folio_unlock(folio);
	err = vmsim_store_write(mapping, folio);
	if (err)
		folio_mark_dirty(folio);
	folio_end_writeback(folio);
	return err;
}

static int write_if_dirty(struct address_space *mapping, struct folio *folio)
{
	if (!folio_test_dirty(folio))
		return 0;
	folio_lock(folio);
	if (folio->mapping == mapping) {
		folio_wait_writeback(folio);
		if (folio_clear_dirty_for_io(folio))
			return write_folio(mapping, folio);
	}
	folio_unlock(folio);
	return 0;
}

static int for_each_cached(struct address_space *mapping, pgoff_t first, pgoff_t last,
			   int (*fn)(struct address_space *mapping, struct folio *folio))
{
	int err = 0;

	for (pgoff_t index = first; index <= last && !err; index++) {
		struct folio *folio = vmsim_pagecache_next(mapping, &index, last);

		if (!folio)
			break;
		err = fn(mapping, folio);
		index = max(index, folio_pgoff(folio) + folio_nr_pages(folio) - 1);
		folio_put(folio);
		if (index == ~0UL)
			break;
	}
	return err;
}

static int wait_for_folio(struct address_space *mapping, struct folio *folio)
{
	(void)mapping;
	folio_wait_writeback(folio);
	return 0;
}

/**
 * filemap_write_and_wait_range() - writes the dirty pages of a range back, and waits (6.12)
 * @mapping: the file's cache
 * @lstart: first byte
 * @lend: last byte
 *
 * Only folios count that say they are dirty: a file whose mappings do not track writes may have
 * dirty entries besides.
 *
 * Return: 0; -ENOMEM: the backing store is full, and the page is dirty again.
 */
__vmsim_overridable int filemap_write_and_wait_range(struct address_space *mapping, loff_t lstart,
						     loff_t lend)
{
	pgoff_t first = (pgoff_t)lstart >> PAGE_SHIFT;
	pgoff_t last = (pgoff_t)lend >> PAGE_SHIFT;
	int err;

	if (lend < lstart || mapping->swapbacked)
		return 0;
	err = for_each_cached(mapping, first, last, write_if_dirty);
	for_each_cached(mapping, first, last, wait_for_folio);
	return err;
}
