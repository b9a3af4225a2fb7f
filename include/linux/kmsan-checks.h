/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_KMSAN_CHECKS_H
#define _VMSIM_LINUX_KMSAN_CHECKS_H

#include <linux/types.h>

/* The kernel's detector of uninitialised memory. Ours are the compiler's sanitizers. */
static inline void kmsan_unpoison_memory(const void *address, size_t size)
{
	(void)address, (void)size;
}

static inline void kmsan_poison_memory(const void *address, size_t size, gfp_t flags)
{
	(void)address, (void)size, (void)flags;
}

static inline void kmsan_check_memory(const void *address, size_t size)
{
	(void)address, (void)size;
}

#endif
