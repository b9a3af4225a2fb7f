/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_IO_H
#define _VMSIM_LINUX_IO_H

/* No devices. */
#include <linux/types.h>

#endif
