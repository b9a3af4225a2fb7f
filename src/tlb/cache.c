// SPDX-License-Identifier: GPL-2.0-only
#include "tlb/cache.h"
#include <sched.h>

#define SPINS_BEFORE_YIELD 128

/*
 * The holder is in the middle of one access or one invalidation. It waits for nothing, but the host
 * may have taken its pthread away.
 */
void vmsim_tlb_lock_slow(struct vmsim_tlb_cache *cache)
{
	unsigned int spins = 0;

	do {
		while (__atomic_load_n(&cache->lock, __ATOMIC_RELAXED)) {
			if (++spins < SPINS_BEFORE_YIELD)
				__builtin_ia32_pause();
			else
				sched_yield();
		}
	} while (__atomic_exchange_n(&cache->lock, 1, __ATOMIC_ACQUIRE));
}

void vmsim_tlb_init(struct vmsim_cpu *cpu, bool explore)
{
	struct vmsim_tlb_cache *cache = &cpu->tlb;

	memset(cache, 0, sizeof(*cache));
	cache->explore = explore;
	cache->sets = explore ? VMSIM_TLB_SETS_EXPLORE : VMSIM_TLB_SETS;
}

static unsigned int set_number(const struct vmsim_tlb_cache *cache,
			       const struct vmsim_tlb_entry *entry)
{
	return (unsigned int)(entry - &cache->entry[0][0]) / VMSIM_TLB_WAYS;
}

void vmsim_tlb_drop(struct vmsim_cpu *cpu, struct vmsim_tlb_entry *entry)
{
	vmsim_event(TLB_DROP, cpu->id, entry->vpn << PAGE_SHIFT, (uintptr_t)entry);
	if (entry->shift != PAGE_SHIFT)
		cpu->tlb.huge--;
	memset(entry, 0, sizeof(*entry));
}

/* Where a new entry goes: a free way, or one after the other. */
static struct vmsim_tlb_entry *victim(struct vmsim_cpu *cpu, struct vmsim_tlb_entry *set)
{
	struct vmsim_tlb_entry *old;

	for (unsigned int way = 0; way < VMSIM_TLB_WAYS; way++)
		if (!set[way].mm)
			return &set[way];
	old = &set[cpu->tlb.next_way++ % VMSIM_TLB_WAYS];
	vmsim_tlb_drop(cpu, old);
	return old;
}

struct vmsim_tlb_entry *vmsim_tlb_insert(struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	struct vmsim_tlb_cache *cache = &cpu->tlb;
	struct vmsim_tlb_entry *set = vmsim_tlb_set(cache, entry->vpn, entry->shift);
	struct vmsim_tlb_entry *at = victim(cpu, set);

	*at = *entry;
	if (entry->shift != PAGE_SHIFT)
		cache->huge++;
	cache->used |= BIT_ULL(set_number(cache, at));
	return at;
}

static void drop_matching(struct vmsim_cpu *cpu, u64 mm, unsigned long addr, unsigned int shift)
{
	struct vmsim_tlb_entry *entry = vmsim_tlb_find(&cpu->tlb, mm, addr >> PAGE_SHIFT, shift);

	if (entry)
		vmsim_tlb_drop(cpu, entry);
}

/*
 * A flush that finds nothing has still come before what is filled later. Told of, inside of an
 * indivisible step, by the address of what it looked through. Two of them may come in any order.
 */
static void looked_through(const void *what)
{
	vmsim_event(ATOMIC, (uintptr_t)what, VMSIM_ATOMIC_ADDS, 0);
	(void)what;
}

/* One instruction like INVLPG for each stride: drops what translates that address, of any size. */
static void drop_strides(struct vmsim_cpu *cpu, const struct vmsim_tlb_range *range)
{
	unsigned long stride = 1UL << range->stride_shift;

	for (unsigned long addr = range->start; addr < range->end; addr += stride) {
		looked_through(vmsim_tlb_set(&cpu->tlb, addr >> PAGE_SHIFT, PAGE_SHIFT));
		drop_matching(cpu, range->mm, addr, PAGE_SHIFT);
		if (cpu->tlb.huge)
			drop_matching(cpu, range->mm, addr, PMD_SHIFT);
	}
}

/* Drops all entries of @mm in one set, or all; returns true if none is left. */
static bool drop_set(struct vmsim_cpu *cpu, struct vmsim_tlb_entry *set, u64 mm)
{
	bool empty = true;

	for (unsigned int way = 0; way < VMSIM_TLB_WAYS; way++) {
		if (!set[way].mm)
			continue;
		if (!mm || set[way].mm == mm)
			vmsim_tlb_drop(cpu, &set[way]);
		else
			empty = false;
	}
	return empty;
}

