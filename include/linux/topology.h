/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_TOPOLOGY_H
#define _VMSIM_LINUX_TOPOLOGY_H

#include <linux/numa.h>
#include <linux/smp.h>

/* One node. */
static inline int numa_node_id(void)
{
	return 0;
}

#define numa_mem_id() numa_node_id()
#define cpu_to_node(cpu) ((void)(cpu), 0)

#endif
