/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_LOCKDEP_H
#define _VMSIM_LINUX_LOCKDEP_H

#include <linux/irqflags.h>
#include <linux/mmdebug.h>

/* The order of locks is watched by an oracle (O14) when they are taken; here is nothing to tell it. */
#define might_lock(lock) ((void)(lock))
#define might_lock_read(lock) ((void)(lock))
#define lockdep_assert_irqs_disabled() VM_WARN_ON(!irqs_disabled())

#endif
