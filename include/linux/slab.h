/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SLAB_H
#define _VMSIM_LINUX_SLAB_H

#include <linux/gfp.h>

/* Objects of the current machine: a jemalloc arena (native) or the fixed arena (explore). */
__vmsim_export void *kmalloc(size_t size, gfp_t gfp);
__vmsim_export void *kzalloc(size_t size, gfp_t gfp);
__vmsim_export void kfree(const void *object);

#endif
