// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/tlb.h>
#include <limits.h>

static const struct vmsim_lock_class mmap_lock_class = {
	.name = "mmap_lock", .is_mmap = true,
};
static const struct vmsim_lock_class page_table_lock_class = { .name = "page_table_lock" };

/* Between the highest mapping and the end of the address space stands the stack. */
#define STACK_ROOM (128UL << 20)

static void layout_init(struct mm_struct *mm)
{
	mm->task_size = TASK_SIZE;
	mm->mmap_base = PAGE_ALIGN(mm->task_size - STACK_ROOM);
	mm->start_brk = mm->brk = PAGE_ALIGN(mm->task_size / 3 * 2);
}

static void list_mm(struct vmsim_machine *m, struct mm_struct *mm)
{
	spin_lock(&m->mm_list_lock);
	mm->context.ctx_id = m->next_ctx_id++;
	list_add_tail(&mm->mm_list, &m->mms);
	INIT_LIST_HEAD(&mm->mmlist);
	spin_unlock(&m->mm_list_lock);
}

/**
 * mm_alloc() - an empty address space
 *
 * Source: kernel/fork.c, Linux 6.12. Raises MM_ADD.
 * Return: the address space with one user, or NULL without memory.
 */
__vmsim_overridable struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = kzalloc(sizeof(*mm), GFP_KERNEL);

	if (!mm)
		return NULL;
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	RB_INIT(&mm->mm_mt);
	vmsim_rwsem_init(&mm->mmap_lock, &mmap_lock_class, mm);
	vmsim_spin_init(&mm->page_table_lock, &page_table_lock_class, mm);
	seqcount_init(&mm->write_protect_seq);
	layout_init(mm);
	mm->nr_rss_slots = vmsim_this_machine()->nr_cpus;
	mm->rss_stat = kzalloc(mm->nr_rss_slots * sizeof(*mm->rss_stat), GFP_KERNEL);
	mm->pgd = mm->rss_stat ? pgd_alloc(mm) : NULL;
	if (!mm->pgd) {
		kfree(mm->rss_stat);
		kfree(mm);
		return NULL;
	}
	list_mm(vmsim_this_machine(), mm);
	vmsim_event(MM_ADD, (uintptr_t)mm, 0, 0);
	return mm;
}

/**
 * mmgrab() - keeps the address-space object, not what is in it
 * @mm: address space
 *
 * Source: include/linux/sched/mm.h, Linux 6.12.
 */
__vmsim_overridable void mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}

/**
 * mmdrop() - ends mmgrab(); the last one frees the top-level table and the object
 * @mm: address space
 *
 * Source: kernel/fork.c, Linux 6.12 (__mmdrop()). Raises MM_REMOVE.
 */
__vmsim_overridable void mmdrop(struct mm_struct *mm)
{
	struct vmsim_machine *m = vmsim_this_machine();

	if (!atomic_dec_and_test(&mm->mm_count))
		return;
	spin_lock(&m->mm_list_lock);
	list_del(&mm->mm_list);
	spin_unlock(&m->mm_list_lock);
	vmsim_event(MM_REMOVE, (uintptr_t)mm, 0, 0);
	pgd_free(mm, mm->pgd);
	kfree(mm->rss_stat);
	kfree(mm);
}

/**
 * mmput() - one user of the address space less; the last one empties it
 * @mm: address space
 *
 * Source: kernel/fork.c, Linux 6.12.
 */
__vmsim_overridable void mmput(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	exit_mmap(mm);
	vmsim_event(MM_EXIT, (uintptr_t)mm, 0, 0);
	mmdrop(mm);
}

/* Frees what the reverse maps have let go of already. */
static void free_all_vmas(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	while ((vma = vmsim_vma_first(&mm->mm_mt))) {
		vmsim_vma_remove(mm, vma);
		vmsim_vma_bury(vma);
		cond_resched();
	}
	VM_BUG_ON_MM(mm->map_count, mm);
	mm->total_vm = mm->locked_vm = 0;
}

/**
 * exit_mmap() - takes everything out of an address space that nobody uses any more
 * @mm: address space
 *
 * Entries go under mmap_lock for reading: reverse-map walkers of other address spaces still find
 * them. Tables go when both reverse maps have forgotten the mappings (R21).
 *
 * Source: mm/mmap.c, Linux 6.12.
 */
__vmsim_overridable void exit_mmap(struct mm_struct *mm)
{
	MA_STATE(mas, &mm->mm_mt, 0, 0);
	struct vm_area_struct *first = mas_find(&mas, ULONG_MAX);
	struct mmu_gather tlb;

	if (!first)
		return;
	mmap_read_lock(mm);
	tlb_gather_mmu_fullmm(&tlb, mm);
	unmap_vmas(&tlb, &mas, first, 0, ULONG_MAX, ULONG_MAX, false);
	mmap_read_unlock(mm);

	mmap_write_lock(mm);
	mas_set(&mas, first->vm_end);
	free_pgtables(&tlb, &mas, first, 0, 0, true);
	tlb_finish_mmu(&tlb);
	free_all_vmas(mm);
	mmap_write_unlock(mm);
}
