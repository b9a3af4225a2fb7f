/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PERCPU_H
#define _VMSIM_LINUX_PERCPU_H

#include <linux/percpu-defs.h>

#endif
