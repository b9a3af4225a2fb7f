// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "folio/folio.h"
#include <errno.h>

static void cpu_stats_add(const struct vmsim_cpu *cpu, struct vmsim_stats *stats)
{
	vmsim_tlb_stats_add(cpu, stats);
	stats->faults += __READ_ONCE(cpu->counts.faults);
	stats->copies += __READ_ONCE(cpu->counts.copies);
	stats->reuses += __READ_ONCE(cpu->counts.reuses);
}

/**
 * vmsim_stats_get() - exact counts since the machine was made
 * @machine: the machine
 * @stats: filled in; consistent when no thread is inside the library
 *
 * Return: 0; -EBADF.
 */
VMSIM_API int vmsim_stats_get(struct vmsim_machine *machine, struct vmsim_stats *stats)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);

	if (!m)
		return -EBADF;
	*stats = m->stats;
	for (unsigned int i = 0; i < m->nr_cpus; i++)
		cpu_stats_add(&m->cpu[i], stats);
	stats->frames_free = vmsim_free_frames(m);
	stats->tables = __READ_ONCE(m->tables);
	stats->rcu_callbacks = __READ_ONCE(m->rcu.pending);
	return 0;
}
