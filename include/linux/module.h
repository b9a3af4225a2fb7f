/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MODULE_H
#define _VMSIM_LINUX_MODULE_H

#include <linux/export.h>
#include <linux/init.h>

#endif
