// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include <linux/random.h>

/** get_random_long() - a number that looks like any other (splitmix64) */
__vmsim_overridable unsigned long get_random_long(void)
{
	u64 x = __atomic_add_fetch(&vmsim_this_machine()->random, 0x9e3779b97f4a7c15,
				   __ATOMIC_RELAXED);

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}
