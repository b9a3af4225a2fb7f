/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_TRACE_EVENTS_TLB_H
#define _VMSIM_TRACE_EVENTS_TLB_H

/* Tracepoints tell nobody: what is watched here are the primitives' events. */
static inline void trace_tlb_flush(int reason, unsigned long pages)
{
	(void)reason, (void)pages;
}

/* mm/rmap.c makes this tracepoint, and that of Linux 6.1 gets its callers with it. */
#if defined(CREATE_TRACE_POINTS) && defined(VMSIM_COMPAT_6_1)
#include <linux/vmsim-rmap-file-6.1.h>
#endif

#endif
