/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_UACCESS_H
#define _VMSIM_LINUX_UACCESS_H

#include <linux/mm.h>

/* Addresses of programs, as kernel code sees them: simulated, no memory of ours. */
#define TASK_SIZE_MAX TASK_SIZE
#define untagged_addr(addr) (addr)
#define untagged_addr_remote(mm, addr) ((void)(mm), (addr))

static inline bool vmsim_access_ok(unsigned long addr, unsigned long size)
{
	return size <= TASK_SIZE_MAX && addr <= TASK_SIZE_MAX - size;
}

#define access_ok(addr, size) vmsim_access_ok((unsigned long)(addr), size)

/* One access of the caller's memory as the program would do it (src/mm/user.c); 0 or not. */
__vmsim_export int vmsim_uaccess(unsigned long addr, bool write, unsigned int size, u64 *value);

#define user_read_access_begin(addr, size) access_ok(addr, size)
#define user_write_access_begin(addr, size) access_ok(addr, size)
#define user_read_access_end() ((void)0)
#define user_write_access_end() ((void)0)

#define unsafe_get_user(x, ptr, label)						\
do {										\
	u64 __word = 0;								\
	if (vmsim_uaccess((unsigned long)(ptr), false, sizeof(*(ptr)), &__word)) \
		goto label;							\
	(x) = (__typeof__(*(ptr)))__word;					\
} while (0)

#define unsafe_put_user(x, ptr, label)						\
do {										\
	u64 __word = (u64)(x);							\
	if (vmsim_uaccess((unsigned long)(ptr), true, sizeof(*(ptr)), &__word))	\
		goto label;							\
} while (0)

/* Memory without tags: what may be written of a page may be written everywhere in it. */
static inline size_t probe_subpage_writeable(char __user *uaddr, size_t size)
{
	(void)uaddr, (void)size;
	return 0;
}

#endif
