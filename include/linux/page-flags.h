/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PAGE_FLAGS_H
#define _VMSIM_LINUX_PAGE_FLAGS_H

#include <linux/mm_types.h>
#include <linux/bitops.h>
#include <linux/mmdebug.h>
#include <vmsim/hook.h>

/* Bits of struct page.flags, in the kernel's order (6.12, include/linux/page-flags.h). */
enum pageflags {
	PG_locked,
	PG_writeback,
	PG_referenced,
	PG_uptodate,
	PG_dirty,
	PG_lru,
	PG_head,
	PG_waiters,
	PG_active,
	PG_workingset,
	PG_owner_priv_1,
	PG_owner_2,
	PG_arch_1,
	PG_reserved,
	PG_private,
	PG_private_2,
	PG_reclaim,
	PG_swapbacked,
	PG_unevictable,
	PG_mlocked,
	__NR_PAGEFLAGS,
	PG_anon_exclusive = PG_owner_2,
	PG_swapcache = PG_owner_priv_1,
	/* In the second page of a large folio: */
	PG_has_hwpoisoned = PG_active,
	PG_large_rmappable = PG_workingset,
	PG_partially_mapped = PG_reclaim,
};

/* What a frame in the allocator must not have set. */
#define PAGE_FLAGS_CHECK_AT_FREE \
	(BIT(PG_lru) | BIT(PG_locked) | BIT(PG_private) | BIT(PG_private_2) | BIT(PG_writeback) | \
	 BIT(PG_reserved) | BIT(PG_active) | BIT(PG_unevictable) | BIT(PG_mlocked))

/* page_type: frames that are not mapped carry a type in the map count's place. */
#define PGTY_buddy 0xf0
#define PGTY_table 0xf2
#define PG_TYPE(t) ((unsigned int)(t) << 24)

static inline struct page *vmsim_compound_head(const struct page *page)
{
	unsigned long head = READ_ONCE(page->compound_head);

	return head & 1 ? (struct page *)(head - 1) : (struct page *)page;
}

#define compound_head(page) vmsim_compound_head((const struct page *)(page))
#define page_folio(p) ((struct folio *)vmsim_compound_head((const struct page *)(p)))

static inline bool PageTail(const struct page *page)
{
	return READ_ONCE(page->compound_head) & 1;
}

static inline bool PageHead(const struct page *page)
{
	return test_bit(PG_head, &page->flags);
}

static inline bool PageCompound(const struct page *page)
{
	return PageHead(page) || PageTail(page);
}

#define VMSIM_PAGE_FLAG(uname, lname, bit)						\
static inline bool folio_test_##lname(const struct folio *folio)			\
{											\
	return test_bit(bit, &folio->flags);						\
}											\
static inline void folio_set_##lname(struct folio *folio)				\
{											\
	(void)vmsim_set_bit_unseen(bit, &folio->flags, VMSIM_RMW_UNORDERED);		\
	vmsim_event(FLAG, (uintptr_t)folio, bit, 1);					\
}											\
static inline void folio_clear_##lname(struct folio *folio)				\
{											\
	(void)vmsim_clear_bit_unseen(bit, &folio->flags, VMSIM_RMW_UNORDERED);		\
	vmsim_event(FLAG, (uintptr_t)folio, bit, 0);					\
}											\
static inline bool folio_test_set_##lname(struct folio *folio)				\
{											\
	bool was = vmsim_set_bit_unseen(bit, &folio->flags, VMSIM_RMW_FULL);		\
	vmsim_event(FLAG, (uintptr_t)folio, bit, 1);					\
	return was;									\
}											\
static inline bool folio_test_clear_##lname(struct folio *folio)			\
{											\
	bool was = vmsim_clear_bit_unseen(bit, &folio->flags, VMSIM_RMW_FULL);		\
	vmsim_event(FLAG, (uintptr_t)folio, bit, 0);					\
	return was;									\
}											\
static inline void __folio_set_##lname(struct folio *folio) { folio_set_##lname(folio); } \
static inline void __folio_clear_##lname(struct folio *folio) { folio_clear_##lname(folio); } \
static inline bool Page##uname(const struct page *page)					\
{											\
	return folio_test_##lname(page_folio(page));					\
}											\
static inline void SetPage##uname(struct page *page) { folio_set_##lname(page_folio(page)); } \
static inline void ClearPage##uname(struct page *page) { folio_clear_##lname(page_folio(page)); } \
static inline void __SetPage##uname(struct page *page) { SetPage##uname(page); }	\
static inline void __ClearPage##uname(struct page *page) { ClearPage##uname(page); }

