/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_MM_INTERNAL_H
#define VMSIM_MM_INTERNAL_H

#include <linux/mm.h>
#include <linux/fs.h>
#include <linux/rmap.h>
#include "machine/internal.h"

/* Pages that a read fault of a file tries to map (fault_around_bytes, 64 KiB). */
#define VMSIM_FAULT_AROUND_PAGES 16UL

/*
 * The tree of mappings (src/mm/vma.c). Changes need mmap_lock for writing, walks need it for
 * reading.
 */
struct vm_area_struct *vmsim_vma_first(struct vmsim_vma_tree *tree);
struct vm_area_struct *vmsim_vma_next(struct vm_area_struct *vma);
struct vm_area_struct *vmsim_vma_prev(struct vm_area_struct *vma);
void vmsim_vma_tree_add(struct vmsim_vma_tree *tree, struct vm_area_struct *vma);
void vmsim_vma_tree_del(struct vmsim_vma_tree *tree, struct vm_area_struct *vma);
/* As above, for the tree of the address space: counted, and raises VMA_ADD and VMA_REMOVE. */
void vmsim_vma_insert(struct mm_struct *mm, struct vm_area_struct *vma);
void vmsim_vma_remove(struct mm_struct *mm, struct vm_area_struct *vma);

/* Objects, and their links into files (src/mm/vma_object.c). */
struct vm_area_struct *vmsim_vma_dup(const struct vm_area_struct *orig, struct mm_struct *mm);
void vmsim_vma_opened(struct vm_area_struct *vma);
void vmsim_vma_free(struct vm_area_struct *vma);
void vmsim_vma_bury(struct vm_area_struct *vma);
void vmsim_vma_link_file(struct vm_area_struct *vma, struct vm_area_struct *after);
void vmsim_vma_unlink_file(struct vm_area_struct *vma);

/*
 * Split and merge (src/mm/vma_modify.c, src/mm/vma_merge.c); mmap_lock held for writing.
 * vmsim_vma_split() is split_vma() without a limit. vmsim_vma_split_out() makes [start, end) of
 * @vma a mapping of its own: @vma. vmsim_vmg_of() describes a range that is, or is to become, like
 * @vma.
 */
int vmsim_vma_split(struct vma_iterator *vmi, struct vm_area_struct *vma, unsigned long addr,
		    bool new_below);
int vmsim_vma_split_out(struct vma_iterator *vmi, struct vm_area_struct *vma, unsigned long start,
			unsigned long end);
struct vma_merge_struct vmsim_vmg_of(struct vm_area_struct *vma, unsigned long start,
				     unsigned long end);

/* The walk stands at [index, last], a mapping or a hole, however it came there. */
static inline void vmsim_stand_at(struct ma_state *mas, unsigned long index, unsigned long last)
{
	mas_set_range(mas, index, last);
	mas->status = ma_active;
}

static inline void vmsim_vma_iter_at(struct vma_iterator *vmi, const struct vm_area_struct *vma)
{
	vmsim_stand_at(&vmi->mas, vma->vm_start, vma->vm_end - 1);
}

/* Maps [start, end), over whatever was there; mmap_lock held for writing. */
int vmsim_mmap_region(struct vma_merge_struct *vmg);

/**
 * struct vmsim_pins - pages of a program that somebody holds
 * @machine: where
 * @mm: whose; the object is kept, what is in it is not
 * @addr: where they were when they were taken
 * @nr: how many
 * @flags: VMSIM_PIN_*
 */
struct vmsim_pins {
	struct vmsim_machine *machine;
	struct mm_struct *mm;
	unsigned long addr;
	unsigned int nr, flags;
	struct page *page[];
};

/* What file mappings do: with and without dirty tracking (src/mm/filemap_fault.c). */
const struct vm_operations_struct *vmsim_file_vm_ops(const struct file *file);

/* Before any process is made (src/mm/limits.c). */
void vmsim_limits_init(struct vmsim_machine *m);

/* Processes (src/mm/process.c). */
struct vmsim_process *vmsim_process_find(struct vmsim_machine *m, int pid);
/* The address space of a process with one more user, or NULL. */
struct mm_struct *vmsim_process_get_mm(struct vmsim_machine *m, int pid);
int vmsim_process_attach(struct vmsim_machine *m, int pid, struct task_struct *task);
void vmsim_process_detach(struct task_struct *task);

/**
 * struct vmsim_borrowed - how a pthread acts on a machine that it may not be attached to
 *
 * The library needs a CPU to act on. A thread of the machine has one; anybody else takes one that
 * has no thread, and is its idle task meanwhile. -EBUSY: every CPU has a thread.
 */
struct vmsim_borrowed {
	struct task_struct *before;
	struct vmsim_cpu *cpu;
};

int vmsim_borrow_cpu(struct vmsim_machine *m, struct vmsim_borrowed *borrowed);
void vmsim_return_cpu(struct vmsim_borrowed *borrowed);

/*
 * Every system call stands between the two (src/mm/syscall.c). -ESRCH: the caller is not attached,
 * or its process has exited.
 */
int vmsim_syscall_enter(const char *name, unsigned long arg0, unsigned long arg1);
long vmsim_syscall_leave(const char *name, long result);
/* Says what is not modelled, once per call; -EOPNOTSUPP. */
int vmsim_not_modelled(const char *call, const char *what);

/*
 * A page of this fault will need an anon_vma; 0 or VM_FAULT_OOM (mm/internal.h, Linux 6.12).
 * Threads that share the mmap_lock may prepare one mapping at the same time: hence the acquire.
 */
static inline vm_fault_t vmf_anon_prepare(struct vm_fault *vmf)
{
	if (likely(smp_load_acquire(&vmf->vma->anon_vma)))
		return 0;
	return __anon_vma_prepare(vmf->vma) ? VM_FAULT_OOM : 0;
}

/* A fault came to this end: counts it, raises FAULT_KIND, remembers it for vmsim_touch(). */
void vmsim_fault_took(struct vm_fault *vmf, enum vmsim_fault_kind kind);

#endif
