/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SCHED_SYSCTL_H
#define _VMSIM_LINUX_SCHED_SYSCTL_H

#include <linux/types.h>

/* One node: nothing to balance (CONFIG_NUMA_BALANCING=n). */
#define NUMA_BALANCING_DISABLED 0x0
#define NUMA_BALANCING_NORMAL 0x1
#define NUMA_BALANCING_MEMORY_TIERING 0x2
#define sysctl_numa_balancing_mode 0

#endif
