/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PERSONALITY_H
#define _VMSIM_LINUX_PERSONALITY_H

#include <linux/types.h>

/* Bits of task_struct.personality (include/uapi/linux/personality.h, Linux 6.12). */
#define ADDR_NO_RANDOMIZE 0x0040000
#define READ_IMPLIES_EXEC 0x0400000

#endif
