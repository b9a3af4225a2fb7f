/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_NODEMASK_H
#define _VMSIM_LINUX_NODEMASK_H

/* Memory is one node. */
#define first_online_node 0

#endif
