/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_VMSTAT_H
#define _VMSIM_LINUX_VMSTAT_H

#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/vm_event_item.h>

/*
 * Counts of pages by use. A machine is one node with one zone: each CPU counts for itself, only the
 * sum means something (src/machine/vmstat.c).
 */
__vmsim_export void __mod_node_page_state(struct pglist_data *pgdat, enum node_stat_item item,
					  long delta);
__vmsim_export void __mod_zone_page_state(struct zone *zone, enum zone_stat_item item, long delta);
__vmsim_export void count_vm_events(enum vm_event_item item, long delta);
__vmsim_export unsigned long global_node_page_state(enum node_stat_item item);
__vmsim_export unsigned long global_zone_page_state(enum zone_stat_item item);
__vmsim_export unsigned long vmsim_vm_events(enum vm_event_item item);

#define mod_node_page_state(pgdat, item, delta) __mod_node_page_state(pgdat, item, delta)
#define mod_zone_page_state(zone, item, delta) __mod_zone_page_state(zone, item, delta)
#define __count_vm_events(item, delta) count_vm_events(item, delta)
#define count_vm_event(item) count_vm_events(item, 1)
/* As without CONFIG_NUMA_BALANCING. */
#define count_vm_numa_event(item) ((void)0)
#define count_vm_numa_events(item, delta) ((void)(delta))

/* There is one node: no folio needs to know it. */
static inline struct pglist_data *folio_pgdat(const struct folio *folio)
{
	(void)folio;
	return NULL;
}

static inline struct zone *folio_zone(const struct folio *folio)
{
	(void)folio;
	return NULL;
}

static inline struct zone *page_zone(const struct page *page)
{
	(void)page;
	return NULL;
}

static inline void node_stat_mod_folio(struct folio *folio, enum node_stat_item item, long nr)
{
	__mod_node_page_state(folio_pgdat(folio), item, nr);
}

static inline void zone_stat_mod_folio(struct folio *folio, enum zone_stat_item item, long nr)
{
	__mod_zone_page_state(folio_zone(folio), item, nr);
}

/* What a control group would count beside its node. */
static inline void __lruvec_stat_mod_folio(struct folio *folio, enum node_stat_item item, int val)
{
	__mod_node_page_state(folio_pgdat(folio), item, val);
}

static inline void __mod_lruvec_page_state(struct page *page, enum node_stat_item item, int val)
{
	__lruvec_stat_mod_folio(page_folio(page), item, val);
}

#endif
