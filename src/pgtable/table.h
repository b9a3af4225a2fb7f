/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_PGTABLE_TABLE_H
#define VMSIM_PGTABLE_TABLE_H

#include "machine/internal.h"
#include <linux/mm.h>

/*
 * Tables by level: 1 has PTEs, and each level above translates 9 bits more. The level of the top
 * table is the number of levels.
 */
#define VMSIM_LEVEL_BITS 9
#define VMSIM_LEVEL_PTE 1
#define VMSIM_LEVEL_PMD 2
#define VMSIM_LEVEL_PUD 3
#define VMSIM_LEVEL_P4D 4

#if defined(VMSIM_ARCH_X86_PAE)
#define VMSIM_LEVEL_TOP 3UL
#else
#define VMSIM_LEVEL_TOP (pgtable_l5_enabled() ? 5UL : 4UL)
#endif

/* Log2 of what one entry of a table of @level translates. */
static inline unsigned int vmsim_level_shift(unsigned long level)
{
	return PAGE_SHIFT + VMSIM_LEVEL_BITS * (unsigned int)(level - 1);
}

/* What a whole table of @level translates. */
static inline unsigned long vmsim_table_span(unsigned long level)
{
	return 1UL << (vmsim_level_shift(level) + VMSIM_LEVEL_BITS);
}

static inline bool vmsim_is_table(const struct page *page)
{
	return __READ_ONCE(page->page_type) == PG_TYPE(PGTY_table);
}

#endif
