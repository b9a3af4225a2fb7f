// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <errno.h>

/*
 * The index of a file's cached folios: each page's word is the address of its folio. Changes are
 * made under i_pages->lock, lookups need no lock: they get a reference that is provisional until
 * the folio has been seen in its place again (R9).
 */

struct folio *vmsim_pagecache_load(const struct address_space *mapping, pgoff_t index)
{
	return (struct folio *)vmsim_index_load(&mapping->i_pages->folios, index);
}

struct seat {
	const struct address_space *mapping;
	pgoff_t index;
	const struct folio *folio;
};

/* The folio is no longer frozen, or it has left. */
static bool seat_settled(const void *arg)
{
	const struct seat *seat = arg;

	return vmsim_pagecache_load(seat->mapping, seat->index) != seat->folio ||
	       folio_ref_count(seat->folio);
}

/* A reference to the folio in the place, which nobody can take out of the file unnoticed. */
static struct folio *get_at(struct address_space *mapping, pgoff_t index)
{
	for (;;) {
		struct folio *folio = vmsim_pagecache_load(mapping, index);
		struct seat seat = { mapping, index, folio };

		if (!folio)
			return NULL;
		if (!folio_try_get(folio)) {
			vmsim_wait_until(seat_settled, &seat);
			continue;
		}
		if (likely(vmsim_pagecache_load(mapping, index) == folio))
			return folio;
		folio_put(folio);
	}
}

/**
 * filemap_get_folio() - looks a page of a file up in the page cache (6.12, mm/filemap.c)
 * @mapping: the file's cache
 * @index: number of the page
 *
 * Return: its folio, with a reference; ERR_PTR(-ENOENT): it is not cached.
 */
__vmsim_overridable struct folio *filemap_get_folio(struct address_space *mapping, pgoff_t index)
{
	struct folio *folio;

	/* The cell of a folio that leaves must outlast the attempt to get it (R33). */
	rcu_read_lock();
	folio = get_at(mapping, index);
	rcu_read_unlock();
	return folio ? folio : ERR_PTR(-ENOENT);
}

struct folio *vmsim_pagecache_next(struct address_space *mapping, pgoff_t *index, pgoff_t last)
{
	struct folio *folio = NULL;

	rcu_read_lock();
	while (!folio && vmsim_index_next(&mapping->i_pages->folios, index, last))
		folio = get_at(mapping, *index);
	rcu_read_unlock();
	return folio;
}

/* Makes room for all pages of a folio before the first one becomes visible. */
static int reserve(struct vmsim_index *folios, pgoff_t index, long nr_pages)
{
	for (long i = 0; i < nr_pages; i++) {
		unsigned long *slot = vmsim_index_slot(folios, index + i);

		if (!slot)
			return -ENOMEM;
		if (__READ_ONCE(*slot))
			return -EEXIST;
	}
	return 0;
}

static void fill(struct vmsim_index *folios, pgoff_t index, long nr_pages, struct folio *folio)
{
	for (long i = 0; i < nr_pages; i++)
		__atomic_store_n(vmsim_index_slot(folios, index + i), (unsigned long)folio,
				 __ATOMIC_RELEASE);
}

/* Under i_pages->lock. One reference per page belongs to the cache. */
static int insert(struct address_space *mapping, struct folio *folio, pgoff_t index)
{
	struct vmsim_index *folios = &mapping->i_pages->folios;
	long nr_pages = folio_nr_pages(folio);
	int err = reserve(folios, index, nr_pages);

	if (err)
		return err;
	folio_ref_add(folio, (int)nr_pages);
	WRITE_ONCE(folio->index, index);
	WRITE_ONCE(folio->mapping, mapping);
	WRITE_ONCE(mapping->nrpages, mapping->nrpages + (unsigned long)nr_pages);
	fill(folios, index, nr_pages, folio);
	vmsim_event(CACHE_ADD, (uintptr_t)folio, (uintptr_t)mapping, index);
	return 0;
}

int vmsim_pagecache_insert(struct address_space *mapping, struct folio *folio, pgoff_t index)
{
	int err;

	spin_lock(&mapping->i_pages->lock);
	err = insert(mapping, folio, index);
	spin_unlock(&mapping->i_pages->lock);
	return err;
}

void vmsim_pagecache_erase(struct address_space *mapping, struct folio *folio)
{
	long nr_pages = folio_nr_pages(folio);

	assert_spin_locked(&mapping->i_pages->lock);
	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	VM_BUG_ON_FOLIO(folio_mapped(folio), folio);
	fill(&mapping->i_pages->folios, folio->index, nr_pages, NULL);
	vmsim_event(CACHE_REMOVE, (uintptr_t)folio, (uintptr_t)mapping, folio->index);
	WRITE_ONCE(folio->mapping, NULL);
	WRITE_ONCE(mapping->nrpages, mapping->nrpages - (unsigned long)nr_pages);
}
