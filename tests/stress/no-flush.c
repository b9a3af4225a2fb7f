// SPDX-License-Identifier: GPL-2.0-only
/* Flushes that do nothing: what the stress test must notice. */
#include <asm/tlbflush.h>

void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			unsigned int stride_shift, bool freed_tables)
{
}
