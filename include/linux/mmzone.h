/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MMZONE_H
#define _VMSIM_LINUX_MMZONE_H

#include <linux/gfp.h>

#define VMSIM_PCP_MAX 64

/* Free frames of one CPU; only that CPU's thread, with preemption off, touches them. */
struct vmsim_pcp {
	unsigned int count;
	struct list_head list;
};

struct free_area {
	struct list_head free_list;
	unsigned long nr_free;
};

struct zone {
	spinlock_t lock;
	struct free_area free_area[NR_PAGE_ORDERS];
	unsigned long nr_free_pages;
};

#endif
