// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/pgalloc.h>
#include <asm/tlbflush.h>

/*
 * Entries that go from one mapping to another one of the same address space. Behaviour of
 * mm/mremap.c, Linux 6.12. mmap_lock is held for writing, so that nobody faults at either place;
 * who comes through a reverse map does not ask for it.
 */

/** take_rmap_locks() - keeps reverse-map walks away from a mapping's pages */
__vmsim_overridable void take_rmap_locks(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		i_mmap_lock_write(vma->vm_file->f_mapping);
	if (vma->anon_vma)
		anon_vma_lock_write(vma->anon_vma);
}

/** drop_rmap_locks() - ends take_rmap_locks() */
__vmsim_overridable void drop_rmap_locks(struct vm_area_struct *vma)
{
	if (vma->anon_vma)
		anon_vma_unlock_write(vma->anon_vma);
	if (vma->vm_file)
		i_mmap_unlock_write(vma->vm_file->f_mapping);
}

/* An entry of the table that is left, the place for it in the other one, and their locks. */
struct table_pair {
	pte_t *old_pte, *new_pte;
	spinlock_t *old_ptl, *new_ptl;
};

/* Which of the two comes first does not matter: nobody else takes two in this address space. */
static int lock_tables(struct table_pair *at, struct mm_struct *mm, pmd_t *old_pmd,
		       unsigned long old_addr, pmd_t *new_pmd, unsigned long new_addr)
{
	at->old_pte = pte_offset_map_lock(mm, old_pmd, old_addr, &at->old_ptl);
	if (!at->old_pte)
		return -EAGAIN;
	at->new_pte = pte_offset_map_nolock(mm, new_pmd, new_addr, &at->new_ptl);
	if (!at->new_pte) {
		pte_unmap_unlock(at->old_pte, at->old_ptl);
		return -EAGAIN;
	}
	if (at->new_ptl != at->old_ptl)
		spin_lock_nested(at->new_ptl, SINGLE_DEPTH_NESTING);
	return 0;
}

static void unlock_tables(const struct table_pair *at)
{
	if (at->new_ptl != at->old_ptl)
		spin_unlock(at->new_ptl);
	pte_unmap(at->new_pte);
	pte_unmap_unlock(at->old_pte, at->old_ptl);
}

/* Moves one entry. True if a CPU may have cached it. */
static bool move_entry(struct vm_area_struct *vma, pte_t *old_pte, unsigned long old_addr,
		       pte_t *new_pte, unsigned long new_addr)
{
	pte_t pte = ptep_get_and_clear(vma->vm_mm, old_addr, old_pte);

	if (likely(pte_present(pte)))
		set_pte_at(vma->vm_mm, new_addr, new_pte, pte_mksoft_dirty(pte));
	else	/* Swap and migration are not modelled: garbage. */
		print_bad_pte(vma, old_addr, pte, NULL);
	return pte_present(pte);
}

static bool move_entries(struct vm_area_struct *vma, const struct table_pair *tables,
			 unsigned long old_addr, unsigned long old_end, unsigned long new_addr)
{
	pte_t *old_pte = tables->old_pte, *new_pte = tables->new_pte;
	bool cached = false;

	for (; old_addr < old_end; old_addr += PAGE_SIZE, new_addr += PAGE_SIZE) {
		if (!pte_none(ptep_get(old_pte)))
			cached |= move_entry(vma, old_pte, old_addr, new_pte, new_addr);
		old_pte++;
		new_pte++;
	}
	return cached;
}

/**
 * move_ptes() - moves entries from one PTE table to another one
 * @vma: mapping that they leave
 * @old_pmd: entry that their table hangs from
 * @old_addr: first address
 * @old_end: end of the range, at most the end of the table
 * @new_vma: mapping that they go to
 * @new_pmd: entry that its table hangs from
 * @new_addr: where the first one goes; the range ends in the same table
 * @need_rmap_locks: a walk could meet the new place before the old one, and miss a page at both
 *
 * The old range is flushed before either lock is dropped: the old one keeps writeback from calling
 * a page clean that a CPU can still dirty, the new one keeps the page from being freed while a CPU
 * can still reach it (R16).
 *
 * Return: 0; -EAGAIN: a table is gone, look again.
 */
__vmsim_overridable int move_ptes(struct vm_area_struct *vma, pmd_t *old_pmd,
				  unsigned long old_addr, unsigned long old_end,
				  struct vm_area_struct *new_vma, pmd_t *new_pmd,
				  unsigned long new_addr, bool need_rmap_locks)
{
	struct mm_struct *mm = vma->vm_mm;
	struct table_pair tables;
	int err;

	(void)new_vma;
	if (need_rmap_locks)
		take_rmap_locks(vma);
	err = lock_tables(&tables, mm, old_pmd, old_addr, new_pmd, new_addr);
	if (!err) {
		/* Empty entries are about to be relied upon (R15). */
		flush_tlb_batched_pending(mm);
		arch_enter_lazy_mmu_mode();
		if (move_entries(vma, &tables, old_addr, old_end, new_addr))
			flush_tlb_range(vma, old_addr, old_end);
		arch_leave_lazy_mmu_mode();
		unlock_tables(&tables);
	}
	if (need_rmap_locks)
		drop_rmap_locks(vma);
	return err;
}

