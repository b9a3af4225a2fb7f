/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_EXPORT_H
#define _VMSIM_LINUX_EXPORT_H

/* EXPORT_SYMBOL() and its like; there are no modules. */
#include <linux/kernel.h>

#endif
