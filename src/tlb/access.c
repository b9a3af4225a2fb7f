// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads, stores and instruction fetches of simulated programs.
 */
#include "tlb/cache.h"
#include <errno.h>
#include <sched.h>

/* A store needs D cached as well: without it the hardware goes back to the tables. */
static bool allows(const struct vmsim_tlb_entry *entry, enum vmsim_access access)
{
	if (access == VMSIM_ACCESS_WRITE)
		return entry->write && entry->dirty;
	if (access == VMSIM_ACCESS_EXEC)
		return entry->exec;
	return true;
}

static bool walk_cached(struct vmsim_cpu *cpu, u64 mm, unsigned long addr,
			enum vmsim_access access, struct vmsim_leaf *leaf)
{
	struct vmsim_psc_entry *table = vmsim_psc_find(&cpu->tlb, mm, addr);

	if (!table)
		return false;
	if (vmsim_walk_table(table->table_pfn, addr, leaf) && vmsim_walk_claim(leaf, access))
		return true;
	/* Maybe it is only the pointer that is stale. */
	table->mm = 0;
	vmsim_event(ATOMIC, (uintptr_t)vmsim_psc_held(&cpu->tlb), 0, 0);
	return false;
}

static bool walk_all(struct vmsim_cpu *cpu, struct mm_struct *mm, unsigned long addr,
		     enum vmsim_access access, struct vmsim_leaf *leaf, bool keep_table)
{
	if (!vmsim_walk_from_top(mm, addr, leaf) || !vmsim_walk_claim(leaf, access))
		return false;
	if (keep_table && leaf->shift == PAGE_SHIFT)
		vmsim_psc_insert(&cpu->tlb, mm->context.ctx_id, addr,
				 page_to_pfn(virt_to_page(leaf->slot)));
	return true;
}

static struct vmsim_tlb_entry entry_of(u64 mm, unsigned long addr, const struct vmsim_leaf *leaf)
{
	unsigned long pfn = vmsim_leaf_pfn(leaf);

	return (struct vmsim_tlb_entry) {
		.mm = mm,
		.vpn = (addr & (~0UL << leaf->shift)) >> PAGE_SHIFT,
		.pfn = pfn,
		.ptep = leaf->slot,
		.gen = __READ_ONCE(pfn_to_page(pfn)->vmsim_gen),
		.shift = (u8)leaf->shift,
		.write = leaf->value & _PAGE_RW,
		.exec = !(leaf->value & _PAGE_NX),
		.accessed = leaf->value & _PAGE_ACCESSED,
		.dirty = leaf->value & _PAGE_DIRTY,
	};
}

static struct vmsim_tlb_entry *fill(struct vmsim_cpu *cpu, u64 mm, unsigned long addr,
				    const struct vmsim_leaf *leaf)
{
	struct vmsim_tlb_entry new_entry = entry_of(mm, addr, leaf);
	struct vmsim_tlb_entry *entry = vmsim_tlb_insert(cpu, &new_entry);

	__WRITE_ONCE(cpu->tlb.fills, cpu->tlb.fills + 1);
	vmsim_event(TLB_FILL, cpu->id, addr, (uintptr_t)entry);
	return entry;
}

/* A usable entry, or NULL: a fault is needed. */
static noinline struct vmsim_tlb_entry *miss(struct vmsim_cpu *cpu, struct mm_struct *mm,
					     unsigned long addr, enum vmsim_access access)
{
	u64 id = mm->context.ctx_id;
	struct vmsim_leaf leaf;

	BUG_ON(cpu->loaded_mm != mm);
	if (!walk_cached(cpu, id, addr, access, &leaf) &&
	    !walk_all(cpu, mm, addr, access, &leaf, true))
		return NULL;
	return fill(cpu, id, addr, &leaf);
}

/* The frame's generation stays that of the fill: a frame that was freed in between must show. */
static bool same_translation(const struct vmsim_tlb_entry *entry, const struct vmsim_leaf *leaf)
{
	return entry->ptep == leaf->slot && entry->pfn == vmsim_leaf_pfn(leaf) &&
	       entry->shift == leaf->shift && entry->write == !!(leaf->value & _PAGE_RW) &&
	       entry->exec == !(leaf->value & _PAGE_NX) &&
	       entry->dirty == !!(leaf->value & _PAGE_DIRTY);
}

static inline struct vmsim_tlb_entry *hit(struct vmsim_cpu *cpu, struct vmsim_tlb_entry *entry)
{
	__WRITE_ONCE(cpu->tlb.hits, cpu->tlb.hits + 1);
	return entry;
}

