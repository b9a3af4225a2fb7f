/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SHM_H
#define _VMSIM_LINUX_SHM_H

#include <linux/types.h>

#endif
