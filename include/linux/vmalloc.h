/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_VMALLOC_H
#define _VMSIM_LINUX_VMALLOC_H

/* The kernel's own mappings are not modelled. */
#include <linux/mm.h>

#endif