/* Takes the locks of two entries of one level, which may be the same. */
static void lock_entries(spinlock_t *old_ptl, spinlock_t *new_ptl)
{
	spin_lock(old_ptl);
	if (new_ptl != old_ptl)
		spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING);
}

static void unlock_entries(spinlock_t *old_ptl, spinlock_t *new_ptl)
{
	if (new_ptl != old_ptl)
		spin_unlock(new_ptl);
	spin_unlock(old_ptl);
}

/**
 * move_normal_pmd() - moves a whole PTE table
 * @vma: mapping that it leaves
 * @old_addr: first address of the table
 * @new_addr: what will be its first address
 * @old_pmd: entry that it hangs from
 * @new_pmd: empty entry that it will hang from
 *
 * Its own lock is not taken. What keeps walks of the reverse map out are their locks.
 *
 * Context: take_rmap_locks() held.
 * Return: false: entries have to be moved one by one.
 */
__vmsim_overridable bool move_normal_pmd(struct vm_area_struct *vma, unsigned long old_addr,
					 unsigned long new_addr, pmd_t *old_pmd, pmd_t *new_pmd)
{
	struct mm_struct *mm = vma->vm_mm;
	spinlock_t *old_ptl = pmd_lockptr(mm, old_pmd), *new_ptl = pmd_lockptr(mm, new_pmd);
	bool moves;
	pmd_t pmd;

	(void)new_addr;
	if (!arch_supports_page_table_move() || WARN_ON_ONCE(!pmd_none(pmdp_get(new_pmd))))
		return false;
	lock_entries(old_ptl, new_ptl);
	/* Somebody may have made a huge page of it, or taken it away. */
	pmd = pmdp_get(old_pmd);
	moves = pmd_present(pmd) && !pmd_leaf(pmd);
	if (likely(moves)) {
		pmd_clear(old_pmd);
		pmd_populate(mm, new_pmd, pmd_page(pmd));
		flush_tlb_range(vma, old_addr, old_addr + PMD_SIZE);
	}
	unlock_entries(old_ptl, new_ptl);
	return moves;
}

/** move_normal_pud() - moves a whole PMD table; as move_normal_pmd() */
__vmsim_overridable bool move_normal_pud(struct vm_area_struct *vma, unsigned long old_addr,
					 unsigned long new_addr, pud_t *old_pud, pud_t *new_pud)
{
	struct mm_struct *mm = vma->vm_mm;
	spinlock_t *old_ptl = pud_lockptr(mm, old_pud), *new_ptl = pud_lockptr(mm, new_pud);
	pmd_t *table;

	(void)new_addr;
	if (!arch_supports_page_table_move() || WARN_ON_ONCE(!pud_none(pudp_get(new_pud))))
		return false;
	lock_entries(old_ptl, new_ptl);
	table = pmd_offset(old_pud, 0);
	pud_clear(old_pud);
	pud_populate(mm, new_pud, table);
	flush_tlb_range(vma, old_addr, old_addr + PUD_SIZE);
	unlock_entries(old_ptl, new_ptl);
	return true;
}

/**
 * struct move - where a move of page tables stands
 * @old_addr: what is to be moved next
 * @old_end: end of what is to be moved
 * @new_addr: where it goes
 */
struct move {
	struct vm_area_struct *vma, *new_vma;
	unsigned long old_addr, old_end, new_addr;
	bool need_rmap_locks;
};

/* What one entry of @size can take at once: up to its end, or that of the other place's. */
static unsigned long extent_of(const struct move *move, unsigned long size)
{
	unsigned long in_old = size - (move->old_addr & (size - 1));
	unsigned long in_new = size - (move->new_addr & (size - 1));

	return min(min(in_old, in_new), move->old_end - move->old_addr);
}

static bool moved_whole_pmd(const struct move *move, pmd_t *old_pmd, pmd_t *new_pmd)
{
	bool moved;

	take_rmap_locks(move->vma);
	moved = move_normal_pmd(move->vma, move->old_addr, move->new_addr, old_pmd, new_pmd);
	drop_rmap_locks(move->vma);
	return moved;
}

static bool moved_whole_pud(const struct move *move, pud_t *old_pud, pud_t *new_pud)
{
	bool moved;

	take_rmap_locks(move->vma);
	moved = move_normal_pud(move->vma, move->old_addr, move->new_addr, old_pud, new_pud);
	drop_rmap_locks(move->vma);
	return moved;
}

static unsigned long refuse_huge(const struct move *move)
{
	vmsim_warn(__FILE__, __LINE__, "mremap of a huge page is not modelled");
	(void)move;
	return 0;
}

