/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_TRACE_EVENTS_TLB_H
#define _VMSIM_TRACE_EVENTS_TLB_H

/* Tracepoints tell nobody: what is watched here are the primitives' events. */
static inline void trace_tlb_flush(int reason, unsigned long pages)
{
	(void)reason, (void)pages;
}

#endif
