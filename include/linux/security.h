/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SECURITY_H
#define _VMSIM_LINUX_SECURITY_H

#include <linux/mm.h>

/* Nobody watches over programs (CONFIG_SECURITY=n), and memory may be promised that is not there. */
static inline int security_file_mprotect(struct vm_area_struct *vma, unsigned long reqprot,
					 unsigned long prot)
{
	(void)vma, (void)reqprot, (void)prot;
	return 0;
}

static inline int security_mmap_addr(unsigned long addr)
{
	return addr < mmap_min_addr ? -EPERM : 0;
}

/* As with vm.overcommit_memory=1. */
static inline __vmsim_customised int security_vm_enough_memory_mm(struct mm_struct *mm, long pages)
{
	(void)mm, (void)pages;
	return 0;
}

#endif
