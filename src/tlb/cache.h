/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TLB_CACHE_H
#define VMSIM_TLB_CACHE_H

#include "machine/internal.h"
#include <linux/mm.h>

/*
 * Inside of a CPU's TLB. Everything here is called with cache->lock held, or in explore mode where
 * an uninterrupted stretch of code is a step of its own.
 */

void vmsim_tlb_lock_slow(struct vmsim_tlb_cache *cache);

static inline void vmsim_tlb_lock(struct vmsim_tlb_cache *cache)
{
	if (cache->explore)
		return;
	if (unlikely(__atomic_exchange_n(&cache->lock, 1, __ATOMIC_ACQUIRE)))
		vmsim_tlb_lock_slow(cache);
}

static inline void vmsim_tlb_unlock(struct vmsim_tlb_cache *cache)
{
	if (!cache->explore)
		__atomic_store_n(&cache->lock, 0, __ATOMIC_RELEASE);
}

static inline struct vmsim_tlb_entry *vmsim_tlb_set(struct vmsim_tlb_cache *cache,
						    unsigned long vpn, unsigned int shift)
{
	return cache->entry[(vpn >> (shift - PAGE_SHIFT)) & (cache->sets - 1)];
}

/* The entry of @shift that translates page @vpn of @mm, or NULL. */
static inline struct vmsim_tlb_entry *vmsim_tlb_find(struct vmsim_tlb_cache *cache, u64 mm,
						     unsigned long vpn, unsigned int shift)
{
	struct vmsim_tlb_entry *set = vmsim_tlb_set(cache, vpn, shift);

	vpn &= ~0UL << (shift - PAGE_SHIFT);
	for (unsigned int way = 0; way < VMSIM_TLB_WAYS; way++)
		if (set[way].vpn == vpn && set[way].mm == mm && set[way].shift == shift)
			return &set[way];
	return NULL;
}

static inline struct vmsim_tlb_entry *vmsim_tlb_lookup(struct vmsim_tlb_cache *cache, u64 mm,
						       unsigned long addr)
{
	unsigned long vpn = addr >> PAGE_SHIFT;
	struct vmsim_tlb_entry *entry = vmsim_tlb_find(cache, mm, vpn, PAGE_SHIFT);

	if (unlikely(cache->huge) && !entry)
		entry = vmsim_tlb_find(cache, mm, vpn, PMD_SHIFT);
	return entry;
}

static inline bool vmsim_tlb_range_is_full(const struct vmsim_tlb_range *range)
{
	return range->end == TLB_FLUSH_ALL;
}

/* Puts a copy of @entry in, over another one if need be. Returns where. */
struct vmsim_tlb_entry *vmsim_tlb_insert(struct vmsim_cpu *cpu,
					 const struct vmsim_tlb_entry *entry);
/* Drops one entry; raises TLB_DROP while it can still be read. */
void vmsim_tlb_drop(struct vmsim_cpu *cpu, struct vmsim_tlb_entry *entry);
void vmsim_tlb_drop_range(struct vmsim_cpu *cpu, const struct vmsim_tlb_range *range);

/* As vmsim_tlb_drop_range(), but takes the lock. */
void vmsim_tlb_invalidate_range(struct vmsim_cpu *cpu, const struct vmsim_tlb_range *range);

struct vmsim_psc_entry *vmsim_psc_find(struct vmsim_tlb_cache *cache, u64 mm, unsigned long addr);
void vmsim_psc_insert(struct vmsim_tlb_cache *cache, u64 mm, unsigned long addr,
		      unsigned long table_pfn);

/**
 * struct vmsim_leaf - where a walk ended
 * @slot: the entry in memory; all 64 bits are accessed at once in every flavour
 * @value: what it held
 * @shift: log2 of the size it translates
 */
struct vmsim_leaf {
	u64 *slot;
	u64 value;
	unsigned int shift;
};

/*
 * Walks the tables as the hardware does (walker.c). vmsim_walk_claim() also sets A, and D for a
 * write. All return false where the access needs a fault.
 */
bool vmsim_walk_from_top(struct mm_struct *mm, unsigned long addr, struct vmsim_leaf *leaf);
bool vmsim_walk_table(unsigned long table_pfn, unsigned long addr, struct vmsim_leaf *leaf);
bool vmsim_walk_claim(struct vmsim_leaf *leaf, enum vmsim_access access);

static inline unsigned long vmsim_leaf_pfn(const struct vmsim_leaf *leaf)
{
	return (leaf->value & PTE_PFN_MASK) >> PAGE_SHIFT;
}

#endif
