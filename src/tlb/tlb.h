/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TLB_H
#define VMSIM_TLB_H

#include <linux/mm_types.h>

/**
 * DOC: What a CPU has cached, and what keeps it true
 *
 * Entries are tagged with the address space, but a CPU that leaves an address space drops what it
 * has of it: mm_cpumask names exactly the CPUs that have entries, and a flush looks nowhere else.
 *
 * The walk is one indivisible step with the fill and the access. It starts from a cached pointer to
 * the PTE table if there is one. Such pointers are dropped by full flushes, and by ranged flushes
 * that say that tables were freed; not by others, nor by invalidations elsewhere in the address
 * space. x86 drops more, arm64 (last-level invalidation) does not: strict, so that a missing
 * freed_tables shows. A pointer through which the access fails is dropped, and the walk repeated
 * from the top, before a fault is taken.
 *
 * A and D are set in the entry in memory by a compare-and-exchange, only where it grants the access
 * at that moment. No PTE_SET is raised for it: the entry in TLB_FILL has what was set.
 *
 * Back-ends:
 *   ipi            an interrupt to every other CPU of mm_cpumask, then the caller's own TLB
 *   pv-defer       the same, but a CPU that the hypervisor took away flushes when it resumes
 *   broadcast      queued with the issuing CPU; done everywhere when that CPU synchronises
 *   sync-on-clear  replacing a valid entry drops it everywhere; flushes only drop table pointers.
 *                  The s390 flavour has this under every back-end, besides what that one does
 *   up             the caller's own TLB
 *   coherent       an entry is compared with the tables at each use, table pointers are not cached;
 *                  changes of entries, and flushes, only wait for accesses that are under way
 *   faulty         ipi, but the n-th request does nothing
 */

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
	u8 unused[7];			/* zeroes: copies of an entry have no padding to differ in */
};

_Static_assert(sizeof(struct vmsim_tlb_entry) == 48, "an entry has padding");

/* A cached pointer to a PTE table (F4). @mm 0 = empty; @base: first address that it translates. */
struct vmsim_psc_entry {
	u64 mm;
	unsigned long base;
	unsigned long table_pfn;
	u32 gen, unused;
};

/*
 * Names for what a set of the TLB, or the cache of pointers, holds, where the set itself stands for
 * what could be in it: a lookup that finds nothing is told of by the former, a flush that finds
 * nothing by the latter.
 */
static inline const void *vmsim_tlb_held(const struct vmsim_tlb_entry *set)
{
	return &set->vpn;
}

#define VMSIM_TLB_SETS 64
#define VMSIM_TLB_WAYS 4
#define VMSIM_TLB_SETS_EXPLORE 4
#define VMSIM_PSC_ENTRIES 8
#define VMSIM_TLB_QUEUE 8

/* Ranged flushes of more pages are full ones, as on x86 (6.12: tlb_single_page_flush_ceiling). */
#define VMSIM_TLB_RANGE_CEILING 33

/**
 * struct vmsim_tlb_range - what an invalidation covers
 * @mm: address-space id; 0 = all
 * @start, @end: addresses; 0 and TLB_FLUSH_ALL: the whole address space, with its table pointers
 * @stride_shift: log2 of the distance between entries to be dropped
 * @tables: table pointers, too
 */
struct vmsim_tlb_range {
	u64 mm;
	unsigned long start, end;
	u32 stride_shift;
	bool tables;
};

/* An invalidation that was issued and is not complete. @mm names the address space in events. */
struct vmsim_tlb_issued {
	struct mm_struct *mm;
	struct vmsim_tlb_range range;
};

/**
 * struct vmsim_tlb_cache - everything a CPU has cached
 * @lock: held for each access of the CPU and for each invalidation, so that an invalidation waits
 *        for the instruction under way; a leaf lock without events
 * @sets: number of sets in use, a power of two
 * @explore: one thread at a time: no locking
 * @huge: number of entries of PMD size
 * @used: bit per set that has entries
 * @fills, @hits: counts, by the CPU's own accesses
 * @flushes, @flushes_full, @flushes_lost, @flushes_deferred: counts, by the CPU's own requests
 * @queue: broadcast back-end: invalidations that this CPU issued since it synchronised
 */
struct vmsim_tlb_cache {
	u32 lock;
	u32 sets;
	u32 next_way;
	u32 next_psc;
	u32 huge;
	u32 queued;
	bool explore;
	u64 used;
	u64 fills, hits;
	u64 flushes, flushes_full, flushes_lost, flushes_deferred;
	struct vmsim_tlb_issued queue[VMSIM_TLB_QUEUE];
	struct vmsim_psc_entry psc[VMSIM_PSC_ENTRIES];
	struct vmsim_tlb_entry entry[VMSIM_TLB_SETS][VMSIM_TLB_WAYS];
};

static inline const void *vmsim_psc_held(const struct vmsim_tlb_cache *cache)
{
	return &cache->psc[0].base;
}

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

/*
 * Calls @fn for every valid entry of every CPU; for oracles. Entry pointers die with the call.
 * Takes cache->lock of one CPU after the other: not from within TLB_FILL, TLB_USE and TLB_DROP of a
 * native machine, which are raised with the lock held.
 */
struct vmsim_machine;
void vmsim_tlb_for_each(struct vmsim_machine *machine,
			void (*fn)(void *arg, struct vmsim_cpu *cpu,
				   const struct vmsim_tlb_entry *entry), void *arg);

/* False for entries that cannot be used before a flush: a CPU that will flush when it resumes. */
bool vmsim_tlb_usable(const struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry);

/* The same for pointers to tables. */
bool vmsim_tlb_table_usable(const struct vmsim_cpu *cpu);

/* As vmsim_tlb_for_each(), for cached pointers to PTE tables. */
void vmsim_tlb_for_each_table(struct vmsim_machine *machine,
			      void (*fn)(void *arg, struct vmsim_cpu *cpu,
					 const struct vmsim_psc_entry *entry), void *arg);

void vmsim_tlb_init(struct vmsim_cpu *cpu, bool explore);

/* The flush that pv-defer put off; the CPU uses no entry before it returns. */
void vmsim_tlb_resume(struct vmsim_cpu *cpu);

/* Adds what the CPU has counted. */
struct vmsim_stats;
void vmsim_tlb_stats_add(const struct vmsim_cpu *cpu, struct vmsim_stats *stats);

#endif
