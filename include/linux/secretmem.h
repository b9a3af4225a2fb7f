/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SECRETMEM_H
#define _VMSIM_LINUX_SECRETMEM_H

#include <linux/mm_types.h>

/* As without CONFIG_SECRETMEM: nothing is secret. */
static inline bool vma_is_secretmem(struct vm_area_struct *vma)
{
	(void)vma;
	return false;
}

static inline bool secretmem_mapping(struct address_space *mapping)
{
	(void)mapping;
	return false;
}

#endif
