// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "order/order.h"
#include <linux/mutex.h>

void vmsim_mutex_init(struct mutex *lock, const struct vmsim_lock_class *class)
{
	lock->class = class;
	__WRITE_ONCE(lock->owner, NULL);
	__atomic_store_n(&lock->word, 0, __ATOMIC_RELEASE);
}

static bool is_free(const void *arg)
{
	const struct mutex *lock = arg;

	return __READ_ONCE(lock->word) == 0;
}

static bool take(struct mutex *lock)
{
	vmsim_order_locked();
	if (__atomic_exchange_n(&lock->word, 1, __ATOMIC_ACQUIRE))
		return false;
	__WRITE_ONCE(lock->owner, current);
	return true;
}

static void took(struct mutex *lock, int mode)
{
	vmsim_event(LOCK, (uintptr_t)lock, (uintptr_t)lock->class, mode);
	(void)lock, (void)mode;
}

__vmsim_overridable bool mutex_trylock(struct mutex *lock)
{
	vmsim_settle();
	if (!take(lock)) {
		vmsim_event(READ, (uintptr_t)lock, 1, sizeof(lock->word));
		return false;
	}
	took(lock, VMSIM_LOCK_EXCLUSIVE | VMSIM_LOCK_TRIED);
	return true;
}

__vmsim_overridable void mutex_lock(struct mutex *lock)
{
	vmsim_settle();
	BUG_ON(__READ_ONCE(lock->owner) == current);
	while (!take(lock))
		vmsim_wait_until(is_free, lock);
	took(lock, VMSIM_LOCK_EXCLUSIVE);
}

__vmsim_overridable void mutex_unlock(struct mutex *lock)
{
	const struct vmsim_lock_class *class = lock->class;

	BUG_ON(__READ_ONCE(lock->owner) != current);
	__WRITE_ONCE(lock->owner, NULL);
	/* A compare and exchange in the kernel. */
	vmsim_order_drain(vmsim_this_cpu());
	__atomic_store_n(&lock->word, 0, __ATOMIC_RELEASE);
	vmsim_event(UNLOCK, (uintptr_t)lock, (uintptr_t)class, VMSIM_LOCK_EXCLUSIVE);
}
