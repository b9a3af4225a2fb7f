/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_USER_NAMESPACE_H
#define _VMSIM_LINUX_USER_NAMESPACE_H

#include <linux/atomic.h>

/* What is limited for all processes of a user together. */
enum rlimit_type {
	UCOUNT_RLIMIT_NPROC,
	UCOUNT_RLIMIT_MSGQUEUE,
	UCOUNT_RLIMIT_SIGPENDING,
	UCOUNT_RLIMIT_MEMLOCK,
	UCOUNT_RLIMIT_COUNTS,
};

/**
 * struct ucounts - what a user has of all that
 * @count: references
 * @rlimit: how much
 *
 * There is one namespace, without limits of its own.
 */
struct ucounts {
	atomic_t count;
	atomic_long_t rlimit[UCOUNT_RLIMIT_COUNTS];
};

/* In src/mm/limits.c. */
__vmsim_export struct ucounts *get_ucounts(struct ucounts *ucounts);
__vmsim_export void put_ucounts(struct ucounts *ucounts);
__vmsim_export long inc_rlimit_ucounts(struct ucounts *ucounts, enum rlimit_type type, long v);
__vmsim_export bool dec_rlimit_ucounts(struct ucounts *ucounts, enum rlimit_type type, long v);

#endif
