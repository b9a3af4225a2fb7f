/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PKEYS_H
#define _VMSIM_LINUX_PKEYS_H

#include <linux/mm.h>

/* No protection keys: the answers of CONFIG_ARCH_HAS_PKEYS=n. */
#define ARCH_VM_PKEY_FLAGS 0
#define PKEY_DEDICATED_EXECUTE_ONLY 0
#define vma_pkey(vma) 0
#define execute_only_pkey(mm) 0
#define arch_override_mprotect_pkey(vma, prot, pkey) 0

static inline bool mm_pkey_is_allocated(struct mm_struct *mm, int pkey)
{
	(void)mm;
	return pkey == 0;
}

static inline int mm_pkey_alloc(struct mm_struct *mm)
{
	(void)mm;
	return -1;
}

static inline int mm_pkey_free(struct mm_struct *mm, int pkey)
{
	(void)mm, (void)pkey;
	return -EINVAL;
}

static inline bool arch_pkeys_enabled(void)
{
	return false;
}

#endif
