/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_MM_MM_SLOT_H
#define _VMSIM_MM_MM_SLOT_H

#include <linux/types.h>

struct mm_struct;

/* An address space in the list and the hash table of somebody who scans memory (mm/mm_slot.h). */
struct mm_slot {
	struct hlist_node hash;
	struct list_head mm_node;
	struct mm_struct *mm;
};

#endif
