/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_HIGHMEM_H
#define _VMSIM_LINUX_HIGHMEM_H

#include <linux/mm.h>

/*
 * Contents of frames as the kernel touches them. What is really kept depends on the machine:
 * nothing, one 64-bit version per frame, or 4 KiB. Raises FRAME_READ and FRAME_WRITE.
 */
__vmsim_export void clear_highpage(struct page *page);
__vmsim_export void copy_highpage(struct page *to, struct page *from);
#define clear_user_highpage(page, vaddr) clear_highpage(page)
#define copy_user_highpage(to, from, vaddr, vma) copy_highpage(to, from)

/* Data caches are coherent, whoever accesses the frame. */
#define flush_anon_page(vma, page, vmaddr) ((void)0)
#define flush_dcache_page(page) ((void)0)

static inline bool page_poisoning_enabled_static(void)
{
	return false;
}

static inline bool want_init_on_free(void)
{
	return false;
}

#endif
