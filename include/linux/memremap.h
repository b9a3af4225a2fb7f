/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MEMREMAP_H
#define _VMSIM_LINUX_MEMREMAP_H

#include <linux/mm.h>

/* As without CONFIG_ZONE_DEVICE: no page is a device's. */
struct dev_pagemap;

static inline bool folio_is_zone_device(const struct folio *folio)
{
	(void)folio;
	return false;
}

static inline bool is_zone_device_page(const struct page *page)
{
	(void)page;
	return false;
}

static inline bool folio_is_device_private(const struct folio *folio)
{
	(void)folio;
	return false;
}

static inline bool folio_is_device_coherent(const struct folio *folio)
{
	(void)folio;
	return false;
}

static inline bool is_pci_p2pdma_page(const struct page *page)
{
	(void)page;
	return false;
}

static inline struct dev_pagemap *get_dev_pagemap(unsigned long pfn, struct dev_pagemap *pgmap)
{
	(void)pfn, (void)pgmap;
	return NULL;
}

static inline void put_dev_pagemap(struct dev_pagemap *pgmap)
{
	(void)pgmap;
}

#endif