/* Moves what hangs from one PMD entry. How far that got; 0: no memory. */
static unsigned long move_below_pmd(const struct move *move, pud_t *old_pud, pud_t *new_pud)
{
	unsigned long extent = extent_of(move, PMD_SIZE);
	struct mm_struct *mm = move->vma->vm_mm;
	pmd_t *old_pmd = pmd_offset(old_pud, move->old_addr), *new_pmd;

	if (pmd_none(pmdp_get(old_pmd)))
		return extent;
	new_pmd = pmd_alloc(mm, new_pud, move->new_addr);
	if (!new_pmd)
		return 0;
	do {
		if (pmd_leaf(pmdp_get(old_pmd)))
			return refuse_huge(move);
		if (extent == PMD_SIZE && moved_whole_pmd(move, old_pmd, new_pmd))
			return extent;
		if (pmd_none(pmdp_get(old_pmd)))
			return extent;
		if (pte_alloc(mm, new_pmd))
			return 0;
	} while (move_ptes(move->vma, old_pmd, move->old_addr, move->old_addr + extent,
			   move->new_vma, new_pmd, move->new_addr, move->need_rmap_locks));
	return extent;
}

/* The entry that the PMD table of an address hangs from; NULL: there is none. */
static pud_t *existing_pud(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d = pgd_none_or_clear_bad(pgd) ? NULL : p4d_offset(pgd, addr);
	pud_t *pud = !p4d || p4d_none_or_clear_bad(p4d) ? NULL : pud_offset(p4d, addr);

	return !pud || pud_none_or_clear_bad(pud) ? NULL : pud;
}

/* The entry from which one can hang; NULL: no memory. */
static pud_t *make_pud(struct mm_struct *mm, unsigned long addr)
{
	p4d_t *p4d = p4d_alloc(mm, pgd_offset(mm, addr), addr);

	return p4d ? pud_alloc(mm, p4d, addr) : NULL;
}

/* Moves what hangs from one PUD entry, or from one PMD entry. As move_below_pmd(). */
static unsigned long move_some(const struct move *move)
{
	unsigned long extent = extent_of(move, PUD_SIZE);
	struct mm_struct *mm = move->vma->vm_mm;
	pud_t *old_pud = existing_pud(mm, move->old_addr), *new_pud;

	if (!old_pud)
		return extent;
	new_pud = make_pud(mm, move->new_addr);
	if (!new_pud)
		return 0;
	if (pud_leaf(pudp_get(old_pud)))
		return refuse_huge(move);
	if (extent == PUD_SIZE && moved_whole_pud(move, old_pud, new_pud))
		return extent;
	return move_below_pmd(move, old_pud, new_pud);
}

/* May a table that begins below @addr, the start of the mapping, be moved as a whole? */
static bool can_align_down(struct vm_area_struct *vma, unsigned long addr, unsigned long mask,
			   bool for_stack)
{
	if (for_stack && (addr & mask) >= vma->vm_start)
		return true;
	if (!for_stack && vma->vm_start != addr)
		return false;
	return !find_vma_intersection(vma->vm_mm, addr & mask, vma->vm_start);
}

/* Where nothing else lies in the first table of both, it can go as a whole. */
static void try_realign_addr(struct move *move, unsigned long mask, bool for_stack)
{
	unsigned long offset = move->old_addr & ~mask;

	if (!offset || offset != (move->new_addr & ~mask))
		return;
	if (!can_align_down(move->vma, move->old_addr, mask, for_stack) ||
	    !can_align_down(move->new_vma, move->new_addr, mask, for_stack))
		return;
	move->old_addr -= offset;
	move->new_addr -= offset;
}

/**
 * move_page_tables() - moves the entries of a range to another mapping
 * @vma: mapping that they leave
 * @old_addr: first address
 * @new_vma: mapping that they go to
 * @new_addr: first address there
 * @len: size of the range
 * @need_rmap_locks: as copy_vma() said
 * @for_stack: the two are one mapping, as where exec moves a stack
 *
 * Tables that serve nothing else are moved as they are, others entry by entry.
 *
 * Return: how much was moved. Less than @len: there was no memory for tables.
 */
__vmsim_overridable unsigned long move_page_tables(struct vm_area_struct *vma,
						   unsigned long old_addr,
						   struct vm_area_struct *new_vma,
						   unsigned long new_addr, unsigned long len,
						   bool need_rmap_locks, bool for_stack)
{
	struct move move = {
		.vma = vma, .new_vma = new_vma, .need_rmap_locks = need_rmap_locks,
		.old_addr = old_addr, .old_end = old_addr + len, .new_addr = new_addr,
	};
	unsigned long done;

	if (len >= PMD_SIZE - (old_addr & ~PMD_MASK))
		try_realign_addr(&move, PMD_MASK, for_stack);
	for (; move.old_addr < move.old_end; move.old_addr += done, move.new_addr += done) {
		cond_resched();
		done = move_some(&move);
		if (!done)
			break;
	}
	/* Below the range there was nothing to move. */
	return move.old_addr > old_addr ? move.old_addr - old_addr : 0;
}