/* Coherent hardware: @entry (or NULL) is used only while it is what the tables say. */
static struct vmsim_tlb_entry *translate_coherent(struct vmsim_cpu *cpu, struct mm_struct *mm,
						  unsigned long addr, enum vmsim_access access,
						  struct vmsim_tlb_entry *entry)
{
	struct vmsim_leaf leaf;
	bool granted = walk_all(cpu, mm, addr, access, &leaf, false);

	if (granted && entry && same_translation(entry, &leaf))
		return hit(cpu, entry);
	if (entry)
		vmsim_tlb_drop(cpu, entry);
	return granted ? fill(cpu, mm->context.ctx_id, addr, &leaf) : NULL;
}

static inline struct vmsim_tlb_entry *translate(struct vmsim_cpu *cpu, struct mm_struct *mm,
						unsigned long addr, enum vmsim_access access)
{
	struct vmsim_tlb_entry *entry = vmsim_tlb_lookup(&cpu->tlb, mm->context.ctx_id, addr);

	if (unlikely(vmsim_this_machine()->tlb_backend == VMSIM_TLB_COHERENT))
		return translate_coherent(cpu, mm, addr, access, entry);
	if (likely(entry && allows(entry, access)))
		return hit(cpu, entry);
	/* Too weak: it may only be old (R4). */
	if (entry)
		vmsim_tlb_drop(cpu, entry);
	return miss(cpu, mm, addr, access);
}

/* To find nothing is an access, too: of what an entry could have been in. */
static void looked_in_vain(struct vmsim_tlb_cache *cache, unsigned long addr)
{
	vmsim_event(READ, (uintptr_t)vmsim_tlb_held(vmsim_tlb_set(cache, addr >> PAGE_SHIFT,
								  PAGE_SHIFT)), 0, 0);
	vmsim_event(READ, (uintptr_t)vmsim_psc_held(cache), 0, 0);
	(void)cache, (void)addr;
}

static inline void transfer(const struct vmsim_tlb_entry *entry, unsigned long addr,
			    enum vmsim_access access, unsigned int size, u64 *value)
{
	struct page *page = pfn_to_page(entry->pfn + ((addr >> PAGE_SHIFT) - entry->vpn));

	if (access == VMSIM_ACCESS_READ)
		*value = vmsim_frame_load(page, offset_in_page(addr), size);
	else if (access == VMSIM_ACCESS_WRITE)
		vmsim_frame_store(page, offset_in_page(addr), size, *value);
}

static inline int access_locked(struct vmsim_cpu *cpu, struct mm_struct *mm, unsigned long addr,
				enum vmsim_access access, unsigned int size, u64 *value)
{
	struct vmsim_tlb_entry *entry = translate(cpu, mm, addr, access);

	if (!entry) {
		looked_in_vain(&cpu->tlb, addr);
		return -EFAULT;
	}
	vmsim_event(TLB_USE, cpu->id, addr, (uintptr_t)entry);
	transfer(entry, addr, access, size, value);
	return 0;
}

/*
 * Takes cache->lock while the hypervisor lets the CPU run: whoever defers a flush for a CPU that is
 * away counts on it that the CPU touches no memory. The explorer does not pick such threads.
 */
static inline void lock_running(struct vmsim_cpu *cpu)
{
	struct vmsim_tlb_cache *cache = &cpu->tlb;

	vmsim_tlb_lock(cache);
	while (unlikely(vmsim_hv_away(&cpu->hv_state)) && !cache->explore) {
		vmsim_tlb_unlock(cache);
		vmsim_poll();
		sched_yield();
		vmsim_tlb_lock(cache);
	}
}

/**
 * vmsim_tlb_access() - one attempt of an instruction
 * @cpu: the CPU that executes it
 * @mm: the address space that it has loaded
 * @addr: address, @size-aligned
 * @access: load, store or fetch
 * @size: 1, 2, 4 or 8
 * @value: to store, or loaded; not used by fetches
 *
 * TLB_FILL, TLB_DROP and TLB_USE are raised before memory is accessed.
 * Return: 0, or -EFAULT: a fault must be taken, and the instruction repeated.
 */
int vmsim_tlb_access(struct vmsim_cpu *cpu, struct mm_struct *mm, unsigned long addr,
		     enum vmsim_access access, unsigned int size, u64 *value)
{
	struct task_struct *self = vmsim_self;
	int err;

	if (unlikely(!mm))
		return -EFAULT;
	self->atomic_step++;
	lock_running(cpu);
	err = access_locked(cpu, mm, addr, access, size, value);
	vmsim_tlb_unlock(&cpu->tlb);
	self->atomic_step--;
	return err;
}
