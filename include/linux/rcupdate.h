/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RCUPDATE_H
#define _VMSIM_LINUX_RCUPDATE_H

#include <linux/types.h>
#include <linux/sched.h>

/*
 * One RCU flavour, as in the kernel since 4.20: rcu_read_lock() sections and regions with
 * preemption or interrupts off are all readers.
 */
__vmsim_export void rcu_read_lock(void);
__vmsim_export void rcu_read_unlock(void);
__vmsim_export void synchronize_rcu(void);
__vmsim_export void call_rcu(struct rcu_head *head, rcu_callback_t func);
__vmsim_export void rcu_barrier(void);
__vmsim_export bool rcu_read_lock_held(void);

#define rcu_dereference(p) vmsim_load_marked(&(p), __ATOMIC_ACQUIRE)
#define rcu_dereference_protected(p, c) (p)
#define rcu_access_pointer(p) READ_ONCE(p)
#define rcu_assign_pointer(p, v) vmsim_store_marked(&(p), v, __ATOMIC_RELEASE)

#endif
