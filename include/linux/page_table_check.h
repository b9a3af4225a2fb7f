/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PAGE_TABLE_CHECK_H
#define _VMSIM_LINUX_PAGE_TABLE_CHECK_H

#include <linux/mm.h>

/* As without CONFIG_PAGE_TABLE_CHECK: who maps a page and who does so exclusively, oracles know. */
static inline void page_table_check_pte_clear_range(struct mm_struct *mm, unsigned long addr,
						    pmd_t pmd)
{
	(void)mm, (void)addr, (void)pmd;
}

#endif
