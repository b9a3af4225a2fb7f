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
	unsigned long pages, locked;
};

/* Splits at both borders. All that can fail happens here, before anything is taken out. */
static int isolate(struct vma_iterator *vmi, struct mm_struct *mm, struct vm_area_struct *first,
		   unsigned long start, unsigned long end)
{
	struct vm_area_struct *last;
	int err = 0;

	if (start > first->vm_start) {
		/* A hole makes two mappings of one. */
		if (end < first->vm_end && mm->map_count >= sysctl_max_map_count)
			return -ENOMEM;
		err = vmsim_vma_split(vmi, first, start, true);
	}
	if (err)
		return err;
	last = find_vma_intersection(mm, end - 1, end);
	if (!last || last->vm_end == end)
		return 0;
	return vmsim_vma_split(vmi, last, end, false);
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
		if (vma->vm_flags & VM_LOCKED)
			doomed->locked += vma_pages(vma);
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
		vmsim_vma_bury(vma);
	}
}

static int bad_range(const struct mm_struct *mm, unsigned long start, size_t len)
{
	return offset_in_page(start) || start > mm->task_size || len > mm->task_size - start ||
	       !PAGE_ALIGN(len);
}

/*
 * Takes all mappings out of a range. With @downgrade, what needs no writer any more is done under
 * the lock downgraded: faults elsewhere go on meanwhile. 1: it has been; 0; -errno: nothing is
 * unmapped.
 */
int vmsim_unmap(struct vma_iterator *vmi, struct mm_struct *mm, unsigned long start, size_t len,
		bool downgrade)
{
	struct doomed doomed = { .mm = mm, .start = start };
	struct vm_area_struct *first;
	int err;

	mmap_assert_write_locked(mm);
	if (bad_range(mm, start, len))
		return -EINVAL;
	doomed.end = start + PAGE_ALIGN(len);
	first = find_vma_intersection(mm, start, doomed.end);
	if (!first)
		return 0;
	err = isolate(vmi, mm, first, start, doomed.end);
	if (err)
		return err;
	detach(&doomed);
	vmsim_stand_at(&vmi->mas, start, doomed.end - 1);
	vm_stat_account(mm, 0, -(long)doomed.pages);
	mm->locked_vm -= doomed.locked;
	if (downgrade)
		mmap_write_downgrade(mm);
	clear(&doomed, !downgrade);
	bury(&doomed);
	return downgrade;
}

/**
 * do_vmi_munmap() - takes all mappings out of a range
 * @vmi: walk, at @start; stands at the hole afterwards
 * @mm: address space
 * @start: start, page aligned
 * @len: size, rounded up to whole pages
 * @uf: whom to tell; userfaultfd is not modelled
 * @unlock: the work that needs no writer any more is done under the lock downgraded, and a success
 *	    returns with the lock dropped
 *
 * Context: mmap_lock held for writing.
 * Source: mm/vma.c, Linux 6.12.
 * Return: 0; -EINVAL, -ENOMEM: nothing is unmapped, and the lock is held.
 */
__vmsim_overridable int do_vmi_munmap(struct vma_iterator *vmi, struct mm_struct *mm,
				      unsigned long start, size_t len, struct list_head *uf,
				      bool unlock)
{
	int done = vmsim_unmap(vmi, mm, start, len, unlock);

	(void)uf;
	if (done < 0)
		return done;
	if (done)
		mmap_read_unlock(mm);
	else if (unlock)
		mmap_write_unlock(mm);
	return 0;
}

/**
 * do_munmap() - takes all mappings out of a range
 * @mm: address space
 * @start: start, page aligned
 * @len: size, rounded up to whole pages
 * @uf: as for do_vmi_munmap()
 *
 * Context: mmap_lock held for writing, on return too.
 * Source: mm/mmap.c, Linux 6.12.
 * Return: as do_vmi_munmap().
 */
__vmsim_overridable int do_munmap(struct mm_struct *mm, unsigned long start, size_t len,
				  struct list_head *uf)
{
	VMA_ITERATOR(vmi, mm, start);

	return do_vmi_munmap(&vmi, mm, start, len, uf, false);
}

static int unmap_and_unlock(struct mm_struct *mm, unsigned long addr, size_t length)
{
	VMA_ITERATOR(vmi, mm, addr);
	int err;

	mmap_write_lock(mm);
	err = do_vmi_munmap(&vmi, mm, addr, length, NULL, true);
	if (err)
		mmap_write_unlock(mm);
	return err;
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
	err = unmap_and_unlock(self->mm, addr, length);
	return (int)vmsim_syscall_leave("munmap", err);
}
