// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/ksm.h>
#include <linux/mman.h>
#include <linux/syscalls.h>
#include <mm/internal.h>
#include <mm/vma.h>
#include <vmsim/process.h>

/* Mappings that grow, shrink and move. Behaviour of mm/mremap.c, Linux 6.12. */

/*
 * Nothing is left of the pages' old place but the mapping. If all of it is empty, it is as if it
 * had been mapped just now.
 */
static void leave_empty(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	vm_flags_clear(vma, VM_LOCKED_MASK);
	if (vma->vm_start != start || vma->vm_end != end)
		return;
	unlink_anon_vmas(vma);
	if (vma_is_anonymous(vma))
		vma->vm_pgoff = start >> PAGE_SHIFT;
}

/* Does the owner let the part [start, end) go alone? */
static int ask_may_split(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	int err = 0;

	if (!vma->vm_ops || !vma->vm_ops->may_split)
		return 0;
	if (vma->vm_start != start)
		err = vma->vm_ops->may_split(vma, start);
	if (!err && vma->vm_end != end)
		err = vma->vm_ops->may_split(vma, end);
	return err;
}

static void keep_account(struct mm_struct *mm, unsigned long addr, vm_flags_t account)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	if (vma)
		vm_flags_set(vma, account);
}

/*
 * Unmaps what was moved, or where it was to go; the memory that is promised for it is so only once.
 * What is left of the mapping on either side has its own promise, but where it could not be split.
 */
static void unmap_moved(struct vm_area_struct *vma, unsigned long addr, unsigned long len,
			vm_flags_t account, struct list_head *uf)
{
	unsigned long start = vma->vm_start, end = vma->vm_end;
	struct mm_struct *mm = vma->vm_mm;

	vm_flags_clear(vma, account);
	if (do_munmap(mm, addr, len, uf))
		return;
	if (start < addr)
		keep_account(mm, start, account);
	if (addr + len < end)
		keep_account(mm, addr + len, account);
}

/**
 * move_vma() - moves a part of a mapping
 * @vma: the mapping
 * @old_addr: start of the part
 * @old_len: its size; 0: what is mapped stays, and gets a second place
 * @new_len: size that it is to have
 * @new_addr: where it goes; nothing is mapped there
 * @locked: set where the pages are to be locked in memory (mlock(2)): what is new is faulted in
 * @flags: MREMAP_*
 * @uf, @uf_unmap: userfaultfd is not modelled
 *
 * Context: mmap_lock held for writing.
 * Source: mm/mremap.c, Linux 6.12.
 * Return: @new_addr; -ENOMEM, or what the owner says: everything is where it was.
 */
__vmsim_overridable unsigned long move_vma(struct vm_area_struct *vma, unsigned long old_addr,
					   unsigned long old_len, unsigned long new_len,
					   unsigned long new_addr, bool *locked,
					   unsigned long flags, struct vm_userfaultfd_ctx *uf,
					   struct list_head *uf_unmap)
{
	struct mm_struct *mm = vma->vm_mm;
	VMA_ITERATOR(vmi, vma->vm_mm, old_addr);
	struct vm_area_struct *new_vma;
	bool need_rmap_locks, stays = flags & MREMAP_DONTUNMAP;
	vm_flags_t account = stays ? 0 : vma->vm_flags & VM_ACCOUNT;
	unsigned long moved, vm_flags = vma->vm_flags;
	int err;

	(void)uf;
	/* What is left of the old mapping may be two. */
	if (mm->map_count >= sysctl_max_map_count - 3)
		return -ENOMEM;
	err = ask_may_split(vma, old_addr, old_addr + old_len);
	if (!err && stays && vma->vm_flags & VM_LOCKED)
		err = vmsim_vma_split_out(&vmi, vma, old_addr, old_addr + old_len);
	/* Pages of KSM are known by their addresses. The mapping stays one for KSM. */
	if (!err)
		err = ksm_madvise(vma, old_addr, old_addr + old_len, MADV_UNMERGEABLE, &vm_flags);
	if (err)
		return err;
	new_vma = copy_vma(&vma, new_addr, new_len, linear_page_index(vma, old_addr),
			   &need_rmap_locks, stays);
	if (!new_vma)
		return -ENOMEM;
	moved = move_page_tables(vma, old_addr, new_vma, new_addr, old_len, need_rmap_locks,
				 false);
	vm_stat_account(mm, vma->vm_flags, (long)(new_len >> PAGE_SHIFT));
	if (moved < old_len)
		err = -ENOMEM;
	else if (vma->vm_ops && vma->vm_ops->mremap)
		err = vma->vm_ops->mremap(new_vma);
	/* Twice now; what is unmapped below counts no more. */
	if (vma->vm_flags & VM_LOCKED && (err || !stays)) {
		mm->locked_vm += new_len >> PAGE_SHIFT;
		*locked = true;
	}
	if (err) {
		/* The tables for the way back are there. */
		move_page_tables(new_vma, new_addr, vma, old_addr, moved, true, false);
		unmap_moved(new_vma, new_addr, new_len, account, uf_unmap);
		return err;
	}
	if (stays)
		leave_empty(vma, old_addr, old_addr + old_len);
	else if (old_len)
		/* Without memory for a split the old mapping stays, empty. */
		unmap_moved(vma, old_addr, old_len, account, uf_unmap);
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
	if (cannot_grow)
		return -EFAULT;
	return mlock_future_ok(vma->vm_mm, vma->vm_flags, new_len - old_len) ? 0 : -EAGAIN;
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
		      unsigned long new_addr, unsigned long new_len, unsigned long flags,
		      bool *locked)
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
		err = do_munmap(mm, new_addr, new_len, NULL);
	if (!err && old_len > new_len) {
		err = do_munmap(mm, addr + new_len, old_len - new_len, NULL);
		old_len = new_len;
	}
	if (err)
		return err;
	vma = vma_to_resize(mm, addr, old_len, new_len, flags);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	to = get_unmapped_area(vma->vm_file, new_addr, new_len, linear_page_index(vma, addr),
			       fixed ? MAP_FIXED : 0);
	if (IS_ERR_VALUE(to))
		return (long)to;
	return (long)move_vma(vma, addr, old_len, new_len, to, locked, flags, NULL, NULL);
}

