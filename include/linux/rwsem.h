/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RWSEM_H
#define _VMSIM_LINUX_RWSEM_H

#include <linux/spinlock.h>

/**
 * struct rw_semaphore - a sleeping reader-writer lock
 * @count: number of readers, or -1 for a writer
 * @waiting_writers: writers that wait; new readers let them go first
 * @owner: the writer; undefined for readers
 * @class: what it protects
 * @object: the object it belongs to (the mm_struct for mmap_lock), may be NULL
 */
struct rw_semaphore {
	int count;
	int waiting_writers;
	struct task_struct *owner;
	const struct vmsim_lock_class *class;
	void *object;
};

__vmsim_export void vmsim_rwsem_init(struct rw_semaphore *sem,
				     const struct vmsim_lock_class *class, void *object);
__vmsim_export void down_read(struct rw_semaphore *sem);
__vmsim_export int down_read_trylock(struct rw_semaphore *sem);
__vmsim_export void up_read(struct rw_semaphore *sem);
__vmsim_export void down_write(struct rw_semaphore *sem);
__vmsim_export int down_write_trylock(struct rw_semaphore *sem);
__vmsim_export void up_write(struct rw_semaphore *sem);
__vmsim_export void downgrade_write(struct rw_semaphore *sem);

#define init_rwsem(sem)								\
do {										\
	static const struct vmsim_lock_class __lock_class = { .name = #sem };	\
	vmsim_rwsem_init((sem), &__lock_class, NULL);				\
} while (0)

static inline bool rwsem_is_locked(const struct rw_semaphore *sem)
{
	return READ_ONCE(sem->count) != 0;
}

#endif
