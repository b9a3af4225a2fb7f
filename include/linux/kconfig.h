/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_KCONFIG_H
#define _VMSIM_LINUX_KCONFIG_H

/*
 * The configuration that kernel code sees. A build has one flavour, chosen with
 * -DVMSIM_ARCH_X86_64 (default), -DVMSIM_ARCH_X86_PAE or -DVMSIM_ARCH_S390.
 */
#if !defined(VMSIM_ARCH_X86_64) && !defined(VMSIM_ARCH_X86_PAE) && !defined(VMSIM_ARCH_S390)
#define VMSIM_ARCH_X86_64 1
#endif

#define CONFIG_MMU 1
#define CONFIG_SMP 1
#define CONFIG_64BIT 1
#define CONFIG_DEBUG_VM 1
#define CONFIG_HAVE_ARCH_SOFT_DIRTY 1
#define CONFIG_MEM_SOFT_DIRTY 1
#define CONFIG_SPLIT_PTE_PTLOCKS 1
#define CONFIG_SPLIT_PTLOCK_CPUS 4
#define CONFIG_NR_CPUS 64
#define CONFIG_HAVE_GUP_FAST 1
#define CONFIG_ARCH_HAS_PTE_SPECIAL 1
#define CONFIG_MMU_GATHER_TABLE_FREE 1
#define CONFIG_MMU_GATHER_RCU_TABLE_FREE 1
#define CONFIG_MMU_GATHER_MERGE_VMAS 1

#if defined(VMSIM_ARCH_X86_PAE)
#define CONFIG_PGTABLE_LEVELS 3
#define CONFIG_GUP_GET_PXX_LOW_HIGH 1
#else
#define CONFIG_PGTABLE_LEVELS 5
#endif

#if defined(VMSIM_ARCH_S390)
#define CONFIG_MMU_GATHER_NO_GATHER 1
#define CONFIG_S390 1
#else
#define CONFIG_X86 1
#define CONFIG_ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH 1
#define CONFIG_HAVE_MOVE_PMD 1
#define CONFIG_HAVE_MOVE_PUD 1
/* Not in the kernel's x86: makes changes of the page size visible (powerpc has it). */
#define CONFIG_MMU_GATHER_PAGE_SIZE 1
#endif

/* IS_ENABLED(CONFIG_X): 1 where the option is defined to 1, else 0. */
#define __vmsim_arg_placeholder_1 0,
#define __vmsim_second(_ignored, val, ...) val
#define __vmsim_is_defined(x) __vmsim_is_defined2(x)
#define __vmsim_is_defined2(val) __vmsim_is_defined3(__vmsim_arg_placeholder_##val)
#define __vmsim_is_defined3(arg_or_junk) __vmsim_second(arg_or_junk 1, 0, 0)
#define IS_ENABLED(option) __vmsim_is_defined(option)
#define IS_BUILTIN(option) IS_ENABLED(option)
#define IS_REACHABLE(option) IS_ENABLED(option)

#endif
