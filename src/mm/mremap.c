// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <vmsim/process.h>
#include <sys/mman.h>

/* Mappings that grow, shrink and move. Behaviour of mm/mremap.c, Linux 6.12. */

static void total_vm_add(struct mm_struct *mm, unsigned long len)
{
	WRITE_ONCE(mm->total_vm, mm->total_vm + (len >> PAGE_SHIFT));
}

/*
 * Nothing is left of the pages' old place but the mapping. If all of it is empty, it is as if it
 * had been mapped just now.
 */
static void leave_empty(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (vma->vm_start != start || vma->vm_end != end)
		return;
	unlink_anon_vmas(vma);
	if (vma_is_anonymous(vma))
		vma->vm_pgoff = start >> PAGE_SHIFT;
}

/**
 * move_vma() - moves a part of a mapping
 * @vma: the mapping
 * @old_addr: start of the part
 * @old_len: its size; 0: what is mapped stays, and gets a second place
 * @new_len: size that it is to have
 * @new_addr: where it goes; nothing is mapped there
 * @flags: MREMAP_*
 *
 * What the kernel's function is told beside that, about mlock and userfaultfd, does not exist here.
 *
 * Context: mmap_lock held for writing.
 * Source: mm/mremap.c, Linux 6.12.
 * Return: @new_addr, or -ENOMEM: everything is where it was.
 */
__vmsim_overridable unsigned long move_vma(struct vm_area_struct *vma, unsigned long old_addr,
					   unsigned long old_len, unsigned long new_len,
					   unsigned long new_addr, unsigned long flags)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *new_vma;
	bool need_rmap_locks;
	unsigned long moved;

	/* What is left of the old mapping may be two. */
	if (mm->map_count >= sysctl_max_map_count - 3)
		return -ENOMEM;
	new_vma = copy_vma(&vma, new_addr, new_len, linear_page_index(vma, old_addr),
			   &need_rmap_locks, flags & MREMAP_DONTUNMAP);
	if (!new_vma)
		return -ENOMEM;
	moved = move_page_tables(vma, old_addr, new_vma, new_addr, old_len, need_rmap_locks,
				 false);
	total_vm_add(mm, new_len);
	if (moved < old_len) {
		/* The tables for the way back are there. */
		move_page_tables(new_vma, new_addr, vma, old_addr, moved, true, false);
		vmsim_do_munmap(mm, new_addr, new_len, false);
		return -ENOMEM;
	}
	if (flags & MREMAP_DONTUNMAP)
		leave_empty(vma, old_addr, old_addr + old_len);
	else if (old_len)
		/* Without memory for a split the old mapping stays, empty. */
		vmsim_do_munmap(mm, old_addr, old_len, false);
	return new_addr;
}

/* Why a mapping cannot have another size or place; 0: it can. */
static int why_not_resize(struct vm_area_struct *vma, unsigned long addr, unsigned long old_len,
			  unsigned long new_len, unsigned long flags)
{
	bool cannot_grow = vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP);
	bool shared = vma->vm_flags & (VM_SHARED | VM_MAYSHARE);
	pgoff_t pgoff = linear_page_index(vma, addr);

	/* A second place for private pages makes no sense. */
	if ((!old_len && !shared) || (cannot_grow && flags & MREMAP_DONTUNMAP))
		return -EINVAL;
	if (vma->vm_end - addr < old_len)
		return -EFAULT;
	if (old_len == new_len)
		return 0;
	if (pgoff + (new_len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	return cannot_grow ? -EFAULT : 0;
}

/* The mapping at @addr, or an ERR_PTR. */
static struct vm_area_struct *vma_to_resize(struct mm_struct *mm, unsigned long addr,
					    unsigned long old_len, unsigned long new_len,
					    unsigned long flags)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	int err = vma ? why_not_resize(vma, addr, old_len, new_len, flags) : -EFAULT;

	return err ? ERR_PTR(err) : vma;
}

static bool overlap(unsigned long a, unsigned long a_len, unsigned long b, unsigned long b_len)
{
	return a + a_len > b && b + b_len > a;
}

