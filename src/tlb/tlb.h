/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TLB_H
#define VMSIM_TLB_H

#include <linux/mm_types.h>

/**
 * struct vmsim_tlb_entry - a cached translation (F3)
 * @mm: address-space id (mm_context_t.ctx_id); 0 = empty
 * @vpn: first page number that it translates
 * @shift: log2 of the size it covers: PAGE_SHIFT or PMD_SHIFT
 * @pfn: frame
 * @gen: the frame's generation when the entry was filled
 * @ptep: entry that it was filled from
 * @write, @exec: rights; read is implied
 * @dirty: the hardware has set D for it: stores go without a look at the tables
 */
struct vmsim_tlb_entry {
	u64 mm;
	unsigned long vpn;
	unsigned long pfn;
	void *ptep;
	u32 gen;
	u8 shift;
	bool write, exec, accessed, dirty;
};

/* A cached pointer to a PTE table (F4). */
struct vmsim_psc_entry {
	u64 mm;
	unsigned long base;
	unsigned long table_pfn;
	u32 gen;
};

#define VMSIM_TLB_SETS 64
#define VMSIM_TLB_WAYS 4
#define VMSIM_TLB_SETS_EXPLORE 4
#define VMSIM_PSC_ENTRIES 8

/**
 * struct vmsim_tlb_cache - everything a CPU has cached
 * @lock: held for each access of the CPU and for each invalidation, so that an invalidation waits
 *        for the instruction under way; a leaf lock without events
 * @sets: number of sets in use, a power of two
 */
struct vmsim_tlb_cache {
	u32 lock;
	u32 sets;
	u32 next_way;
	u32 next_psc;
	struct vmsim_tlb_entry entry[VMSIM_TLB_SETS][VMSIM_TLB_WAYS];
	struct vmsim_psc_entry psc[VMSIM_PSC_ENTRIES];
};

enum vmsim_access {
	VMSIM_ACCESS_READ,
	VMSIM_ACCESS_WRITE,
	VMSIM_ACCESS_EXEC,
};

struct vmsim_cpu;

/*
 * One attempt of an instruction: translate and, if that succeeds, load into or store from *@value,
 * as one indivisible step. Returns 0, or -EFAULT when a fault must be taken first.
 */
int vmsim_tlb_access(struct vmsim_cpu *cpu, struct mm_struct *mm, unsigned long addr,
		     enum vmsim_access access, unsigned int size, u64 *value);

/* Drops cached translations of [start, end) of one address space, or all. Takes cache->lock. */
void vmsim_tlb_invalidate(struct vmsim_cpu *cpu, u64 mm, unsigned long start, unsigned long end,
			  bool tables);

/* Calls @fn for every valid entry of every CPU; for oracles. Entry pointers die with the call. */
struct vmsim_machine;
void vmsim_tlb_for_each(struct vmsim_machine *machine,
			void (*fn)(void *arg, struct vmsim_cpu *cpu,
				   const struct vmsim_tlb_entry *entry), void *arg);

/* False for entries that cannot be used before a flush: a CPU that will flush when it resumes. */
bool vmsim_tlb_usable(const struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry);

#endif
