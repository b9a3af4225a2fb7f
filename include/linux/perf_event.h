/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PERF_EVENT_H
#define _VMSIM_LINUX_PERF_EVENT_H

#include <linux/mm.h>

/* CONFIG_PERF_EVENTS=n. */
static inline void perf_event_mmap(struct vm_area_struct *vma)
{
	(void)vma;
}

#endif
