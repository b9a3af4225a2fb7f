// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/resource.h>
#include <limits.h>
#include <vmsim/process.h>

/* What programs may, and how much of it. */

void vmsim_limits_init(struct vmsim_machine *m)
{
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
		m->signal.rlim[i] = (struct rlimit) { RLIM_INFINITY, RLIM_INFINITY };
	atomic_set(&m->ucounts.count, 1);
	spin_lock_init(&m->shmlock_user_lock);
}

/**
 * capable() - may the caller do what root may?
 * @cap: CAP_*
 *
 * Source: kernel/capability.c, Linux 6.12.
 */
__vmsim_overridable bool capable(int cap)
{
	return !(READ_ONCE(current->signal->dropped) & BIT_ULL(cap));
}

/** current_ucounts() - what the caller's user has; all processes of a machine have the same one */
__vmsim_overridable struct ucounts *current_ucounts(void)
{
	return &vmsim_this_machine()->ucounts;
}

/** get_ucounts() - one more reference; NULL: too many, as in no machine */
__vmsim_overridable struct ucounts *get_ucounts(struct ucounts *ucounts)
{
	atomic_inc(&ucounts->count);
	return ucounts;
}

/** put_ucounts() - ends get_ucounts() */
__vmsim_overridable void put_ucounts(struct ucounts *ucounts)
{
	WARN_ON(atomic_dec_and_test(&ucounts->count));
}

/**
 * inc_rlimit_ucounts() - a user has more of something
 * @ucounts: the user's
 * @type: of what
 * @v: how much more
 *
 * Source: kernel/ucount.c, Linux 6.12.
 * Return: how much it is now; LONG_MAX: too much to count.
 */
__vmsim_overridable long inc_rlimit_ucounts(struct ucounts *ucounts, enum rlimit_type type, long v)
{
	long now = atomic_long_add_return(v, &ucounts->rlimit[type]);

	return now < 0 ? LONG_MAX : now;
}

/** dec_rlimit_ucounts() - ends inc_rlimit_ucounts(); was that all there was? */
__vmsim_overridable bool dec_rlimit_ucounts(struct ucounts *ucounts, enum rlimit_type type, long v)
{
	long now = atomic_long_add_return(-v, &ucounts->rlimit[type]);

	WARN_ON(now < 0);
	return now == 0;
}

/**
 * user_shm_lock() - counts shared memory that is locked without a process
 * @size: bytes
 * @ucounts: whose
 *
 * Source: mm/mlock.c, Linux 6.12; here and below.
 * Return: 1; 0: more than RLIMIT_MEMLOCK.
 */
__vmsim_overridable int user_shm_lock(size_t size, struct ucounts *ucounts)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK);
	long pages = (long)((size + PAGE_SIZE - 1) >> PAGE_SHIFT), locked;
	spinlock_t *lock = &vmsim_this_machine()->shmlock_user_lock;
	bool allowed;

	if (limit != RLIM_INFINITY)
		limit >>= PAGE_SHIFT;
	spin_lock(lock);
	locked = inc_rlimit_ucounts(ucounts, UCOUNT_RLIMIT_MEMLOCK, pages);
	allowed = (locked != LONG_MAX && (unsigned long)locked <= limit) || capable(CAP_IPC_LOCK);
	if (!allowed || !get_ucounts(ucounts)) {
		dec_rlimit_ucounts(ucounts, UCOUNT_RLIMIT_MEMLOCK, pages);
		allowed = false;
	}
	spin_unlock(lock);
	return allowed;
}

/**
 * user_shm_unlock() - ends user_shm_lock()
 * @size: bytes
 * @ucounts: whose
 */
__vmsim_overridable void user_shm_unlock(size_t size, struct ucounts *ucounts)
{
	spinlock_t *lock = &vmsim_this_machine()->shmlock_user_lock;

	spin_lock(lock);
	dec_rlimit_ucounts(ucounts, UCOUNT_RLIMIT_MEMLOCK,
			   (long)((size + PAGE_SIZE - 1) >> PAGE_SHIFT));
	spin_unlock(lock);
	put_ucounts(ucounts);
}

/**
 * vmsim_setrlimit() - limits what the caller's process may use
 * @resource: RLIMIT_MEMLOCK of <sys/resource.h>: bytes that it may lock in memory
 * @limit: how much; RLIM_INFINITY, as at first: any amount
 *
 * Children have the same limit. It does not bind who may lock memory anyway (CAP_IPC_LOCK), as
 * every process may that has not given that up.
 *
 * Return: 0; -EOPNOTSUPP: other limits are not modelled; -EINVAL: there is no such; -ESRCH: the
 * caller is not attached, or has exited.
 */
VMSIM_API int vmsim_setrlimit(int resource, uint64_t limit)
{
	int err = vmsim_syscall_enter("setrlimit", (unsigned long)resource, limit);

	if (err)
		return err;
	if (resource == RLIMIT_MEMLOCK)
		WRITE_ONCE(current->signal->rlim[RLIMIT_MEMLOCK].rlim_cur, limit);
	else if (resource >= 0 && resource < (int)RLIM_NLIMITS)
		err = vmsim_not_modelled("setrlimit", "another resource");
	else
		err = -EINVAL;
	return (int)vmsim_syscall_leave("setrlimit", err);
}

/**
 * vmsim_drop_capability() - the caller's process gives up a right of root's for good
 * @capability: CAP_IPC_LOCK of <linux/capability.h>: to lock more memory than its limit
 *
 * Children have not got it either.
 *
 * Return: 0; -EOPNOTSUPP: nobody asks for any other; -ESRCH: the caller is not attached, or has
 * exited.
 */
VMSIM_API int vmsim_drop_capability(int capability)
{
	struct signal_struct *signal = current->signal;
	int err = vmsim_syscall_enter("drop-capability", (unsigned long)capability, 0);

	if (err)
		return err;
	if (capability == CAP_IPC_LOCK)
		WRITE_ONCE(signal->dropped, signal->dropped | BIT_ULL(capability));
	else
		err = vmsim_not_modelled("drop-capability", "another capability");
	return (int)vmsim_syscall_leave("drop-capability", err);
}
