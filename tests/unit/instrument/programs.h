/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TEST_PROGRAMS_H
#define VMSIM_TEST_PROGRAMS_H

#include "../vmsim_test.h"
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <string.h>

/* Small programs of two or three threads, compiled as other people's code would be. */

struct object {
	long value;
	struct rcu_head rcu;
};

struct shared {
	spinlock_t lock;
	struct mutex mutex;
	struct rw_semaphore sem;
	long data;
	char bytes[64];
	unsigned int flag;
	unsigned long bits;
	struct object *pointer;
	atomic_t count;
	struct page *page;
};

typedef int (*program_fn)(struct vmsim_world *world);

struct program {
	program_fn thread[3];
	unsigned int cpu[3];
	unsigned int cpus;		/* 0: three */
	int (*setup)(struct vmsim_world *world);
	int (*check)(struct vmsim_world *world);
};

static inline struct shared *shared(struct vmsim_world *world)
{
	return world->ctx;
}

/* Explores @program; the result is to be freed. */
struct vmsim_result program_explore(const struct program *program,
				    const struct vmsim_explore_options *options);
struct vmsim_explore_options program_options(enum vmsim_granularity granularity);

/* At full granularity: a data race is found; the text has all of @words. */
void races(const struct program *program, const char *words);
/* None is, nor anything else, in many executions of each strategy. */
void is_clean(const struct program *program);

#endif
