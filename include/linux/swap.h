/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SWAP_H
#define _VMSIM_LINUX_SWAP_H

#include <linux/mm.h>

/*
 * Types of swap entries (<linux/swapops.h>): devices, and from MAX_SWAPFILES on what is no swap.
 * Values as with CONFIG_MIGRATION, without memory failures and device memory.
 */
#define MAX_SWAPFILES_SHIFT 5
#define SWP_PTE_MARKER_NUM 1
#define SWP_DEVICE_NUM 0
#define SWP_MIGRATION_NUM 3
#define SWP_HWPOISON_NUM 0
#define MAX_SWAPFILES ((1 << MAX_SWAPFILES_SHIFT) - SWP_DEVICE_NUM - SWP_MIGRATION_NUM - \
		       SWP_HWPOISON_NUM - SWP_PTE_MARKER_NUM)
#define SWP_MIGRATION_READ (MAX_SWAPFILES + SWP_HWPOISON_NUM)
#define SWP_MIGRATION_READ_EXCLUSIVE (SWP_MIGRATION_READ + 1)
#define SWP_MIGRATION_WRITE (SWP_MIGRATION_READ + 2)
#define SWP_PTE_MARKER (SWP_MIGRATION_READ + SWP_MIGRATION_NUM + SWP_DEVICE_NUM)

/* As without CONFIG_SWAP: no folio is in a swap cache. */
static inline swp_entry_t page_swap_entry(struct page *page)
{
	(void)page;
	return (swp_entry_t){ 0 };
}

static inline int swap_duplicate(swp_entry_t entry)
{
	(void)entry;
	return 0;
}

static inline void swap_free(swp_entry_t entry)
{
	(void)entry;
}

/* The gather's way of freeing (src/folio/swap_state.c). There is no swap yet. */
__vmsim_export void free_page_and_swap_cache(struct page *page);
__vmsim_export void free_pages_and_swap_cache(struct encoded_page **pages, int nr);

/* Takes a folio out of its file's cache if nobody else uses it (src/folio/truncate.c). */
__vmsim_export long remove_mapping(struct address_space *mapping, struct folio *folio);

/* As without CONFIG_SWAP: an entry's slot is nobody's. */
static inline void free_swap_and_cache_nr(swp_entry_t entry, int nr)
{
	(void)entry, (void)nr;
}

/* As without CONFIG_SWAP: no folio has a slot. */
static inline bool folio_free_swap(struct folio *folio)
{
	(void)folio;
	return false;
}

/* Which folios reclaim may look at (src/folio/lru.c). */
__vmsim_customised __vmsim_export void folio_add_lru(struct folio *folio);
__vmsim_export void folio_add_lru_vma(struct folio *folio, struct vm_area_struct *vma);
__vmsim_export void lru_add_drain(void);

/* What the kernel collects by CPU is done at once: nobody holds references in between. */
static inline bool lru_cache_disabled(void) /* customised */
{
	return true;
}

static inline bool folio_may_be_lru_cached(struct folio *folio)
{
	return !folio_test_large(folio);
}

static inline void mark_page_accessed(struct page *page)
{
	folio_mark_accessed(page_folio(page));
}

#endif
