/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MEMBLOCK_H
#define _VMSIM_LINUX_MEMBLOCK_H

#include <linux/mm.h>

/* From address *@at on, the next piece of memory without a hole (src/folio/memmap.c). */
__vmsim_export bool vmsim_next_mem_range(u64 *at, phys_addr_t *start, phys_addr_t *end);

#define for_each_mem_range(i, p_start, p_end) \
	for ((i) = 0; vmsim_next_mem_range(&(i), p_start, p_end);)

#endif
