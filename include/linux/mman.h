/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MMAN_H
#define _VMSIM_LINUX_MMAN_H

#include <linux/mm.h>
#include <uapi/linux/mman.h>

/* What is promised is not counted: as with vm.overcommit_memory=1, where nobody looks at it. */
static inline __vmsim_customised void vm_acct_memory(long pages)
{
	(void)pages;
}

static inline __vmsim_customised void vm_unacct_memory(long pages)
{
	(void)pages;
}

static inline bool arch_validate_prot(unsigned long prot, unsigned long addr)
{
	(void)addr;
	return !(prot & ~(unsigned long)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM));
}

static inline bool arch_validate_flags(unsigned long flags)
{
	(void)flags;
	return true;
}

/* The rights of a system call are those of vm_flags. */
static inline unsigned long calc_vm_prot_bits(unsigned long prot, unsigned long pkey)
{
	(void)pkey;
	BUILD_BUG_ON(PROT_READ != VM_READ || PROT_WRITE != VM_WRITE || PROT_EXEC != VM_EXEC);
	return prot & (PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* No program asks to be denied what is both writable and executable (PR_SET_MDWE). */
static inline __vmsim_customised bool map_deny_write_exec(unsigned long old_flags, unsigned long new_flags)
{
	(void)old_flags, (void)new_flags;
	return false;
}

#endif
