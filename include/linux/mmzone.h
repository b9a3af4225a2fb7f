/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MMZONE_H
#define _VMSIM_LINUX_MMZONE_H

#include <linux/gfp.h>

/* Those of the kernel's counts that somebody keeps here (<linux/vmstat.h>). */
enum zone_stat_item {
	NR_MLOCK,
	NR_VM_ZONE_STAT_ITEMS
};

enum node_stat_item {
	NR_ANON_MAPPED,
	NR_FILE_MAPPED,
	NR_SHMEM_PMDMAPPED,
	NR_FILE_PMDMAPPED,
	NR_ANON_THPS,
	NR_FOLL_PIN_ACQUIRED,
	NR_FOLL_PIN_RELEASED,
	NR_VM_NODE_STAT_ITEMS
};

struct pglist_data;

/* Where reclaim looks for folios: a lock without lists (src/folio/lru.c). */
struct lruvec {
	spinlock_t lru_lock;
};

#define VMSIM_PCP_MAX 64

/* Free frames of one CPU, the hottest last; only that CPU, with preemption off, touches them. */
struct vmsim_pcp {
	unsigned int count;
	struct page *page[VMSIM_PCP_MAX];
};

struct free_area {
	struct list_head free_list;
	unsigned long nr_free;
};

/**
 * struct zone - all frames of a machine
 * @lock: over everything here; a leaf lock
 * @free_area: free blocks by order
 * @nr_free_pages: frames in @free_area or never handed out yet; what CPUs keep does not count
 * @pcp_high: frames that a CPU may keep; 0 = every frame goes through @free_area
 */
struct zone {
	spinlock_t lock;
	struct free_area free_area[NR_PAGE_ORDERS];
	unsigned long nr_free_pages;
	unsigned int pcp_high;
};

/*
 * A section that goes (src/folio/memmap.c). Static functions of mm/sparse.c, Linux 6.12, which may
 * be replaced.
 */
struct vmem_altmap;
__vmsim_export void section_deactivate(unsigned long pfn, unsigned long nr_pages,
				       struct vmem_altmap *altmap);
__vmsim_export int clear_subsection_map(unsigned long pfn, unsigned long nr_pages);
__vmsim_export void depopulate_section_memmap(unsigned long pfn, unsigned long nr_pages,
					      struct vmem_altmap *altmap);

#endif
