// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "order/order.h"
#include <linux/rwsem.h>

/*
 * A counter of readers, -1 for a writer. Writers that wait keep new readers out, so that a stream
 * of readers cannot starve them. Under a memory model with store buffers the releases empty the
 * CPU's, since they are read-modify-writes with release in the kernel; so do, on x86, acquisitions.
 */

void vmsim_rwsem_init(struct rw_semaphore *sem, const struct vmsim_lock_class *class, void *object)
{
	sem->class = class;
	sem->object = object;
	__WRITE_ONCE(sem->owner, NULL);
	__WRITE_ONCE(sem->waiting_writers, 0);
	__atomic_store_n(&sem->count, 0, __ATOMIC_RELEASE);
}

static bool readers_may_enter(const void *arg)
{
	const struct rw_semaphore *sem = arg;

	return __READ_ONCE(sem->count) >= 0 && __READ_ONCE(sem->waiting_writers) == 0;
}

static bool writer_may_enter(const void *arg)
{
	const struct rw_semaphore *sem = arg;

	return __READ_ONCE(sem->count) == 0;
}

static bool take_read(struct rw_semaphore *sem)
{
	int count = __READ_ONCE(sem->count);

	vmsim_order_locked();
	while (count >= 0)
		if (__atomic_compare_exchange_n(&sem->count, &count, count + 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
	return false;
}

static bool take_write(struct rw_semaphore *sem)
{
	int nobody = 0;

	vmsim_order_locked();
	if (!__atomic_compare_exchange_n(&sem->count, &nobody, -1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	__WRITE_ONCE(sem->owner, current);
	return true;
}

/* Told of in the step that goes with it: a writer that waits keeps new readers out. */
static void queue_event(struct rw_semaphore *sem, bool joins)
{
	current->atomic_step++;
	if (joins)
		vmsim_event(ATOMIC, (uintptr_t)&sem->waiting_writers, 0, 0);
	else
		vmsim_event(READ, (uintptr_t)&sem->waiting_writers, 0,
			    sizeof(sem->waiting_writers));
	current->atomic_step--;
	(void)sem;
}

static void locked(struct rw_semaphore *sem, int mode)
{
	if (mode & VMSIM_LOCK_SHARED && vmsim_watched(READ))
		queue_event(sem, false);
	vmsim_event(LOCK, (uintptr_t)sem, (uintptr_t)sem->class, mode);
	(void)sem, (void)mode;
}

static void unlocked(struct rw_semaphore *sem, int mode)
{
	vmsim_event(UNLOCK, (uintptr_t)sem, (uintptr_t)sem->class, mode);
	(void)sem, (void)mode;
}

/* An attempt that failed is a look at the lock. */
static int busy(struct rw_semaphore *sem)
{
	if (vmsim_watched(READ))
		queue_event(sem, false);
	vmsim_event(READ, (uintptr_t)sem, 1, sizeof(sem->count));
	(void)sem;
	return 0;
}

__vmsim_overridable void down_read(struct rw_semaphore *sem)
{
	vmsim_settle();
	if (unlikely(__READ_ONCE(sem->waiting_writers))) {
		queue_event(sem, false);
		vmsim_wait_until(readers_may_enter, sem);
	}
	while (!take_read(sem))
		vmsim_wait_until(readers_may_enter, sem);
	locked(sem, VMSIM_LOCK_SHARED);
}

__vmsim_overridable int down_read_trylock(struct rw_semaphore *sem)
{
	vmsim_settle();
	if (!readers_may_enter(sem) || !take_read(sem))
		return busy(sem);
	locked(sem, VMSIM_LOCK_SHARED | VMSIM_LOCK_TRIED);
	return 1;
}

__vmsim_overridable void up_read(struct rw_semaphore *sem)
{
	BUG_ON(__READ_ONCE(sem->count) <= 0);
	vmsim_order_drain(vmsim_this_cpu());
	__atomic_fetch_sub(&sem->count, 1, __ATOMIC_RELEASE);
	unlocked(sem, VMSIM_LOCK_SHARED);
}

__vmsim_overridable void down_write(struct rw_semaphore *sem)
{
	vmsim_settle();
	BUG_ON(__READ_ONCE(sem->owner) == current);
	if (!take_write(sem)) {
		__atomic_fetch_add(&sem->waiting_writers, 1, __ATOMIC_RELAXED);
		queue_event(sem, true);
		do {
			vmsim_wait_until(writer_may_enter, sem);
		} while (!take_write(sem));
		__atomic_fetch_sub(&sem->waiting_writers, 1, __ATOMIC_RELAXED);
		queue_event(sem, true);
	}
	locked(sem, VMSIM_LOCK_EXCLUSIVE | VMSIM_LOCK_QUEUES);
}

__vmsim_overridable int down_write_trylock(struct rw_semaphore *sem)
{
	vmsim_settle();
	if (!take_write(sem))
		return busy(sem);
	locked(sem, VMSIM_LOCK_EXCLUSIVE | VMSIM_LOCK_TRIED);
	return 1;
}

__vmsim_overridable void up_write(struct rw_semaphore *sem)
{
	BUG_ON(__READ_ONCE(sem->owner) != current);
	__WRITE_ONCE(sem->owner, NULL);
	vmsim_order_drain(vmsim_this_cpu());
	__atomic_store_n(&sem->count, 0, __ATOMIC_RELEASE);
	unlocked(sem, VMSIM_LOCK_EXCLUSIVE);
}

/* From writer to one of possibly many readers, without a moment when nobody holds it. */
__vmsim_overridable void downgrade_write(struct rw_semaphore *sem)
{
	BUG_ON(__READ_ONCE(sem->owner) != current);
	__WRITE_ONCE(sem->owner, NULL);
	vmsim_order_drain(vmsim_this_cpu());
	__atomic_store_n(&sem->count, 1, __ATOMIC_RELEASE);
	unlocked(sem, VMSIM_LOCK_EXCLUSIVE);
	locked(sem, VMSIM_LOCK_SHARED);
}
