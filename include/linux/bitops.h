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

static inline void set_bit(long nr, unsigned long *addr)
{
	__atomic_fetch_or(vmsim_bit_word(nr, addr), BIT(nr % BITS_PER_LONG), __ATOMIC_RELAXED);
}

static inline void clear_bit(long nr, unsigned long *addr)
{
	__atomic_fetch_and(vmsim_bit_word(nr, addr), ~BIT(nr % BITS_PER_LONG), __ATOMIC_RELAXED);
}

static inline void clear_bit_unlock(long nr, unsigned long *addr)
{
	__atomic_fetch_and(vmsim_bit_word(nr, addr), ~BIT(nr % BITS_PER_LONG), __ATOMIC_RELEASE);
}

static inline bool test_bit(long nr, const unsigned long *addr)
{
	unsigned long word = __atomic_load_n(vmsim_bit_word(nr, (unsigned long *)addr),
					     __ATOMIC_RELAXED);

	return word & BIT(nr % BITS_PER_LONG);
}

static inline bool test_and_set_bit(long nr, unsigned long *addr)
{
	return __atomic_fetch_or(vmsim_bit_word(nr, addr), BIT(nr % BITS_PER_LONG),
				 __ATOMIC_SEQ_CST) & BIT(nr % BITS_PER_LONG);
}

static inline bool test_and_clear_bit(long nr, unsigned long *addr)
{
	return __atomic_fetch_and(vmsim_bit_word(nr, addr), ~BIT(nr % BITS_PER_LONG),
				  __ATOMIC_SEQ_CST) & BIT(nr % BITS_PER_LONG);
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
