/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_CAPABILITY_H
#define _VMSIM_LINUX_CAPABILITY_H

#include <linux/types.h>

#define CAP_IPC_LOCK 14
#define CAP_SYS_ADMIN 21

/* Simulated programs are root's, but for what they give up (src/mm/limits.c). */
__vmsim_export bool capable(int cap);

#endif
