/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MLOCK_6_1_H
#define _VMSIM_LINUX_MLOCK_6_1_H

/* What mm/mlock.c of Linux 6.1 calls otherwise. Part of <linux/vmsim-compat-6.1.h>. */
#include <linux/mm_inline.h>
#include <linux/pagevec.h>
#include <mm/internal.h>

/* Batches of pages, half as long as those of folios. */
#define VMSIM_PAGEVEC_SIZE_6_1 15

struct pagevec {
	unsigned char nr;
	bool percpu_pvec_drained;
	struct page *pages[VMSIM_PAGEVEC_SIZE_6_1];
};

static inline unsigned int pagevec_count(const struct pagevec *pvec)
{
	return pvec->nr;
}

static inline void pagevec_reinit(struct pagevec *pvec)
{
	pvec->nr = 0;
}

/* Returns the number of slots left. */
static inline unsigned int pagevec_add(struct pagevec *pvec, struct page *page)
{
	pvec->pages[pvec->nr++] = page;
	return VMSIM_PAGEVEC_SIZE_6_1 - pvec->nr;
}

#define TestClearPageLRU(page) folio_test_clear_lru(page_folio(page))
#define TestClearPageMlocked(page) folio_test_clear_mlocked(page_folio(page))
#define page_evictable(page) folio_evictable(page_folio(page))
#define add_page_to_lru_list(page, lruvec) lruvec_add_folio(lruvec, page_folio(page))
#define del_page_from_lru_list(page, lruvec) lruvec_del_folio(lruvec, page_folio(page))

#define mlock_page_drain_local mlock_drain_local
#define mlock_page_drain_remote mlock_drain_remote
#define need_mlock_page_drain need_mlock_drain

/* The first page of a folio is where the folio is: so they are functions of folios. */
void mlock_new_page(struct page *page) __asm__("mlock_new_folio");
void munlock_page(struct page *page) __asm__("munlock_folio");

#endif
