// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include <linux/vmstat.h>

/* What the kernel counts of its pages and its work: each CPU for itself (mm/vmstat.c, 6.12). */

static void count(long *counter, long delta)
{
	__WRITE_ONCE(*counter, __READ_ONCE(*counter) + delta);
}

/**
 * __mod_node_page_state() - so many pages more, or less, are used so
 * @pgdat: NULL: there is one node
 * @item: how
 * @delta: how many
 *
 * Context: the caller stays on its CPU, by a spin lock for example.
 */
__vmsim_overridable void __mod_node_page_state(struct pglist_data *pgdat, enum node_stat_item item,
					       long delta)
{
	(void)pgdat;
	count(&vmsim_this_cpu()->counts.node[item], delta);
}

/** __mod_zone_page_state() - the same for what zones count */
__vmsim_overridable void __mod_zone_page_state(struct zone *zone, enum zone_stat_item item,
					       long delta)
{
	(void)zone;
	count(&vmsim_this_cpu()->counts.zone[item], delta);
}

/** count_vm_events() - something happened so many times */
__vmsim_overridable void count_vm_events(enum vm_event_item item, long delta)
{
	count(&vmsim_this_cpu()->counts.event[item], delta);
}

#define SUM_OF_CPUS(member)							\
({										\
	const struct vmsim_machine *__m = vmsim_this_machine();			\
	long __sum = 0;								\
										\
	for (unsigned int __i = 0; __i < __m->nr_cpus; __i++)			\
		__sum += __READ_ONCE(__m->cpu[__i].counts.member);		\
	__sum;									\
})

/* CPUs are asked one after the other: what moves meanwhile may be seen only where it goes away. */
static unsigned long not_negative(long sum)
{
	return sum < 0 ? 0 : (unsigned long)sum;
}

/** global_node_page_state() - how many pages are used so; exact when nobody is changing it */
__vmsim_overridable unsigned long global_node_page_state(enum node_stat_item item)
{
	return not_negative(SUM_OF_CPUS(node[item]));
}

/** global_zone_page_state() - the same for what zones count */
__vmsim_overridable unsigned long global_zone_page_state(enum zone_stat_item item)
{
	return not_negative(SUM_OF_CPUS(zone[item]));
}

/** vmsim_vm_events() - how often that happened */
__vmsim_overridable unsigned long vmsim_vm_events(enum vm_event_item item)
{
	return (unsigned long)SUM_OF_CPUS(event[item]);
}
