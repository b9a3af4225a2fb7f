// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/tlb.h>
#include <limits.h>
#include <vmsim/process.h>

/* Mappings on their way out. @floor, @ceiling: what bounds the page tables that may go. */
struct doomed {
	struct mm_struct *mm;
	unsigned long start, end;
	struct vmsim_vma_tree tree;
	unsigned long floor, ceiling;
	unsigned long pages;
};

/* Splits at both borders. All that can fail happens here, before anything is taken out. */
static int isolate(struct mm_struct *mm, struct vm_area_struct *first, unsigned long start,
		   unsigned long end)
{
	struct vm_area_struct *last;

	if (start > first->vm_start) {
		/* A hole makes two mappings of one. */
		if (end < first->vm_end && mm->map_count >= sysctl_max_map_count)
			return -ENOMEM;
		first = vmsim_vma_split(first, start);
		if (IS_ERR(first))
			return (int)PTR_ERR(first);
	}
	last = find_vma_intersection(mm, end - 1, end);
	if (!last || last->vm_end == end)
		return 0;
	last = vmsim_vma_split(last, end);
	return IS_ERR(last) ? (int)PTR_ERR(last) : 0;
}

/* Takes the mappings out of the address space: from now on nobody faults in the range. */
static void detach(struct doomed *doomed)
{
	struct vm_area_struct *prev;
	struct vm_area_struct *vma = find_vma_prev(doomed->mm, doomed->start, &prev);

	RB_INIT(&doomed->tree);
	while (vma && vma->vm_start < doomed->end) {
		struct vm_area_struct *next = vmsim_vma_next(vma);

		doomed->pages += vma_pages(vma);
		vmsim_vma_remove(doomed->mm, vma);
		vmsim_vma_tree_add(&doomed->tree, vma);
		vma = next;
	}
	doomed->floor = prev ? prev->vm_end : 0;
	doomed->ceiling = vma ? vma->vm_start : 0;
}

/* Entries, then reverse maps, then tables; one gather, one flush at its end (R1, R2, R21). */
static void clear(struct doomed *doomed, bool locked_for_writing)
{
	MA_STATE(mas, &doomed->tree, 0, 0);
	struct vm_area_struct *first = mas_find(&mas, ULONG_MAX);
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, doomed->mm);
	unmap_vmas(&tlb, &mas, first, doomed->start, doomed->end, doomed->end, locked_for_writing);
	mas_set(&mas, first->vm_end);
	free_pgtables(&tlb, &mas, first, doomed->floor, doomed->ceiling, locked_for_writing);
	tlb_finish_mmu(&tlb);
}

static void bury(struct doomed *doomed)
{
	struct vm_area_struct *vma;

	while ((vma = vmsim_vma_first(&doomed->tree))) {
		vmsim_vma_tree_del(&doomed->tree, vma);
		vmsim_vma_free(vma);
	}
}

static int bad_range(const struct mm_struct *mm, unsigned long start, size_t len)
{
	return offset_in_page(start) || start > mm->task_size || len > mm->task_size - start ||
	       !PAGE_ALIGN(len);
}

/*
 * As do_vmi_munmap() (mm/vma.c, Linux 6.12). With @unlock, the work that needs no writer any more
 * is done under the lock downgraded: faults elsewhere go on meanwhile.
 */
int vmsim_do_munmap(struct mm_struct *mm, unsigned long start, size_t len, bool unlock)
{
	struct doomed doomed = { .mm = mm, .start = start };
	struct vm_area_struct *first;
	int err;

	mmap_assert_write_locked(mm);
	if (bad_range(mm, start, len))
		return -EINVAL;
	doomed.end = start + PAGE_ALIGN(len);
	first = find_vma_intersection(mm, start, doomed.end);
	if (!first) {
		if (unlock)
			mmap_write_unlock(mm);
		return 0;
	}
	err = isolate(mm, first, start, doomed.end);
	if (err)
		return err;
	detach(&doomed);
	WRITE_ONCE(mm->total_vm, mm->total_vm - doomed.pages);
	if (unlock)
		mmap_write_downgrade(mm);
	clear(&doomed, !unlock);
	bury(&doomed);
	if (unlock)
		mmap_read_unlock(mm);
	return 0;
}

/**
 * vmsim_munmap() - unmaps a range
 * @addr: start, page aligned
 * @length: size, rounded up to whole pages; parts may be unmapped already
 *
 * Source: do_vmi_munmap(), mm/vma.c, Linux 6.12.
 *
 * Return: 0; -EINVAL, -ENOMEM as munmap(2); -ESRCH: the caller is not attached, or has exited.
 */
VMSIM_API int vmsim_munmap(unsigned long addr, size_t length)
{
	struct task_struct *self = vmsim_self;
	int err = vmsim_syscall_enter("munmap", addr, length);

	if (err)
		return err;
	mmap_write_lock(self->mm);
	err = vmsim_do_munmap(self->mm, addr, length, true);
	if (err)
		mmap_write_unlock(self->mm);
	return (int)vmsim_syscall_leave("munmap", err);
}
