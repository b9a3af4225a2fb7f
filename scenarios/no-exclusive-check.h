/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_NO_EXCLUSIVE_CHECK_H
#define SCENARIO_NO_EXCLUSIVE_CHECK_H

#include <linux/mm.h>

/* As without CONFIG_DEBUG_VM: nobody notices pins of pages that are not exclusive. */
void sanity_check_pinned_pages(struct page **pages, unsigned long npages)
{
	(void)pages, (void)npages;
}

#endif
