/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PAGE_REF_H
#define _VMSIM_LINUX_PAGE_REF_H

#include <linux/mm_types.h>
#include <linux/page-flags.h>

/* Every change of a reference count raises REF with the values before and after. */
static inline void vmsim_ref_event(struct folio *folio, int from, int to)
{
	vmsim_event(REF, (uintptr_t)folio, from, to);
	(void)folio, (void)from, (void)to;
}

/* An attempt that failed has looked. */
static inline void vmsim_ref_seen(const struct folio *folio, int count)
{
	vmsim_event(READ, (uintptr_t)&folio->_refcount, count, sizeof(folio->_refcount));
	(void)folio, (void)count;
}

static inline int folio_ref_count(const struct folio *folio)
{
	return atomic_read(&folio->_refcount);
}

static inline int page_ref_count(const struct page *page)
{
	return atomic_read(&page->_refcount);
}

static inline int page_count(const struct page *page)
{
	return folio_ref_count(page_folio(page));
}

static inline void set_page_count(struct page *page, int v)
{
	__WRITE_ONCE(page->_refcount.counter, v);
	vmsim_ref_event((struct folio *)page, -1, v);
}

/* Counts that are too large wrap around, as in the kernel (M36). */
static inline int vmsim_ref_sum(int count, int nr)
{
	return (int)((unsigned int)count + (unsigned int)nr);
}

static inline int vmsim_ref_add(struct folio *folio, int nr)
{
	int from = atomic_fetch_add_unseen(nr, &folio->_refcount);
	int to = vmsim_ref_sum(from, nr);

	vmsim_ref_event(folio, from, to);
	return to;
}

static inline void folio_ref_add(struct folio *folio, int nr)
{
	int from = atomic_add_unseen(nr, &folio->_refcount);

	vmsim_ref_event(folio, from, vmsim_ref_sum(from, nr));
}

static inline void folio_ref_sub(struct folio *folio, int nr) { folio_ref_add(folio, -nr); }
static inline void folio_ref_inc(struct folio *folio) { folio_ref_add(folio, 1); }
static inline int folio_ref_sub_return(struct folio *folio, int nr)
{
	return vmsim_ref_add(folio, -nr);
}
static inline bool folio_ref_sub_and_test(struct folio *folio, int nr)
{
	int from = atomic_fetch_add_unseen(-nr, &folio->_refcount);
	bool zero = from == nr;

	vmsim_event_returns(zero, REF, (uintptr_t)folio, from, vmsim_ref_sum(from, -nr));
	return zero;
}
static inline bool folio_put_testzero(struct folio *folio)
{
	VM_BUG_ON_FOLIO(folio_ref_count(folio) == 0, folio);
	return folio_ref_sub_and_test(folio, 1);
}
static inline bool put_page_testzero(struct page *page)
{
	return folio_put_testzero((struct folio *)page);
}

/* Adds @nr references unless the count is @u. */
static inline bool folio_ref_add_unless(struct folio *folio, int nr, int u)
{
	int seen = __READ_ONCE(folio->_refcount.counter);

	while (seen != u) {
		int to = vmsim_ref_sum(seen, nr);
		int found = atomic_cmpxchg_unseen(&folio->_refcount, seen, to);

		if (found == seen) {
			vmsim_ref_event(folio, seen, to);
			return true;
		}
		seen = found;
	}
	vmsim_ref_seen(folio, seen);
	return false;
}

static inline bool folio_ref_try_add(struct folio *folio, int count)
{
	return folio_ref_add_unless(folio, count, 0);
}

static inline bool folio_try_get(struct folio *folio)
{
	return folio_ref_try_add(folio, 1);
}

/* Takes the count from exactly @count to zero, so that no lookup can get a reference (R10). */
static inline int folio_ref_freeze(struct folio *folio, int count)
{
	bool done = atomic_cmpxchg_unseen(&folio->_refcount, count, 0) == count;

	if (done)
		vmsim_ref_event(folio, count, 0);
	else
		vmsim_ref_seen(folio, -1);
	return done;
}

static inline void folio_ref_unfreeze(struct folio *folio, int count)
{
	VM_BUG_ON_FOLIO(folio_ref_count(folio) != 0, folio);
	VM_BUG_ON(count == 0);
	__atomic_store_n(&folio->_refcount.counter, count, __ATOMIC_RELEASE);
	vmsim_ref_event(folio, 0, count);
}

#endif
