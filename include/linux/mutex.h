/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MUTEX_H
#define _VMSIM_LINUX_MUTEX_H

#include <linux/spinlock.h>

struct mutex {
	u32 word;
	struct task_struct *owner;
	const struct vmsim_lock_class *class;
};

__vmsim_export void vmsim_mutex_init(struct mutex *lock, const struct vmsim_lock_class *class);
__vmsim_export void mutex_lock(struct mutex *lock);
__vmsim_export bool mutex_trylock(struct mutex *lock);
__vmsim_export void mutex_unlock(struct mutex *lock);

#define mutex_init(lock)							\
do {										\
	static const struct vmsim_lock_class __lock_class = { .name = #lock };	\
	vmsim_mutex_init((lock), &__lock_class);				\
} while (0)

static inline bool mutex_is_locked(const struct mutex *lock)
{
	return READ_ONCE(lock->word) != 0;
}

#endif
