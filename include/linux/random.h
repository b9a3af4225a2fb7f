/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RANDOM_H
#define _VMSIM_LINUX_RANDOM_H

#include <linux/types.h>

/* Each machine has its own numbers, the same in every run (src/machine/random.c). */
__vmsim_export unsigned long get_random_long(void);	/* customised */

#endif
