/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_START_KERNEL_H
#define _VMSIM_LINUX_START_KERNEL_H

/* Only its address is of interest, and __pa_symbol() does not want that. */
extern void start_kernel(void);

#endif
