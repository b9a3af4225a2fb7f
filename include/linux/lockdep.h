/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_LOCKDEP_H
#define _VMSIM_LINUX_LOCKDEP_H

#include <linux/irqflags.h>
#include <linux/mmdebug.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>

/* The order of locks is watched by an oracle (O14) when they are taken; here is nothing to tell it. */
#define might_lock(lock) ((void)(lock))
#define might_lock_read(lock) ((void)(lock))

/* That it is the caller who holds the lock, where the lock knows that. */
static inline bool vmsim_rwsem_held(const struct rw_semaphore *sem)
{
	int count = __READ_ONCE(sem->count);

	return count > 0 || (count < 0 && __READ_ONCE(sem->owner) == current);
}

static inline bool vmsim_mutex_held(const struct mutex *lock)
{
	return __READ_ONCE(lock->word) && __READ_ONCE(lock->owner) == current;
}

#define lockdep_is_held(lock)							\
	_Generic((lock),							\
		 spinlock_t *: vmsim_spin_owned,				\
		 struct rw_semaphore *: vmsim_rwsem_held,			\
		 struct mutex *: vmsim_mutex_held)(lock)
#define lockdep_assert_held(lock) VM_WARN_ON(!lockdep_is_held(lock))
#define lockdep_assert_irqs_disabled() VM_WARN_ON(!irqs_disabled())

#endif
