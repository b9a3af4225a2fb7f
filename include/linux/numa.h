/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_NUMA_H
#define _VMSIM_LINUX_NUMA_H

#define NUMA_NO_NODE (-1)
#define NODES_SHIFT 0
#define MAX_NUMNODES 1

#endif
