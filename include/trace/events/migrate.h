/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_TRACE_EVENTS_MIGRATE_H
#define _VMSIM_TRACE_EVENTS_MIGRATE_H

/* Tracepoints tell nobody: what is watched here are the primitives' events. */
static inline void trace_set_migration_pte(unsigned long addr, unsigned long pte, int order)
{
	(void)addr, (void)pte, (void)order;
}

static inline void trace_remove_migration_pte(unsigned long addr, unsigned long pte, int order)
{
	(void)addr, (void)pte, (void)order;
}

#endif