static void drop_all(struct vmsim_cpu *cpu, u64 mm)
{
	struct vmsim_tlb_cache *cache = &cpu->tlb;

	for (u64 left = cache->used; left; left &= left - 1) {
		unsigned int set = (unsigned int)__builtin_ctzll(left);

		if (drop_set(cpu, cache->entry[set], mm))
			cache->used &= ~BIT_ULL(set);
	}
}

static bool psc_in_range(const struct vmsim_psc_entry *entry, const struct vmsim_tlb_range *range)
{
	if (range->mm && entry->mm != range->mm)
		return false;
	if (vmsim_tlb_range_is_full(range))
		return true;
	return entry->base < range->end && entry->base + PMD_SIZE > range->start;
}

static void drop_tables(struct vmsim_tlb_cache *cache, const struct vmsim_tlb_range *range)
{
	for (unsigned int i = 0; i < VMSIM_PSC_ENTRIES; i++) {
		if (!cache->psc[i].mm || !psc_in_range(&cache->psc[i], range))
			continue;
		cache->psc[i].mm = 0;
		looked_through(vmsim_psc_held(cache));
	}
}

void vmsim_tlb_drop_range(struct vmsim_cpu *cpu, const struct vmsim_tlb_range *range)
{
	if (vmsim_tlb_range_is_full(range)) {
		looked_through(&cpu->tlb);
		drop_all(cpu, range->mm);
	} else {
		drop_strides(cpu, range);
	}
	if (range->tables || vmsim_tlb_range_is_full(range)) {
		looked_through(cpu->tlb.psc);
		drop_tables(&cpu->tlb, range);
	}
}

void vmsim_tlb_invalidate_range(struct vmsim_cpu *cpu, const struct vmsim_tlb_range *range)
{
	struct task_struct *self = vmsim_self;

	self->atomic_step++;
	vmsim_tlb_lock(&cpu->tlb);
	vmsim_tlb_drop_range(cpu, range);
	vmsim_tlb_unlock(&cpu->tlb);
	self->atomic_step--;
}

/**
 * vmsim_tlb_invalidate() - drops what one CPU has cached
 * @cpu: the CPU
 * @mm: address-space id; 0 = all
 * @start: first address
 * @end: end address; TLB_FLUSH_ALL: everything of @mm
 * @tables: pointers to PTE tables of the range, too
 */
void vmsim_tlb_invalidate(struct vmsim_cpu *cpu, u64 mm, unsigned long start, unsigned long end,
			  bool tables)
{
	struct vmsim_tlb_range range = {
		.mm = mm,
		.start = start,
		.end = mm ? end : TLB_FLUSH_ALL,
		.stride_shift = PAGE_SHIFT,
		.tables = tables,
	};

	vmsim_tlb_invalidate_range(cpu, &range);
}

struct vmsim_psc_entry *vmsim_psc_find(struct vmsim_tlb_cache *cache, u64 mm, unsigned long addr)
{
	unsigned long base = addr & PMD_MASK;

	for (unsigned int i = 0; i < VMSIM_PSC_ENTRIES; i++)
		if (cache->psc[i].base == base && cache->psc[i].mm == mm)
			return &cache->psc[i];
	return NULL;
}

void vmsim_psc_insert(struct vmsim_tlb_cache *cache, u64 mm, unsigned long addr,
		      unsigned long table_pfn)
{
	cache->psc[cache->next_psc++ % VMSIM_PSC_ENTRIES] = (struct vmsim_psc_entry) {
		.mm = mm,
		.base = addr & PMD_MASK,
		.table_pfn = table_pfn,
		.gen = __READ_ONCE(pfn_to_page(table_pfn)->vmsim_gen),
	};
}

void vmsim_tlb_stats_add(const struct vmsim_cpu *cpu, struct vmsim_stats *stats)
{
	const struct vmsim_tlb_cache *cache = &cpu->tlb;

	stats->tlb_fills += __READ_ONCE(cache->fills);
	stats->tlb_hits += __READ_ONCE(cache->hits);
	stats->flushes += __READ_ONCE(cache->flushes);
	stats->flushes_full += __READ_ONCE(cache->flushes_full);
	stats->flushes_lost += __READ_ONCE(cache->flushes_lost);
	stats->flushes_deferred += __READ_ONCE(cache->flushes_deferred);
}
