// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/sched/task.h>

/*
 * Kernel code compares address spaces with that of the kernel. Here it is an address that is nobody
 * else's, empty, the same for all machines, and read-only: to lock or to change it is a crash.
 */
struct mm_struct init_mm __attribute__((section(".data.rel.ro")));
/* Over the list of address spaces that have something in swap: nobody has. */
spinlock_t mmlist_lock __attribute__((section(".data.rel.ro")));
