// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "order/order.h"
#include <linux/spinlock.h>

void vmsim_spin_init(spinlock_t *lock, const struct vmsim_lock_class *class, void *object)
{
	lock->class = class;
	lock->object = object;
	__WRITE_ONCE(lock->owner, NULL);
	__atomic_store_n(&lock->word, 0, __ATOMIC_RELEASE);
}

static bool is_free(const void *arg)
{
	const spinlock_t *lock = arg;

	return __READ_ONCE(lock->word) == 0;
}

static bool take(spinlock_t *lock)
{
	if (vmsim_ordered() ? vmsim_order_rmw(&lock->word, sizeof(lock->word), VMSIM_RMW_SET, 1, 0,
					      VMSIM_RMW_ACQUIRE)
			    : __atomic_exchange_n(&lock->word, 1, __ATOMIC_ACQUIRE))
		return false;
	__WRITE_ONCE(lock->owner, current);
	return true;
}

static void took(spinlock_t *lock, int mode)
{
	if (lock->class->is_ptl)
		vmsim_event(PTL_LOCK, (uintptr_t)lock, (uintptr_t)lock->object, mode);
	else
		vmsim_event(LOCK, (uintptr_t)lock, (uintptr_t)lock->class, mode);
	(void)mode;
}

__vmsim_overridable void spin_lock(spinlock_t *lock)
{
	BUG_ON(vmsim_spin_owned(lock));
	preempt_disable();
	while (!take(lock))
		vmsim_wait_until(is_free, lock);
	took(lock, 0);
}

__vmsim_overridable bool spin_trylock(spinlock_t *lock)
{
	preempt_disable();
	if (!take(lock)) {
		preempt_enable();
		vmsim_event(READ, (uintptr_t)lock, 1, sizeof(lock->word));
		return false;
	}
	took(lock, VMSIM_LOCK_TRIED);
	return true;
}

/*
 * PTL_UNLOCK is raised while the lock is still held: watchers see the state that the holder leaves
 * behind (MR1). The lock itself may be gone once it is free, so that its address is all that the
 * last event has.
 */
__vmsim_overridable void spin_unlock(spinlock_t *lock)
{
	const struct vmsim_lock_class *class = lock->class;

	BUG_ON(!vmsim_spin_owned(lock));
	if (class->is_ptl)
		vmsim_event(PTL_UNLOCK, (uintptr_t)lock, (uintptr_t)lock->object, 0);
	__WRITE_ONCE(lock->owner, NULL);
	if (vmsim_ordered())
		vmsim_order_unlock(&lock->word);
	else
		__atomic_store_n(&lock->word, 0, __ATOMIC_RELEASE);
	preempt_enable();
	if (class->is_ptl)
		vmsim_event(PTL_RELEASED, (uintptr_t)lock, 0, 0);
	else
		vmsim_event(UNLOCK, (uintptr_t)lock, (uintptr_t)class, 0);
	vmsim_poll();
}
