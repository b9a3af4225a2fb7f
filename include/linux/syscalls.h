/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SYSCALLS_H
#define _VMSIM_LINUX_SYSCALLS_H

#include <linux/types.h>

/*
 * Where the calls of <vmsim/process.h> arrive: long sys_NAME(...), which acts on the caller's own
 * address space. Arguments come as in the kernel, one pair of a type and a name for each.
 */
#define VMSIM_SC_ARGS0() void
#define VMSIM_SC_ARGS1(t1, a1) t1 a1
#define VMSIM_SC_ARGS2(t1, a1, ...) t1 a1, VMSIM_SC_ARGS1(__VA_ARGS__)
#define VMSIM_SC_ARGS3(t1, a1, ...) t1 a1, VMSIM_SC_ARGS2(__VA_ARGS__)
#define VMSIM_SC_ARGS4(t1, a1, ...) t1 a1, VMSIM_SC_ARGS3(__VA_ARGS__)
#define VMSIM_SC_ARGS5(t1, a1, ...) t1 a1, VMSIM_SC_ARGS4(__VA_ARGS__)
#define VMSIM_SC_ARGS6(t1, a1, ...) t1 a1, VMSIM_SC_ARGS5(__VA_ARGS__)

#define VMSIM_SYSCALL_DEFINE(n, name, ...)					\
	__vmsim_export long sys_##name(VMSIM_SC_ARGS##n(__VA_ARGS__));		\
	long sys_##name(VMSIM_SC_ARGS##n(__VA_ARGS__))

#define SYSCALL_DEFINE0(name) VMSIM_SYSCALL_DEFINE(0, name)
#define SYSCALL_DEFINE1(name, ...) VMSIM_SYSCALL_DEFINE(1, name, __VA_ARGS__)
#define SYSCALL_DEFINE2(name, ...) VMSIM_SYSCALL_DEFINE(2, name, __VA_ARGS__)
#define SYSCALL_DEFINE3(name, ...) VMSIM_SYSCALL_DEFINE(3, name, __VA_ARGS__)
#define SYSCALL_DEFINE4(name, ...) VMSIM_SYSCALL_DEFINE(4, name, __VA_ARGS__)
#define SYSCALL_DEFINE5(name, ...) VMSIM_SYSCALL_DEFINE(5, name, __VA_ARGS__)
#define SYSCALL_DEFINE6(name, ...) VMSIM_SYSCALL_DEFINE(6, name, __VA_ARGS__)

__vmsim_export long sys_mprotect(unsigned long start, size_t len, unsigned long prot);
__vmsim_export long sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
			       unsigned long flags, unsigned long new_addr);
__vmsim_export long sys_mlock(unsigned long start, size_t len);
__vmsim_export long sys_mlock2(unsigned long start, size_t len, int flags);
__vmsim_export long sys_munlock(unsigned long start, size_t len);
__vmsim_export long sys_mlockall(int flags);
__vmsim_export long sys_munlockall(void);

#endif
