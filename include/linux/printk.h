/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PRINTK_H
#define _VMSIM_LINUX_PRINTK_H

#include <linux/kernel.h>

#endif
