/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_NODEMASK_H
#define _VMSIM_LINUX_NODEMASK_H

#include <linux/bitops.h>
#include <linux/numa.h>

/* Memory is one node. */
#define first_online_node 0

typedef struct { DECLARE_BITMAP(bits, MAX_NUMNODES); } nodemask_t;

#endif
