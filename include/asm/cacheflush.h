/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_CACHEFLUSH_H
#define _VMSIM_ASM_CACHEFLUSH_H

/* Data caches are coherent: the flush_cache_*() functions, which do nothing, are there. */
#include <asm/tlbflush.h>

#endif
