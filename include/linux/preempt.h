/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PREEMPT_H
#define _VMSIM_LINUX_PREEMPT_H

#include <linux/types.h>
#include <linux/sched.h>

__vmsim_export void preempt_disable(void);
__vmsim_export void preempt_enable(void);

static inline int preempt_count(void)
{
	return current->preempt_count;
}

#define pagefault_disable() preempt_disable()
#define pagefault_enable() preempt_enable()

#endif
