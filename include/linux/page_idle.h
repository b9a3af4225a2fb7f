/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PAGE_IDLE_H
#define _VMSIM_LINUX_PAGE_IDLE_H

#include <linux/mm_types.h>

/* As without CONFIG_PAGE_IDLE_FLAG. */

static inline bool folio_test_young(const struct folio *folio)
{
	(void)folio;
	return false;
}

static inline bool folio_test_clear_young(struct folio *folio)
{
	(void)folio;
	return false;
}

static inline bool folio_test_idle(const struct folio *folio)
{
	(void)folio;
	return false;
}

static inline void folio_clear_idle(struct folio *folio)
{
	(void)folio;
}

#endif
