/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_PAGE_H
#define _VMSIM_ASM_PAGE_H

#include <linux/types.h>
#include <linux/sched.h>

#define PAGE_SHIFT 12
#undef PAGE_SIZE
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#undef PAGE_MASK
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(addr) (((addr) + PAGE_SIZE - 1) & PAGE_MASK)
#define PAGE_ALIGNED(addr) (((unsigned long)(addr) & ~PAGE_MASK) == 0)
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)

struct page;

/* A cell of the memmap: struct page is incomplete here. */
#define VMSIM_CELL_SHIFT 6

static inline struct page *vmsim_pfn_to_page(unsigned long pfn)
{
	return (struct page *)(current->memmap + (pfn << VMSIM_CELL_SHIFT));
}

static inline unsigned long vmsim_page_to_pfn(const struct page *page)
{
	return (unsigned long)((const char *)page - current->memmap) >> VMSIM_CELL_SHIFT;
}

#define __phys_to_pfn(phys) ((unsigned long)((phys) >> PAGE_SHIFT))
#define __pfn_to_phys(pfn) ((phys_addr_t)(pfn) << PAGE_SHIFT)
/* The kernel's own code is in no frame. Whoever wants one that exists gets that of zeroes. */
#define __pa_symbol(x) /* customised */ ((void)sizeof(x), __pfn_to_phys(vmsim_zero_pfn()))

#define pfn_to_page(pfn) vmsim_pfn_to_page(pfn)
#define page_to_pfn(page) vmsim_page_to_pfn(page)

__vmsim_export bool pfn_valid(unsigned long pfn);

/*
 * The table memory of a frame. Page tables live there in every contents mode; the contents of
 * other frames only where the machine keeps 4 KiB contents.
 */
static inline void *page_address(const struct page *page)
{
	return current->frames + (page_to_pfn(page) << PAGE_SHIFT);
}

static inline struct page *virt_to_page(const void *addr)
{
	return pfn_to_page((unsigned long)((const char *)addr - current->frames) >> PAGE_SHIFT);
}

#define __va_pfn(pfn) ((void *)(current->frames + ((unsigned long)(pfn) << PAGE_SHIFT)))

#endif
