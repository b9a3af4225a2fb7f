/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_MM_VMA_RANGE_H
#define VMSIM_MM_VMA_RANGE_H

#include "mm/mm_internal.h"

/**
 * struct vmsim_range_change - mappings whose ranges change together
 * @vma: grows or shrinks
 * @adjust: its neighbour, whose start moves with it, or NULL
 * @insert: what becomes of a part of @vma, or NULL
 *
 * Both reverse maps order mappings by their page offsets: a mapping whose range changes is taken
 * out and put back, and walkers stay out meanwhile (vma_prepare() and vma_complete(), mm/vma.c,
 * Linux 6.12). Lock order: mmap_lock, i_mmap_rwsem, anon_vma.
 */
struct vmsim_range_change {
	struct vm_area_struct *vma, *adjust, *insert;
	struct address_space *mapping;
	struct anon_vma *anon_vma;
};

void vmsim_range_change_begin(struct vmsim_range_change *change);
void vmsim_range_change_end(struct vmsim_range_change *change);

#endif