/* To a given place, or (MREMAP_DONTUNMAP alone) to one that is only a wish. */
static long mremap_to(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
		      unsigned long new_addr, unsigned long new_len, unsigned long flags)
{
	bool fixed = flags & MREMAP_FIXED;
	struct vm_area_struct *vma;
	unsigned long to;
	int err = 0;

	if (offset_in_page(new_addr) || new_len > mm->task_size ||
	    new_addr > mm->task_size - new_len || overlap(addr, old_len, new_addr, new_len))
		return -EINVAL;
	/* As move_vma(), but before anything is unmapped, which may make one more of each. */
	if (mm->map_count + 2 >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (fixed)
		err = vmsim_do_munmap(mm, new_addr, new_len, false);
	if (!err && old_len > new_len) {
		err = vmsim_do_munmap(mm, addr + new_len, old_len - new_len, false);
		old_len = new_len;
	}
	if (err)
		return err;
	vma = vma_to_resize(mm, addr, old_len, new_len, flags);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	to = vmsim_get_unmapped_area(mm, new_addr, new_len, fixed ? MAP_FIXED : 0);
	if (IS_ERR_VALUE(to))
		return (long)to;
	return (long)move_vma(vma, addr, old_len, new_len, to, flags);
}

static bool vma_expandable(struct vm_area_struct *vma, unsigned long delta)
{
	unsigned long end = vma->vm_end + delta, start = vma->vm_start;

	return end > vma->vm_end && !find_vma_intersection(vma->vm_mm, vma->vm_end, end) &&
	       !IS_ERR_VALUE(vmsim_get_unmapped_area(vma->vm_mm, start, end - start, MAP_FIXED));
}

static long grow(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
		 unsigned long new_len, unsigned long flags)
{
	struct vm_area_struct *vma = vma_to_resize(mm, addr, old_len, new_len, flags);
	unsigned long delta = new_len - old_len, to;

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	if (old_len == vma->vm_end - addr && vma_expandable(vma, delta)) {
		if (!vma_merge_extend(vma, delta))
			return -ENOMEM;
		total_vm_add(mm, delta);
		return (long)addr;
	}
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	to = vmsim_get_unmapped_area(mm, 0, new_len, 0);
	if (IS_ERR_VALUE(to))
		return (long)to;
	return (long)move_vma(vma, addr, old_len, new_len, to, flags);
}

static bool bad_arguments(unsigned long addr, unsigned long old_len, unsigned long new_len,
			  unsigned long flags)
{
	if (flags & ~(unsigned long)(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return true;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) && !(flags & MREMAP_MAYMOVE))
		return true;
	/* What is moved away from a mapping that stays keeps its size. */
	if (flags & MREMAP_DONTUNMAP && old_len != new_len)
		return true;
	return offset_in_page(addr) || !PAGE_ALIGN(new_len);
}

/* Context: mmap_lock held for writing; *@locked is cleared if it is dropped. */
static long mremap_locked(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
			  unsigned long new_len, unsigned long flags, unsigned long new_addr,
			  bool *locked)
{
	int err;

	if (!vma_lookup(mm, addr))
		return -EFAULT;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return mremap_to(mm, addr, old_len, new_addr, new_len, flags);
	if (new_len > old_len)
		return grow(mm, addr, old_len, new_len, flags);
	if (new_len == old_len)
		return (long)addr;
	err = vmsim_do_munmap(mm, addr + new_len, old_len - new_len, true);
	*locked = err;
	return err ? err : (long)addr;
}

/**
 * vmsim_mremap() - changes the size or the place of a mapping, or of a part of it
 * @addr: start, page aligned
 * @old_len: size, rounded up to whole pages; 0, for shared memory: a second place for it
 * @new_len: new size, rounded up to whole pages
 * @flags: MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP
 * @new_addr: where to, with MREMAP_FIXED; a wish, with MREMAP_DONTUNMAP alone; else ignored
 *
 * Source: mm/mremap.c, Linux 6.12.
 *
 * Return: the address; -EINVAL, -EFAULT, -ENOMEM, -EPERM as mremap(2); -ESRCH: the caller is not
 * attached, or has exited.
 */
VMSIM_API long vmsim_mremap(unsigned long addr, size_t old_len, size_t new_len, int flags,
			    unsigned long new_addr)
{
	struct task_struct *self = vmsim_self;
	long result = vmsim_syscall_enter("mremap", addr, old_len);
	bool locked = true;

	if (result)
		return result;
	if (bad_arguments(addr, old_len, new_len, (unsigned int)flags))
		return vmsim_syscall_leave("mremap", -EINVAL);
	mmap_write_lock(self->mm);
	result = mremap_locked(self->mm, addr, PAGE_ALIGN(old_len), PAGE_ALIGN(new_len),
			       (unsigned int)flags, new_addr, &locked);
	if (locked)
		mmap_write_unlock(self->mm);
	return vmsim_syscall_leave("mremap", result);
}
