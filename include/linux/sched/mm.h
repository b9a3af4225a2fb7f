/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SCHED_MM_H
#define _VMSIM_LINUX_SCHED_MM_H

#include <linux/mm.h>

/*
 * What a task says of its allocations. Every frame may be pinned for long, so PF_MEMALLOC_PIN keeps
 * nothing out.
 */
static inline unsigned int memalloc_pin_save(void) /* customised */
{
	return 0;
}

static inline void memalloc_pin_restore(unsigned int flags) /* customised */
{
	(void)flags;
}

#endif
