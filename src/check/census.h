/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CHECK_CENSUS_H
#define VMSIM_CHECK_CENSUS_H

#include "check/checker.h"

/* What a walk through all page tables found; lives outside the machine. */

struct chk_mm_census {
	struct mm_struct *mm;
	long rss[NR_MM_COUNTERS];
};

#define CHK_MAX_FOUND 32

struct chk_found {
	struct mm_struct *mm;
	pte_t *ptep;
	unsigned long addr;
};

/**
 * struct chk_census - a recount at rest
 * @frames: frames that were ever used
 * @entries: for each of them, how many entries map it
 * @dirty: for each of them, whether an entry that maps it is dirty
 * @tables: tables that the address spaces have, all levels
 * @bad_pfn: entries that name no frame
 * @found: the entries that are not empty, as far as there is room
 * @nr_found: how many there are
 * @small: memory for @entries, @dirty and @mms of a small world
 */
struct chk_census {
	struct vmsim_checker *chk;
	unsigned long frames;
	u32 *entries;
	bool *dirty;
	u64 tables;
	u64 bad_pfn;
	struct chk_found found[CHK_MAX_FOUND];
	unsigned int nr_found;
	unsigned int nr_mms;
	struct chk_mm_census *mms;
	char small[1024] __aligned(8);
};

int chk_census_take(struct chk_census *census, struct vmsim_checker *chk);
void chk_census_drop(struct chk_census *census);

/* Calls @fn for every entry that is not empty. */
void chk_each_entry(struct chk_census *census,
		    void (*fn)(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr));

/* Calls @fn for every frame that was ever used and is no tail page. */
void chk_each_head(struct chk_census *census,
		   void (*fn)(struct chk_census *census, struct page *page));

#endif
