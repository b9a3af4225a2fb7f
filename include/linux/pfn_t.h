/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PFN_T_H
#define _VMSIM_LINUX_PFN_T_H

/* Frame numbers with flags, for device memory: there is none. */
#include <linux/mm.h>

#endif
