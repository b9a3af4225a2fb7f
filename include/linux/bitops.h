/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_BITOPS_H
#define _VMSIM_LINUX_BITOPS_H

#include <linux/kernel.h>
#include <vmsim/hook.h>

/*
 * Atomic bit operations. libatomic_ops has no fetch-and-or, so these use the compiler's atomics,
 * which is also what libatomic_ops expands to.
 */
static inline unsigned long *vmsim_bit_word(long nr, unsigned long *addr)
{
	return addr + nr / BITS_PER_LONG;
}

/*
 * The _unseen forms are for primitives that raise an event of their own for the same change:
 * between a change and the event that tells of it, nobody may come in.
 */
#define VMSIM_BIT_OP(name, fetch, op, mask)						\
static inline bool name##_unseen(long nr, unsigned long *addr, enum vmsim_rmw_order how) \
{											\
	unsigned long *at = vmsim_bit_word(nr, addr);					\
	unsigned long old = vmsim_ordered() ?						\
		vmsim_order_rmw(at, sizeof(*at), op, mask, 0, how) :			\
		fetch(at, mask, __ATOMIC_SEQ_CST);					\
											\
	return old & BIT(nr % BITS_PER_LONG);						\
}											\
static inline bool name##_seen(long nr, unsigned long *addr, enum vmsim_rmw_order how)	\
{											\
	bool was = name##_unseen(nr, addr, how);					\
	vmsim_event(ATOMIC, (uintptr_t)vmsim_bit_word(nr, addr), 0, 0);			\
	return was;									\
}

VMSIM_BIT_OP(vmsim_set_bit, __atomic_fetch_or, VMSIM_RMW_OR, BIT(nr % BITS_PER_LONG))
VMSIM_BIT_OP(vmsim_clear_bit, __atomic_fetch_and, VMSIM_RMW_AND, ~BIT(nr % BITS_PER_LONG))

static inline void set_bit(long nr, unsigned long *addr)
{
	(void)vmsim_set_bit_seen(nr, addr, VMSIM_RMW_UNORDERED);
}

static inline void clear_bit(long nr, unsigned long *addr)
{
	(void)vmsim_clear_bit_seen(nr, addr, VMSIM_RMW_UNORDERED);
}

static inline void clear_bit_unlock(long nr, unsigned long *addr)
{
	(void)vmsim_clear_bit_seen(nr, addr, VMSIM_RMW_FULL);
}

static inline bool test_and_set_bit(long nr, unsigned long *addr)
{
	return vmsim_set_bit_seen(nr, addr, VMSIM_RMW_FULL);
}

static inline bool test_and_clear_bit(long nr, unsigned long *addr)
{
	return vmsim_clear_bit_seen(nr, addr, VMSIM_RMW_FULL);
}

static inline bool test_bit(long nr, const unsigned long *addr)
{
	const unsigned long *word = vmsim_bit_word(nr, (unsigned long *)addr);
	unsigned long value = __READ_ONCE(*word);

	if (vmsim_watched(READ))
		value = vmsim_read_bit_watched(word, (unsigned int)(nr % BITS_PER_LONG));
	return value & BIT(nr % BITS_PER_LONG);
}

/* Not atomic: the caller owns the word. */
static inline void __set_bit(long nr, unsigned long *addr)
{
	*vmsim_bit_word(nr, addr) |= BIT(nr % BITS_PER_LONG);
}

static inline void __clear_bit(long nr, unsigned long *addr)
{
	*vmsim_bit_word(nr, addr) &= ~BIT(nr % BITS_PER_LONG);
}

#endif
