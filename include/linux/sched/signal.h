/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SCHED_SIGNAL_H
#define _VMSIM_LINUX_SCHED_SIGNAL_H

#include <linux/resource.h>
#include <linux/sched.h>

/**
 * struct signal_struct - what the threads of a process have in common
 * @rlim: its limits; only RLIMIT_MEMLOCK binds anybody (vmsim_setrlimit())
 * @dropped: bit per capability that it has not (vmsim_drop_capability())
 */
struct signal_struct {
	struct rlimit rlim[RLIM_NLIMITS];
	u64 dropped;
};

static inline unsigned long rlimit(unsigned int limit)
{
	return READ_ONCE(current->signal->rlim[limit].rlim_cur);
}

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
