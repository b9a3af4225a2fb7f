/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_CPUMASK_H
#define _VMSIM_LINUX_CPUMASK_H

#include <linux/bitops.h>

#define NR_CPUS CONFIG_NR_CPUS

/* Which CPUs have an address space loaded is told of by MM_SWITCH; other masks are private. */
struct cpumask {
	DECLARE_BITMAP(bits, NR_CPUS);
};

static inline void cpumask_set_cpu(unsigned int cpu, struct cpumask *mask)
{
	(void)vmsim_set_bit_unseen(cpu, mask->bits, VMSIM_RMW_FULL);
}

static inline void cpumask_clear_cpu(unsigned int cpu, struct cpumask *mask)
{
	(void)vmsim_clear_bit_unseen(cpu, mask->bits, VMSIM_RMW_FULL);
}

static inline bool cpumask_test_cpu(unsigned int cpu, const struct cpumask *mask)
{
	return __READ_ONCE(mask->bits[cpu / BITS_PER_LONG]) & BIT(cpu % BITS_PER_LONG);
}

static inline bool cpumask_empty(const struct cpumask *mask)
{
	return __READ_ONCE(mask->bits[0]) == 0;
}

#define nr_cpu_ids NR_CPUS

/* A CPU of the set that is not @cpu; nr_cpu_ids: there is none. */
static inline unsigned int cpumask_any_but(const struct cpumask *mask, unsigned int cpu)
{
	unsigned int other = 0;

	while (other < nr_cpu_ids && (other == cpu || !cpumask_test_cpu(other, mask)))
		other++;
	return other;
}

__vmsim_export bool cpu_online(unsigned int cpu);

#define for_each_cpu(cpu, mask)						\
	for ((cpu) = 0; (cpu) < NR_CPUS; (cpu)++)			\
		if (cpumask_test_cpu(cpu, mask))

#endif
