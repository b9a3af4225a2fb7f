/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TLB_FLUSH_H
#define VMSIM_TLB_FLUSH_H

#include "machine/internal.h"

/* Counts a request and announces it; returns what it covers. */
struct vmsim_tlb_range vmsim_tlb_flush_begin(struct mm_struct *mm, unsigned long start,
					     unsigned long end, unsigned int stride_shift,
					     bool tables);
/* Announces that a request is complete. */
void vmsim_tlb_flush_end(struct mm_struct *mm, const struct vmsim_tlb_range *range);

/* Invalidates on every CPU of mm_cpumask, without an interrupt. */
void vmsim_tlb_flush_cpus(struct mm_struct *mm, const struct vmsim_tlb_range *range);

/* As vmsim_tlb_broadcast_issue(), with everything that a request says (broadcast.c). */
void vmsim_tlb_issue(struct mm_struct *mm, unsigned long start, unsigned long end,
		     unsigned int stride_shift, bool tables);

#endif
