/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MAPCOUNT_H
#define _VMSIM_LINUX_MAPCOUNT_H

/*
 * Map counts as primitives: part of <linux/mm.h>. Code of the kernel changes them as what they are
 * there, atomic_t, and nothing but their type tells that entries come or go. So the operations
 * choose by the type of their argument:
 *
 *   vmsim_mapcount_t	    entries that map a page, from -1: MAP_ADD and MAP_REMOVE
 *   vmsim_folio_mapcount_t entries that map a large folio, from -1: ATOMIC
 *
 * and MAP_ZERO where nothing maps a folio any more. Events carry numbers of entries.
 */
#include <linux/atomic.h>
#include <linux/page-flags.h>

/* Of no large folio; no access. */
static inline bool vmsim_page_is_small(const struct page *page)
{
	return !(__READ_ONCE(page->flags) & BIT(PG_head)) && !(__READ_ONCE(page->compound_head) & 1);
}

#define vmsim_page_of_mapcount(v) container_of(v, struct page, _mapcount)

static inline int vmsim_map_read(const vmsim_mapcount_t *v)
{
	return vmsim_load_marked(&v->counter, __ATOMIC_RELAXED);
}

/*
 * Linux 6.1 counts the entries of a large folio by its pages only. What is asked of the folio today
 * is kept along.
 */
static inline void vmsim_map_follow(struct page *page, int delta, bool edge)
{
#ifdef VMSIM_COMPAT_6_1
	struct folio *folio = (struct folio *)compound_head(page);

	if (vmsim_page_is_small(page))
		return;
	if (edge)
		atomic_add(delta, &folio->_nr_pages_mapped);
	if (atomic_add_return(delta, (atomic_t *)&folio->_large_mapcount) < 0)
		vmsim_event(MAP_ZERO, (uintptr_t)folio, 0, 0);
#else
	(void)page, (void)delta, (void)edge;
#endif
}

/* A new page's. */
static inline void vmsim_map_set(vmsim_mapcount_t *v, int i)
{
	vmsim_store_marked(&v->counter, i, __ATOMIC_RELAXED);
	if (i >= 0)
		vmsim_event(MAP_ADD, (uintptr_t)vmsim_page_of_mapcount(v), 0, i + 1);
}

/* Returns the count after. */
static inline int vmsim_map_add(vmsim_mapcount_t *v)
{
	int old = atomic_fetch_add_unseen(1, (atomic_t *)v);

	vmsim_event(MAP_ADD, (uintptr_t)vmsim_page_of_mapcount(v), old + 1, old + 2);
	vmsim_map_follow(vmsim_page_of_mapcount(v), 1, old < 0);
	return old + 1;
}

static inline int vmsim_map_remove(vmsim_mapcount_t *v)
{
	int old = atomic_fetch_add_unseen(-1, (atomic_t *)v);

	vmsim_event(MAP_REMOVE, (uintptr_t)vmsim_page_of_mapcount(v), old + 1, old);
	if (old <= 0 && vmsim_page_is_small(vmsim_page_of_mapcount(v)))
		vmsim_event(MAP_ZERO, (uintptr_t)vmsim_page_of_mapcount(v), 0, 0);
	vmsim_map_follow(vmsim_page_of_mapcount(v), -1, old <= 0);
	return old - 1;
}

static inline void vmsim_map_inc(vmsim_mapcount_t *v) { (void)vmsim_map_add(v); }
static inline void vmsim_map_dec(vmsim_mapcount_t *v) { (void)vmsim_map_remove(v); }
static inline bool vmsim_map_inc_and_test(vmsim_mapcount_t *v) { return vmsim_map_add(v) == 0; }

static inline bool vmsim_map_add_negative(int i, vmsim_mapcount_t *v)
{
	VM_BUG_ON(i != -1);
	return vmsim_map_remove(v) < 0;
}

static inline int vmsim_folio_map_read(const vmsim_folio_mapcount_t *v)
{
	return vmsim_load_marked(&v->counter, __ATOMIC_RELAXED);
}

static inline void vmsim_folio_map_set(vmsim_folio_mapcount_t *v, int i)
{
	vmsim_store_marked(&v->counter, i, __ATOMIC_RELAXED);
}

static inline void vmsim_folio_map_add(int i, vmsim_folio_mapcount_t *v)
{
	atomic_add(i, (atomic_t *)v);
}

static inline void vmsim_folio_map_sub(int i, vmsim_folio_mapcount_t *v)
{
	if (atomic_sub_return(i, (atomic_t *)v) < 0)
		vmsim_event(MAP_ZERO, (uintptr_t)container_of(v, struct folio, _large_mapcount), 0,
			    0);
}

static inline void vmsim_folio_map_inc(vmsim_folio_mapcount_t *v) { vmsim_folio_map_add(1, v); }
static inline void vmsim_folio_map_dec(vmsim_folio_mapcount_t *v) { vmsim_folio_map_sub(1, v); }

#define VMSIM_ON_COUNT(v, page, folio, other)					\
	_Generic((v), vmsim_mapcount_t *: page, const vmsim_mapcount_t *: page,	\
		 vmsim_folio_mapcount_t *: folio, const vmsim_folio_mapcount_t *: folio, \
		 default: other)

#define atomic_read(v) VMSIM_ON_COUNT(v, vmsim_map_read, vmsim_folio_map_read, atomic_read)(v)
#define atomic_set(v, i) VMSIM_ON_COUNT(v, vmsim_map_set, vmsim_folio_map_set, atomic_set)(v, i)
#define atomic_inc(v) VMSIM_ON_COUNT(v, vmsim_map_inc, vmsim_folio_map_inc, atomic_inc)(v)
#define atomic_dec(v) VMSIM_ON_COUNT(v, vmsim_map_dec, vmsim_folio_map_dec, atomic_dec)(v)
#define atomic_inc_and_test(v) \
	_Generic((v), vmsim_mapcount_t *: vmsim_map_inc_and_test, default: atomic_inc_and_test)(v)
#define atomic_add_negative(i, v) \
	_Generic((v), vmsim_mapcount_t *: vmsim_map_add_negative, default: atomic_add_negative)(i, v)
#define atomic_add(i, v) \
	_Generic((v), vmsim_folio_mapcount_t *: vmsim_folio_map_add, default: atomic_add)(i, v)
#define atomic_sub(i, v) \
	_Generic((v), vmsim_folio_mapcount_t *: vmsim_folio_map_sub, default: atomic_sub)(i, v)

#endif
