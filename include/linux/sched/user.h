/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SCHED_USER_H
#define _VMSIM_LINUX_SCHED_USER_H

/* Users: there is one, see <linux/user_namespace.h>. Kernel files have more through here. */
#include <linux/local_lock.h>
#include <linux/percpu.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#endif
