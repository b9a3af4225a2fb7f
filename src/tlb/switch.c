// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which address space a CPU has loaded, what the hypervisor does to its TLB, and what oracles see.
 */
#include "tlb/cache.h"

/*
 * Drops what the CPU has of @mm, then leaves the mask: a flush that does not find the CPU there any
 * more has nothing to invalidate on it. The release orders the CPU's accesses before that.
 */
static void leave_mm(struct vmsim_cpu *cpu, struct mm_struct *mm)
{
	vmsim_tlb_invalidate(cpu, mm->context.ctx_id, 0, TLB_FLUSH_ALL, true);
	(void)vmsim_clear_bit_unseen(cpu->id, mm_cpumask(mm)->bits, VMSIM_RMW_FULL);
}

/*
 * Enters the mask with a full barrier, before the CPU can read an entry of @mm: either a flush sees
 * the CPU in the mask, or the CPU's walk sees the entry that was changed before the flush (R25).
 */
static void join_mm(struct vmsim_cpu *cpu, struct mm_struct *mm)
{
	(void)vmsim_set_bit_unseen(cpu->id, mm_cpumask(mm)->bits, VMSIM_RMW_FULL);
}

/**
 * vmsim_switch_mm() - loads an address space
 * @cpu: the caller's CPU
 * @next: address space; NULL: none
 */
void vmsim_switch_mm(struct vmsim_cpu *cpu, struct mm_struct *next)
{
	struct mm_struct *prev = cpu->loaded_mm;

	if (prev == next)
		return;
	if (next)
		join_mm(cpu, next);
	__WRITE_ONCE(cpu->loaded_mm, next);
	if (prev)
		leave_mm(cpu, prev);
	vmsim_event(MM_SWITCH, cpu->id, (uintptr_t)prev, (uintptr_t)next);
}

void vmsim_tlb_resume(struct vmsim_cpu *cpu)
{
	vmsim_tlb_invalidate(cpu, 0, 0, TLB_FLUSH_ALL, true);
}

/* Coherent: entries that the tables do not grant any more are never used. */
static bool is_granted(const struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	struct mm_struct *mm = __READ_ONCE(cpu->loaded_mm);
	struct vmsim_leaf leaf;

	if (!mm || mm->context.ctx_id != entry->mm ||
	    !vmsim_walk_from_top(mm, entry->vpn << PAGE_SHIFT, &leaf))
		return false;
	return vmsim_leaf_pfn(&leaf) == entry->pfn && leaf.shift == entry->shift &&
	       entry->write <= !!(leaf.value & _PAGE_RW) &&
	       entry->exec <= !(leaf.value & _PAGE_NX) &&
	       entry->dirty <= !!(leaf.value & _PAGE_DIRTY);
}

/* A flush that was put off comes before anything that the CPU does. */
static bool flushes_first(const struct vmsim_cpu *cpu)
{
	u32 hv_state = __atomic_load_n(&cpu->hv_state, __ATOMIC_ACQUIRE);

	return hv_state == VMSIM_HV_AWAY_FLUSH || hv_state == VMSIM_HV_COMING;
}

/**
 * vmsim_tlb_usable() - whether an access could use an entry as it is
 * @cpu: the CPU that has it
 * @entry: the entry
 *
 * Not usable is what a flush that was put off will drop before the CPU runs again, and what
 * coherent hardware would notice.
 * Context: from vmsim_tlb_for_each(), or in an event that names the entry.
 */
bool vmsim_tlb_usable(const struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	if (flushes_first(cpu))
		return false;
	if (vmsim_this_machine()->tlb_backend == VMSIM_TLB_COHERENT)
		return is_granted(cpu, entry);
	return true;
}

bool vmsim_tlb_table_usable(const struct vmsim_cpu *cpu)
{
	return !flushes_first(cpu);
}

void vmsim_tlb_for_each(struct vmsim_machine *machine,
			void (*fn)(void *arg, struct vmsim_cpu *cpu,
				   const struct vmsim_tlb_entry *entry), void *arg)
{
	for (unsigned int id = 0; id < machine->nr_online; id++) {
		struct vmsim_cpu *cpu = &machine->cpu[id];
		struct vmsim_tlb_cache *cache = &cpu->tlb;

		vmsim_tlb_lock(cache);
		for (u64 left = cache->used; left; left &= left - 1) {
			const struct vmsim_tlb_entry *set = cache->entry[__builtin_ctzll(left)];

			for (unsigned int way = 0; way < VMSIM_TLB_WAYS; way++)
				if (set[way].mm)
					fn(arg, cpu, &set[way]);
		}
		vmsim_tlb_unlock(cache);
	}
}

void vmsim_tlb_for_each_table(struct vmsim_machine *machine,
			      void (*fn)(void *arg, struct vmsim_cpu *cpu,
					 const struct vmsim_psc_entry *entry), void *arg)
{
	for (unsigned int id = 0; id < machine->nr_online; id++) {
		struct vmsim_cpu *cpu = &machine->cpu[id];

		vmsim_tlb_lock(&cpu->tlb);
		for (unsigned int i = 0; i < VMSIM_PSC_ENTRIES; i++)
			if (cpu->tlb.psc[i].mm)
				fn(arg, cpu, &cpu->tlb.psc[i]);
		vmsim_tlb_unlock(&cpu->tlb);
	}
}