VMSIM_PAGE_FLAG(Locked, locked, PG_locked)
VMSIM_PAGE_FLAG(Writeback, writeback, PG_writeback)
VMSIM_PAGE_FLAG(Referenced, referenced, PG_referenced)
VMSIM_PAGE_FLAG(Uptodate, uptodate, PG_uptodate)
VMSIM_PAGE_FLAG(Dirty, dirty, PG_dirty)
VMSIM_PAGE_FLAG(LRU, lru, PG_lru)
VMSIM_PAGE_FLAG(Active, active, PG_active)
VMSIM_PAGE_FLAG(Reserved, reserved, PG_reserved)
VMSIM_PAGE_FLAG(Private, private, PG_private)
VMSIM_PAGE_FLAG(SwapBacked, swapbacked, PG_swapbacked)
VMSIM_PAGE_FLAG(SwapCache, swapcache, PG_swapcache)
VMSIM_PAGE_FLAG(Mlocked, mlocked, PG_mlocked)
VMSIM_PAGE_FLAG(Unevictable, unevictable, PG_unevictable)

/* PG_anon_exclusive belongs to the single page, not to its folio. */
static inline bool PageAnonExclusive(const struct page *page)
{
	return test_bit(PG_anon_exclusive, &page->flags);
}

static inline void SetPageAnonExclusive(struct page *page)
{
	(void)vmsim_set_bit_unseen(PG_anon_exclusive, &page->flags, VMSIM_RMW_UNORDERED);
	vmsim_event(FLAG, (uintptr_t)page, PG_anon_exclusive, 1);
}

static inline void ClearPageAnonExclusive(struct page *page)
{
	(void)vmsim_clear_bit_unseen(PG_anon_exclusive, &page->flags, VMSIM_RMW_UNORDERED);
	vmsim_event(FLAG, (uintptr_t)page, PG_anon_exclusive, 0);
}

/* Low bits of folio->mapping tell what it points to. */
#define PAGE_MAPPING_ANON 0x1
#define PAGE_MAPPING_MOVABLE 0x2
#define PAGE_MAPPING_KSM (PAGE_MAPPING_ANON | PAGE_MAPPING_MOVABLE)
#define PAGE_MAPPING_FLAGS (PAGE_MAPPING_ANON | PAGE_MAPPING_MOVABLE)

static inline bool folio_test_anon(const struct folio *folio)
{
	return (unsigned long)READ_ONCE(folio->mapping) & PAGE_MAPPING_ANON;
}

static inline bool PageAnon(const struct page *page)
{
	return folio_test_anon(page_folio(page));
}

static inline bool folio_test_ksm(const struct folio *folio)
{
	return ((unsigned long)READ_ONCE(folio->mapping) & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_KSM;
}

static inline bool folio_test_large(const struct folio *folio)
{
	return test_bit(PG_head, &folio->flags);
}

/* Objects of the heap are in no frame. */
static inline bool folio_test_slab(const struct folio *folio)
{
	(void)folio;
	return false;
}

/* Memory does not fail (CONFIG_MEMORY_FAILURE=n). */
static inline bool PageHWPoison(const struct page *page)
{
	(void)page;
	return false;
}

/* Large folios are never split: without CONFIG_TRANSPARENT_HUGEPAGE there is no such flag. */
static inline bool folio_test_partially_mapped(const struct folio *folio)
{
	(void)folio;
	return false;
}

static inline bool folio_test_hugetlb(const struct folio *folio)
{
	(void)folio;
	return false;
}

#endif
