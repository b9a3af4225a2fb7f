/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_MMU_CONTEXT_H
#define _VMSIM_ASM_MMU_CONTEXT_H

#include <linux/mm_types.h>

/* As without protection keys: what the mapping allows, the architecture does. */
static inline bool arch_vma_access_permitted(struct vm_area_struct *vma, bool write, bool execute,
					     bool foreign)
{
	(void)vma, (void)write, (void)execute, (void)foreign;
	return true;
}

#endif
