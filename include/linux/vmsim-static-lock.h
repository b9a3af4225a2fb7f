/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_VMSIM_STATIC_LOCK_H
#define _VMSIM_LINUX_VMSIM_STATIC_LOCK_H

/*
 * Locks that are static variables of kernel files: what the file names is a template (see
 * <linux/percpu-defs.h>), of a type of its own, and who takes the lock takes the machine's. Part of
 * <linux/spinlock.h> for kernel files.
 */
#include <linux/percpu-defs.h>
#include <linux/spinlock.h>

struct vmsim_static_lock {
	spinlock_t lock;
};

#define DEFINE_SPINLOCK(x)							\
	VMSIM_MACHINE_DATA struct vmsim_static_lock x = {			\
		.lock = { .class = &(const struct vmsim_lock_class) { .name = #x } }, \
	}

static inline spinlock_t *vmsim_lock_of_machine(struct vmsim_static_lock *lock)
{
	return &((struct vmsim_static_lock *)vmsim_machine_data(lock, 0))->lock;
}

static inline spinlock_t *vmsim_lock_itself(spinlock_t *lock)
{
	return lock;
}

#define vmsim_lock_named(x)							\
	_Generic((x), struct vmsim_static_lock *: vmsim_lock_of_machine,	\
		 spinlock_t *: vmsim_lock_itself)(x)

#define spin_lock(x) spin_lock(vmsim_lock_named(x))
#define spin_trylock(x) spin_trylock(vmsim_lock_named(x))
#define spin_unlock(x) spin_unlock(vmsim_lock_named(x))

#endif
