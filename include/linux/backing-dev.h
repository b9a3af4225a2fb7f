/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_BACKING_DEV_H
#define _VMSIM_LINUX_BACKING_DEV_H

/* Devices behind files have no state of their own. */
#include <linux/fs.h>

#endif
