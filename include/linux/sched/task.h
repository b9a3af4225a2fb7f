/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SCHED_TASK_H
#define _VMSIM_LINUX_SCHED_TASK_H

#include <linux/sched.h>
#include <linux/spinlock.h>

#endif
