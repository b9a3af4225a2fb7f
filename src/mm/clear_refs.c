// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/tlbflush.h>
#include <linux/mm_inline.h>
#include <linux/pagewalk.h>
#include <vmsim/process.h>

/*
 * Soft-dirty bits: which pages a program has written to since it was last asked. Behaviour of
 * fs/proc/task_mmu.c, Linux 6.12.
 */

/*
 * A pin for writing was taken on the strength of this entry. Without its right to write the page
 * would look as if it could be replaced.
 */
static bool pte_is_pinned(struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	struct page *page;

	if (!pte_write(pte) || !is_cow_mapping(vma->vm_flags) ||
	    !test_bit(MMF_HAS_PINNED, &vma->vm_mm->flags))
		return false;
	page = vm_normal_page(vma, addr, pte);
	return page && folio_maybe_dma_pinned(page_folio(page));
}

/**
 * clear_soft_dirty() - lets the next write through an entry fault
 * @vma: mapping
 * @addr: address
 * @pte: entry; nothing is done where it is not present
 *
 * The hardware knows nothing of the soft-dirty bit: only a fault can set it.
 *
 * Context: page-table lock held; the caller flushes later, and has said so (R14).
 */
__vmsim_overridable void clear_soft_dirty(struct vm_area_struct *vma, unsigned long addr,
					  pte_t *pte)
{
	pte_t old = ptep_get(pte);

	if (!pte_present(old) || pte_is_pinned(vma, addr, old))
		return;
	old = ptep_modify_prot_start(vma, addr, pte);
	ptep_modify_prot_commit(vma, addr, pte, old, pte_clear_soft_dirty(pte_wrprotect(old)));
}

static int clear_table(pmd_t *pmd, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	spinlock_t *ptl;
	pte_t *table = pte_offset_map_lock(walk->mm, pmd, addr, &ptl);

	if (!table) {
		walk->action = ACTION_AGAIN;
		return 0;
	}
	for (pte_t *pte = table; addr != end; pte++, addr += PAGE_SIZE)
		clear_soft_dirty(walk->vma, addr, pte);
	pte_unmap_unlock(table, ptl);
	cond_resched();
	return 0;
}

static int skip_pfn_map(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	(void)start, (void)end;
	return !!(walk->vma->vm_flags & VM_PFNMAP);
}

/* From now on the mapping itself does not count as written, and new entries are read-only. */
static void begin_tracking(struct vm_area_struct *vma)
{
	if (vma_soft_dirty_enabled(vma))
		return;
	vm_flags_clear(vma, VM_SOFTDIRTY);
	vma_set_page_prot(vma);
}

/* Context: mmap_lock held for writing. */
static void clear_all_soft_dirty(struct mm_struct *mm)
{
	static const struct mm_walk_ops clear_ops = {
		.pmd_entry = clear_table,
		.test_walk = skip_pfn_map,
		.walk_lock = PGWALK_WRLOCK,
	};
	struct vm_area_struct *vma;

	for (vma = vmsim_vma_first(&mm->mm_mt); vma; vma = vmsim_vma_next(vma))
		begin_tracking(vma);
	inc_tlb_flush_pending(mm);
	walk_page_range(mm, 0, -1UL, &clear_ops, NULL);
	flush_tlb_mm(mm);
	dec_tlb_flush_pending(mm);
}

/**
 * vmsim_clear_refs() - what writing to /proc/self/clear_refs does
 * @what: VMSIM_CLEAR_SOFT_DIRTY: no page counts as written, until it is written to again
 *
 * Source: clear_refs_write(), fs/proc/task_mmu.c, Linux 6.12.
 *
 * Return: 0; -EINVAL: no such number; -EOPNOTSUPP: others of the kernel's are not modelled;
 * -ESRCH: the caller is not attached, or has exited.
 */
VMSIM_API int vmsim_clear_refs(int what)
{
	struct task_struct *self = vmsim_self;
	int err = vmsim_syscall_enter("clear_refs", (unsigned long)what, 0);

	if (err)
		return err;
	if (what == VMSIM_CLEAR_SOFT_DIRTY) {
		mmap_write_lock(self->mm);
		clear_all_soft_dirty(self->mm);
		mmap_write_unlock(self->mm);
	} else {
		err = what < 1 || what > 5 ? -EINVAL :
		      vmsim_not_modelled("clear_refs", "what is not about soft-dirty bits");
	}
	return (int)vmsim_syscall_leave("clear_refs", err);
}
