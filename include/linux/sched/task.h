/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SCHED_TASK_H
#define _VMSIM_LINUX_SCHED_TASK_H

#include <linux/sched.h>
#include <linux/spinlock.h>

/* Over the list of address spaces that have something in swap: nobody can take it. */
extern __vmsim_export spinlock_t mmlist_lock;	/* customised */

#endif
