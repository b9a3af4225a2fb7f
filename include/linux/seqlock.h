/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SEQLOCK_H
#define _VMSIM_LINUX_SEQLOCK_H

#include <linux/types.h>
#include <linux/bug.h>
#include <asm/barrier.h>

typedef struct seqcount {
	unsigned int sequence;
} seqcount_t;

static inline void seqcount_init(seqcount_t *s)
{
	s->sequence = 0;
}

/* The writer's side: odd while a write is under way. Writers are serialised by the caller. */
static inline void raw_write_seqcount_begin(seqcount_t *s)
{
	unsigned int now = READ_ONCE(s->sequence);

	WARN_ON(now & 1);
	WRITE_ONCE(s->sequence, now + 1);
	smp_wmb();
}

static inline void raw_write_seqcount_end(seqcount_t *s)
{
	unsigned int now = READ_ONCE(s->sequence);

	WARN_ON(!(now & 1));
	smp_wmb();
	WRITE_ONCE(s->sequence, now + 1);
}

/* The reader's side: the value may be odd; the caller decides what that means. */
static inline unsigned int raw_read_seqcount(const seqcount_t *s)
{
	unsigned int seen = READ_ONCE(s->sequence);

	smp_rmb();
	return seen;
}

static inline bool read_seqcount_retry(const seqcount_t *s, unsigned int start)
{
	smp_rmb();
	return READ_ONCE(s->sequence) != start;
}

#endif
