/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SCHED_SIGNAL_H
#define _VMSIM_LINUX_SCHED_SIGNAL_H

#include <linux/sched.h>

/* Nobody sends signals: those that faults cause are returned to the program at once. */
static inline int signal_pending(struct task_struct *p) /* customised */
{
	(void)p;
	return 0;
}

static inline int fatal_signal_pending(struct task_struct *p) /* customised */
{
	(void)p;
	return 0;
}

#endif
