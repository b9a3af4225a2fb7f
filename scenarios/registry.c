// SPDX-License-Identifier: GPL-2.0-only
#include "registry.h"
#include <stddef.h>
#include <string.h>

extern const struct vmsim_scenario scenario_lost_dirty;
extern const struct vmsim_scenario scenario_lost_dirty_poc;
extern const struct vmsim_scenario scenario_lost_dirty_poc2;
extern const struct vmsim_scenario scenario_anon_fault;
extern const struct vmsim_scenario scenario_zero_page;
extern const struct vmsim_scenario scenario_dontneed;
extern const struct vmsim_scenario scenario_munmap_reuse;
extern const struct vmsim_scenario scenario_munmap_many;
extern const struct vmsim_scenario scenario_mprotect_file;
extern const struct vmsim_scenario scenario_mprotect_anon;
extern const struct vmsim_scenario scenario_mprotect_none;
extern const struct vmsim_scenario scenario_split_writeback;
extern const struct vmsim_scenario scenario_shared_writers;
extern const struct vmsim_scenario scenario_writeback;
extern const struct vmsim_scenario scenario_file_evict;
extern const struct vmsim_scenario scenario_file_fault;
extern const struct vmsim_scenario scenario_cow_file;
extern const struct vmsim_scenario scenario_exit_writeback;
extern const struct vmsim_scenario scenario_unmap_dirty;
extern const struct vmsim_scenario scenario_table_walk;
extern const struct vmsim_scenario scenario_table_walk_poor;
extern const struct vmsim_scenario scenario_anon_walk;
extern const struct vmsim_scenario scenario_reclaim;
extern const struct vmsim_scenario scenario_munmap_reuse_poor;
extern const struct vmsim_scenario scenario_dontneed_file;
extern const struct vmsim_scenario scenario_unmap_dirty_poor;
extern const struct vmsim_scenario scenario_reclaim_unmap;
extern const struct vmsim_scenario scenario_truncate;
extern const struct vmsim_scenario scenario_anon_fault_drop;
extern const struct vmsim_scenario scenario_munmap_below;
extern const struct vmsim_scenario scenario_munmap_above;
extern const struct vmsim_scenario scenario_two_cleaners;
extern const struct vmsim_scenario scenario_file_cold;
extern const struct vmsim_scenario scenario_reclaim_write;
extern const struct vmsim_scenario scenario_punch;
extern const struct vmsim_scenario scenario_gup_fast_zap;
extern const struct vmsim_scenario scenario_gup_fast_munmap;
extern const struct vmsim_scenario scenario_gup_fast_collapse;
extern const struct vmsim_scenario scenario_gup_fast_hotplug;
extern const struct vmsim_scenario scenario_dirty_cow;
extern const struct vmsim_scenario scenario_exclusive_flag;
extern const struct vmsim_scenario scenario_write_protect_seq;
extern const struct vmsim_scenario scenario_flush_pending;
extern const struct vmsim_scenario scenario_dirty_unmap;
extern const struct vmsim_scenario scenario_fork_writer;
extern const struct vmsim_scenario scenario_fork_fails;
extern const struct vmsim_scenario scenario_fork_layout;
extern const struct vmsim_scenario scenario_zero_cow;
extern const struct vmsim_scenario scenario_pin_drop;
extern const struct vmsim_scenario scenario_cow_share;
extern const struct vmsim_scenario scenario_fork_fault;
extern const struct vmsim_scenario scenario_soft_dirty;
extern const struct vmsim_scenario scenario_gup_fork;
extern const struct vmsim_scenario scenario_gup_fast_reclaim;
extern const struct vmsim_scenario scenario_torn_pte;
extern const struct vmsim_scenario scenario_gup_compound;
extern const struct vmsim_scenario scenario_free_high_order;
extern const struct vmsim_scenario scenario_gup_overflow;
extern const struct vmsim_scenario scenario_gup_dirty;
extern const struct vmsim_scenario scenario_back_to_exclusive;
extern const struct vmsim_scenario scenario_share_pin;
extern const struct vmsim_scenario scenario_ksm_merge;
extern const struct vmsim_scenario scenario_ksm_share;
extern const struct vmsim_scenario scenario_child_reads_parent;
extern const struct vmsim_scenario scenario_pin_cow;
extern const struct vmsim_scenario scenario_mremap_back;
extern const struct vmsim_scenario scenario_mremap_clean;
extern const struct vmsim_scenario scenario_mremap_free;
extern const struct vmsim_scenario scenario_mremap_retract;
extern const struct vmsim_scenario scenario_mremap_table;
extern const struct vmsim_scenario scenario_mremap_merge;
extern const struct vmsim_scenario scenario_anon_vma_reuse;

const struct vmsim_scenario *const vmsim_scenarios[] = {
	&scenario_lost_dirty,
	&scenario_lost_dirty_poc,
	&scenario_lost_dirty_poc2,
	&scenario_anon_fault,
	&scenario_zero_page,
	&scenario_dontneed,
	&scenario_munmap_reuse,
	&scenario_munmap_many,
	&scenario_mprotect_file,
	&scenario_mprotect_anon,
	&scenario_mprotect_none,
	&scenario_split_writeback,
	&scenario_shared_writers,
	&scenario_writeback,
	&scenario_file_evict,
	&scenario_file_fault,
	&scenario_cow_file,
	&scenario_exit_writeback,
	&scenario_unmap_dirty,
	&scenario_table_walk,
	&scenario_table_walk_poor,
	&scenario_anon_walk,
	&scenario_reclaim,
	&scenario_munmap_reuse_poor,
	&scenario_dontneed_file,
	&scenario_unmap_dirty_poor,
	&scenario_reclaim_unmap,
	&scenario_truncate,
	&scenario_anon_fault_drop,
	&scenario_munmap_below,
	&scenario_munmap_above,
	&scenario_two_cleaners,
	&scenario_file_cold,
	&scenario_reclaim_write,
	&scenario_punch,
	&scenario_gup_fast_zap,
	&scenario_gup_fast_munmap,
	&scenario_gup_fast_collapse,
	&scenario_gup_fast_hotplug,
	&scenario_dirty_cow,
	&scenario_exclusive_flag,
	&scenario_write_protect_seq,
	&scenario_flush_pending,
	&scenario_dirty_unmap,
	&scenario_fork_writer,
	&scenario_fork_fails,
	&scenario_fork_layout,
	&scenario_zero_cow,
	&scenario_pin_drop,
	&scenario_cow_share,
	&scenario_fork_fault,
	&scenario_soft_dirty,
	&scenario_gup_fork,
	&scenario_gup_fast_reclaim,
	&scenario_torn_pte,
	&scenario_gup_compound,
	&scenario_free_high_order,
	&scenario_gup_overflow,
	&scenario_gup_dirty,
	&scenario_back_to_exclusive,
	&scenario_share_pin,
	&scenario_ksm_merge,
	&scenario_ksm_share,
	&scenario_child_reads_parent,
	&scenario_pin_cow,
	&scenario_mremap_back,
	&scenario_mremap_clean,
	&scenario_mremap_free,
	&scenario_mremap_retract,
	&scenario_mremap_table,
	&scenario_mremap_merge,
	&scenario_anon_vma_reuse,
	NULL,
};

const struct vmsim_scenario *vmsim_scenario_named(const char *name)
{
	for (size_t i = 0; vmsim_scenarios[i]; i++)
		if (!strcmp(vmsim_scenarios[i]->name, name))
			return vmsim_scenarios[i];
	return NULL;
}
