/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_LOCAL_LOCK_H
#define _VMSIM_LINUX_LOCAL_LOCK_H

#include <linux/percpu-defs.h>
#include <linux/preempt.h>

/* As without CONFIG_PREEMPT_RT: what is a CPU's own, its thread has as long as it stays there. */
typedef struct {} local_lock_t;

#define INIT_LOCAL_LOCK(lockname) {}

static inline void local_lock(local_lock_t *lock)
{
	(void)lock;
	preempt_disable();
}

static inline void local_unlock(local_lock_t *lock)
{
	(void)lock;
	preempt_enable();
}

#endif