static bool vma_expandable(struct vm_area_struct *vma, unsigned long delta)
{
	unsigned long end = vma->vm_end + delta, start = vma->vm_start;

	return end > vma->vm_end && !find_vma_intersection(vma->vm_mm, vma->vm_end, end) &&
	       !IS_ERR_VALUE(get_unmapped_area(NULL, start, end - start, 0, MAP_FIXED));
}

static long grow(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
		 unsigned long new_len, unsigned long flags, bool *locked)
{
	struct vm_area_struct *vma = vma_to_resize(mm, addr, old_len, new_len, flags);
	unsigned long delta = new_len - old_len, to;
	VMA_ITERATOR(vmi, mm, addr);

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	if (old_len == vma->vm_end - addr && vma_expandable(vma, delta)) {
		vma = vma_merge_extend(&vmi, vma, delta);
		if (!vma)
			return -ENOMEM;
		vm_stat_account(mm, vma->vm_flags, (long)(delta >> PAGE_SHIFT));
		if (vma->vm_flags & VM_LOCKED) {
			mm->locked_vm += delta >> PAGE_SHIFT;
			*locked = true;
		}
		return (long)addr;
	}
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	to = get_unmapped_area(vma->vm_file, 0, new_len, linear_page_index(vma, addr), 0);
	if (IS_ERR_VALUE(to))
		return (long)to;
	return (long)move_vma(vma, addr, old_len, new_len, to, locked, flags, NULL, NULL);
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

/*
 * Context: mmap_lock held for writing. *@unlocked: it has been dropped. *@locked: what is new is to
 * be faulted in.
 */
static long mremap_locked(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
			  unsigned long new_len, unsigned long flags, unsigned long new_addr,
			  bool *unlocked, bool *locked)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	VMA_ITERATOR(vmi, mm, addr + new_len);
	int err;

	if (!vma)
		return -EFAULT;
	if (!can_modify_vma(vma))
		return -EPERM;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return mremap_to(mm, addr, old_len, new_addr, new_len, flags, locked);
	if (new_len > old_len)
		return grow(mm, addr, old_len, new_len, flags, locked);
	if (new_len == old_len)
		return (long)addr;
	err = do_vmi_munmap(&vmi, mm, addr + new_len, old_len - new_len, NULL, true);
	*unlocked = !err;
	return err ? err : (long)addr;
}

/**
 * sys_mremap() - changes the size or the place of a mapping, or of a part of it
 * @addr: start, page aligned
 * @old_len: size, rounded up to whole pages
 * @new_len: new size, rounded up to whole pages
 * @flags: MREMAP_*
 * @new_addr: where to, or a wish, or ignored
 *
 * Source: mm/mremap.c, Linux 6.12.
 * Return: the address; -EINVAL, -EFAULT, -ENOMEM, -EAGAIN, -EPERM as mremap(2).
 */
__vmsim_overridable long sys_mremap(unsigned long addr, unsigned long old_len,
				    unsigned long new_len, unsigned long flags,
				    unsigned long new_addr)
{
	bool unlocked = false, locked = false;
	long result;

	if (bad_arguments(addr, old_len, new_len, flags))
		return -EINVAL;
	old_len = PAGE_ALIGN(old_len);
	new_len = PAGE_ALIGN(new_len);
	mmap_write_lock(current->mm);
	result = mremap_locked(current->mm, addr, old_len, new_len, flags, new_addr, &unlocked,
			       &locked);
	if (!unlocked)
		mmap_write_unlock(current->mm);
	if (locked && !offset_in_page(result) && new_len > old_len)
		mm_populate(result + old_len, new_len - old_len);
	return result;
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
 * Return: the address; -EINVAL, -EFAULT, -ENOMEM, -EAGAIN, -EPERM as mremap(2); -ESRCH: the
 * caller is not attached, or has exited.
 */
VMSIM_API long vmsim_mremap(unsigned long addr, size_t old_len, size_t new_len, int flags,
			    unsigned long new_addr)
{
	long result = vmsim_syscall_enter("mremap", addr, old_len);

	if (result)
		return result;
	result = sys_mremap(addr, old_len, new_len, (unsigned int)flags, new_addr);
	return vmsim_syscall_leave("mremap", result);
}
