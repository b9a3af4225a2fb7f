/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SPINLOCK_H
#define _VMSIM_LINUX_SPINLOCK_H

#include <linux/types.h>
#include <linux/preempt.h>
#include <linux/irqflags.h>

/**
 * struct vmsim_lock_class - what locks of one purpose have in common
 * @name: shown in reports and timelines
 * @is_ptl: page-table lock: acquisition and release raise PTL_LOCK and PTL_UNLOCK
 * @is_folio: folio lock: events have the folio in the lock's place
 * @is_mmap: mmap_lock, whose object is the address space
 */
struct vmsim_lock_class {
	const char *name;
	bool is_ptl;
	bool is_folio;
	bool is_mmap;
};

/*
 * The "mode" of LOCK events of all locks, and of PTL_LOCK: spinlocks have 0; locks that may sleep
 * say how they were taken. A lock that was only tried waits for nobody. Where others would see who
 * waits, the lock queues.
 */
#define VMSIM_LOCK_EXCLUSIVE 1
#define VMSIM_LOCK_SHARED 2
#define VMSIM_LOCK_TRIED 4
#define VMSIM_LOCK_QUEUES 8

/**
 * typedef spinlock_t - a spinlock that knows its owner
 * @word: 0 free, 1 held
 * @owner: thread that holds it, NULL when free
 * @class: what it protects
 * @object: the object it belongs to (the table's struct page for a PTL), may be NULL
 */
typedef struct spinlock {
	u32 word;
	struct task_struct *owner;
	const struct vmsim_lock_class *class;
	void *object;
} spinlock_t;

__vmsim_export void vmsim_spin_init(spinlock_t *lock, const struct vmsim_lock_class *class,
				    void *object);
__vmsim_export void spin_lock(spinlock_t *lock);
__vmsim_export bool spin_trylock(spinlock_t *lock);
__vmsim_export void spin_unlock(spinlock_t *lock);

#define spin_lock_init(lock)							\
do {										\
	static const struct vmsim_lock_class __lock_class = { .name = #lock };	\
	vmsim_spin_init((lock), &__lock_class, NULL);				\
} while (0)

static inline bool spin_is_locked(const spinlock_t *lock)
{
	return READ_ONCE(lock->word) != 0;
}

/* True if the calling thread holds @lock. */
static inline bool vmsim_spin_owned(const spinlock_t *lock)
{
	return __READ_ONCE(lock->owner) == current;
}

#define assert_spin_locked(lock) WARN_ON(!vmsim_spin_owned(lock))
#define SINGLE_DEPTH_NESTING 1
#define spin_lock_nested(lock, subclass) spin_lock(lock)
#define spin_lock_irq(lock) do { local_irq_disable(); spin_lock(lock); } while (0)
#define spin_unlock_irq(lock) do { spin_unlock(lock); local_irq_enable(); } while (0)
#define spin_lock_irqsave(lock, flags) do { local_irq_save(flags); spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { \
		spin_unlock(lock); \
		local_irq_restore(flags); \
	} while (0)

#ifdef VMSIM_KERNEL_FILE
#include <linux/vmsim-static-lock.h>
#endif

#endif
