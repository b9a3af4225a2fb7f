// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <mm/internal.h>
#include <vmsim/process.h>

static bool room_for_heap(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	/* One page stays free between the heap and what follows. */
	return end <= mm->task_size - PAGE_SIZE &&
	       !find_vma_intersection(mm, start, end + PAGE_SIZE);
}

static int grow(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vma_merge_struct heap = {
		.mm = mm,
		.start = start,
		.end = end,
		.flags = mm->def_flags | VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE |
			 VM_MAYEXEC | VM_ACCOUNT,
		.pgoff = start >> PAGE_SHIFT,
	};

	if (mm->map_count > sysctl_max_map_count || !room_for_heap(mm, start, end))
		return -ENOMEM;
	if (!mlock_future_ok(mm, mm->def_flags, end - start))
		return -EAGAIN;
	return vmsim_mmap_region(&heap);
}

/* Context: mmap_lock held for writing; dropped on return. Source: mm/mmap.c, Linux 6.12. */
static long set_brk(struct mm_struct *mm, unsigned long brk)
{
	unsigned long before = mm->brk;
	unsigned long old = PAGE_ALIGN(before);
	unsigned long new = PAGE_ALIGN(brk);
	VMA_ITERATOR(vmi, mm, new);
	bool populate = false;
	int err = 0;

	if (brk < mm->start_brk || new < brk) {
		brk = before;
	} else if (new < old) {
		mm->brk = brk;
		if (!do_vmi_munmap(&vmi, mm, new, old - new, NULL, true))
			return (long)brk;
		mm->brk = brk = before;
	} else {
		if (new > old)
			err = grow(mm, old, new);
		if (err)
			brk = before;
		mm->brk = brk;
		populate = !err && mm->def_flags & VM_LOCKED;
	}
	mmap_write_unlock(mm);
	if (populate)
		mm_populate(old, new - old);
	return (long)brk;
}

/**
 * vmsim_brk() - moves the end of the heap
 * @addr: new end; one that is out of range (0, say) changes nothing
 *
 * Return: the end as it is now, as the system call does; -ESRCH: the caller is not attached, or
 * has exited.
 */
VMSIM_API long vmsim_brk(unsigned long addr)
{
	struct task_struct *self = vmsim_self;
	long result = vmsim_syscall_enter("brk", addr, 0);

	if (result)
		return result;
	mmap_write_lock(self->mm);
	result = set_brk(self->mm, addr);
	return vmsim_syscall_leave("brk", result);
}

/**
 * vmsim_brk_start() - says where the heap starts
 * @addr: start, as an exec or prctl(PR_SET_MM_START_BRK) would set it; the heap is empty then
 *
 * Return: 0; -EINVAL: no address of a program; -EBUSY: the heap is in use; -ESRCH.
 */
VMSIM_API int vmsim_brk_start(unsigned long addr)
{
	struct task_struct *self = vmsim_self;
	int err = vmsim_syscall_enter("brk-start", addr, 0);
	struct mm_struct *mm = self->mm;

	if (err)
		return err;
	mmap_write_lock(mm);
	if (addr < mmap_min_addr || addr >= mm->task_size)
		err = -EINVAL;
	else if (mm->brk != mm->start_brk)
		err = -EBUSY;
	else
		mm->start_brk = mm->brk = addr;
	mmap_write_unlock(mm);
	return (int)vmsim_syscall_leave("brk-start", err);
}
