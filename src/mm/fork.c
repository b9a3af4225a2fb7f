// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/tlbflush.h>

/*
 * The address space of a child. Behaviour of kernel/fork.c, Linux 6.12.
 */

/* A mapping like @orig, in no tree, or NULL without memory. */
static struct vm_area_struct *dup_vma(struct mm_struct *mm, struct vm_area_struct *orig)
{
	struct vm_area_struct *vma = vmsim_vma_dup(orig, mm);

	if (!vma)
		return NULL;
	/* Memory that the child finds empty has no pages to be found through the parent's. */
	if (!(orig->vm_flags & VM_WIPEONFORK) && anon_vma_fork(vma, orig)) {
		vmsim_vma_free(vma);
		return NULL;
	}
	vm_flags_clear(vma, VM_LOCKED_MASK);
	return vma;
}

/* The child gets a mapping like @orig, and what is mapped there. */
static int dup_mapping(struct mm_struct *mm, struct vm_area_struct *orig)
{
	struct vm_area_struct *vma = dup_vma(mm, orig);

	if (!vma)
		return -ENOMEM;
	vmsim_vma_insert(mm, vma);
	vmsim_vma_opened(vma);
	vmsim_vma_link_file(vma, orig);
	return vma->vm_flags & VM_WIPEONFORK ? 0 : copy_page_range(vma, orig);
}

/**
 * vmsim_dup_mappings() - what dup_mmap() does between its locks
 * @mm: address space of the child, empty
 * @oldmm: that of the parent
 *
 * For replacements of dup_mmap().
 *
 * Context: mmap_lock of both held for writing.
 * Return: 0; -ENOMEM: the child has a part.
 */
__vmsim_overridable int vmsim_dup_mappings(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct vm_area_struct *vma = vmsim_vma_first(&oldmm->mm_mt);
	int err = 0;

	mm->total_vm = oldmm->total_vm;
	for (; vma && !err; vma = vmsim_vma_next(vma)) {
		if (vma->vm_flags & VM_DONTCOPY)
			mm->total_vm -= vma_pages(vma);
		else
			err = dup_mapping(mm, vma);
	}
	return err;
}

/**
 * dup_mmap() - gives a child the mappings of its parent
 * @mm: address space of the child, empty, known to nobody
 * @oldmm: that of the parent
 *
 * The flush comes before the parent's lock is dropped, also after a failure: what was
 * write-protected by then is shared, or was (R13).
 *
 * Return: 0; -ENOMEM: the child has a part, which mmput() takes away.
 */
__vmsim_overridable int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	int err;

	mmap_write_lock(oldmm);
	mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING);
	err = vmsim_dup_mappings(mm, oldmm);
	mmap_write_unlock(mm);
	flush_tlb_mm(oldmm);
	mmap_write_unlock(oldmm);
	return err;
}

static void copy_layout(struct mm_struct *mm, const struct mm_struct *oldmm)
{
	mm->task_size = oldmm->task_size;
	mm->mmap_base = oldmm->mmap_base;
	mm->start_brk = oldmm->start_brk;
	mm->brk = oldmm->brk;
	mm->def_flags = oldmm->def_flags & VM_INIT_DEF_MASK;
}

/**
 * dup_mm() - makes the address space of a child
 * @tsk: the task that forks
 * @oldmm: its address space
 *
 * That the parent has pinned pages says nothing of the child.
 *
 * Return: the address space with one user, or NULL without memory.
 */
__vmsim_overridable struct mm_struct *dup_mm(struct task_struct *tsk, struct mm_struct *oldmm)
{
	struct mm_struct *mm = mm_alloc();

	(void)tsk;
	if (!mm)
		return NULL;
	copy_layout(mm, oldmm);
	if (dup_mmap(mm, oldmm)) {
		mmput(mm);
		return NULL;
	}
	return mm;
}
