// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "folio/folio.h"
#include <linux/capability.h>
#include <mm/internal.h>
#include <vmsim/process.h>
#include <sys/mman.h>

/* Flags whose meaning nobody models. Others are ignored, as a kernel ignores them. */
static const struct {
	int flag;
	const char *name;
} not_modelled[] = {
	{ MAP_GROWSDOWN, "MAP_GROWSDOWN" },
	{ MAP_HUGETLB, "MAP_HUGETLB" },
	{ MAP_SYNC, "MAP_SYNC" },
	{ MAP_32BIT, "MAP_32BIT" },
};

static int check_flags(int flags)
{
	int type = flags & MAP_TYPE;

	if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(not_modelled); i++)
		if (flags & not_modelled[i].flag)
			return vmsim_not_modelled("mmap", not_modelled[i].name);
	return 0;
}

static vm_flags_t flags_of(const struct mm_struct *mm, int prot, int flags)
{
	vm_flags_t vm_flags = mm->def_flags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;

	/* The protection bits of the system call are those of vm_flags. */
	BUILD_BUG_ON(PROT_READ != VM_READ || PROT_WRITE != VM_WRITE || PROT_EXEC != VM_EXEC);
	vm_flags |= prot & VM_ACCESS_FLAGS;
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		vm_flags |= VM_SHARED | VM_MAYSHARE;
	if (flags & MAP_NORESERVE)
		vm_flags |= VM_NORESERVE;
	if (flags & MAP_LOCKED)
		vm_flags |= VM_LOCKED;
	/* Private pages that may be written are promised now. */
	if ((vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE)
		vm_flags |= VM_ACCOUNT;
	return vm_flags;
}

/**
 * mlock_future_ok() - may so much more be locked in memory?
 * @mm: address space
 * @flags: of the mapping that grows
 * @bytes: by how much
 *
 * RLIMIT_MEMLOCK binds nobody who has CAP_IPC_LOCK.
 *
 * Context: mmap_lock held for writing.
 * Source: mm/mmap.c, Linux 6.12.
 */
__vmsim_overridable bool mlock_future_ok(struct mm_struct *mm, unsigned long flags,
					 unsigned long bytes)
{
	if (!(flags & VM_LOCKED) || capable(CAP_IPC_LOCK))
		return true;
	return mm->locked_vm + (bytes >> PAGE_SHIFT) <= rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

static int new_vma(const struct vma_merge_struct *vmg)
{
	struct vm_area_struct *vma = vm_area_alloc(vmg->mm);

	if (!vma)
		return -ENOMEM;
	vma->vm_start = vmg->start;
	vma->vm_end = vmg->end;
	vma->vm_pgoff = vmg->pgoff;
	vma->vm_flags = vmg->flags | VM_SOFTDIRTY;
	if (vmg->file) {
		atomic_long_inc(&vmg->file->f_count);
		vma->vm_file = vmg->file;
		vma->vm_ops = vmsim_file_vm_ops(vmg->file);
	}
	vma_set_page_prot(vma);
	vmsim_vma_insert(vmg->mm, vma);
	vmsim_vma_link_file(vma, NULL);
	return 0;
}

/* The part that is new counts as written, and so does the rest with it. */
static void set_soft_dirty(struct vm_area_struct *vma)
{
	if (!vma_soft_dirty_enabled(vma))
		return;
	vm_flags_set(vma, VM_SOFTDIRTY);
	vma_set_page_prot(vma);
}

static void count_mapped(const struct vma_merge_struct *vmg, unsigned long pages)
{
	vm_stat_account(vmg->mm, vmg->flags, (long)pages);
	if (vmg->flags & VM_LOCKED)
		vmg->mm->locked_vm += pages;
}

/* As mmap_region() (mm/mmap.c, Linux 6.12). */
int vmsim_mmap_region(struct vma_merge_struct *vmg)
{
	size_t len = vmg->end - vmg->start;
	int err;

	err = do_munmap(vmg->mm, vmg->start, len, NULL);
	if (err)
		return err;
	vmg->next = find_vma_prev(vmg->mm, vmg->start, &vmg->prev);
	/* Without memory for merging, the new mapping just stays alone. */
	if (!vma_merge_new_range(vmg))
		err = new_vma(vmg);
	else
		set_soft_dirty(vmg->vma);
	if (!err)
		count_mapped(vmg, len >> PAGE_SHIFT);
	return err;
}

/* The error of who may not lock so much; 0. */
static int check_limits(struct mm_struct *mm, vm_flags_t vm_flags, size_t len, int flags)
{
	if (flags & MAP_LOCKED && !can_do_mlock())
		return -EPERM;
	return mlock_future_ok(mm, vm_flags, len) ? 0 : -EAGAIN;
}

/*
 * *@populate: it is to be faulted in.
 *
 * Context: mmap_lock held for writing. As do_mmap() (mm/mmap.c, Linux 6.12).
 */
static long map_locked(struct mm_struct *mm, unsigned long addr, size_t len, int prot, int flags,
		       struct file *file, pgoff_t pgoff, bool *populate)
{
	struct vma_merge_struct vmg = { .mm = mm, .file = file };
	int err;

	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	addr = get_unmapped_area(file, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return (long)addr;
	if (flags & MAP_FIXED_NOREPLACE && find_vma_intersection(mm, addr, addr + len))
		return -EEXIST;
	vmg.start = addr;
	vmg.end = addr + len;
	vmg.flags = flags_of(mm, prot, flags);
	/* Anonymous pages are numbered by their address. */
	vmg.pgoff = file ? pgoff : addr >> PAGE_SHIFT;
	err = check_limits(mm, vmg.flags, len, flags);
	if (err)
		return err;
	*populate = vmg.flags & VM_LOCKED ||
		    (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	err = vmsim_mmap_region(&vmg);
	return err ? err : (long)addr;
}

static long do_mmap(struct mm_struct *mm, unsigned long addr, size_t length, int prot, int flags,
		    struct file *file, uint64_t offset)
{
	unsigned long len = PAGE_ALIGN(length);
	pgoff_t pgoff = offset >> PAGE_SHIFT;
	long result = check_flags(flags);
	bool populate = false;

	if (result)
		return result;
	if (!length)
		return -EINVAL;
	if (!len)
		return -ENOMEM;
	if (pgoff + (len >> PAGE_SHIFT) < pgoff ||
	    offset + len < offset)
		return -EOVERFLOW;
	if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && addr) {
		addr &= PAGE_MASK;
		if (addr && addr < mmap_min_addr)
			addr = mmap_min_addr;
	}
	mmap_write_lock(mm);
	result = map_locked(mm, addr, len, prot, flags, file, pgoff, &populate);
	mmap_write_unlock(mm);
	if (populate && !IS_ERR_VALUE(result))
		mm_populate((unsigned long)result, len);
	return result;
}

/* Shared anonymous memory is a file that nobody else knows, as in a kernel (shmem_zero_setup()). */
static long mmap_shared_anon(struct mm_struct *mm, unsigned long addr, size_t length, int prot,
			     int flags)
{
	struct file *file;
	long result;

	if (!length)
		return -EINVAL;
	file = vmsim_file_new_shmem(vmsim_this_machine(), PAGE_ALIGN(length));
	if (!file)
		return -ENOMEM;
	result = do_mmap(mm, addr, length, prot, flags, file, 0);
	vmsim_file_put(file);
	return result;
}

/**
 * vmsim_mmap() - maps memory
 * @addr: where; a wish, unless @flags says MAP_FIXED or MAP_FIXED_NOREPLACE
 * @length: how much, rounded up to whole pages
 * @prot: PROT_* of <sys/mman.h>
 * @flags: MAP_PRIVATE or MAP_SHARED, and MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_LOCKED,
 *	MAP_POPULATE
 * @file: file to map, ignored for anonymous memory
 * @offset: offset in the file, a multiple of the page size
 *
 * Source: do_mmap(), mm/mmap.c, Linux 6.12.
 *
 * Return: the address; -EINVAL, -ENOMEM, -EEXIST, -EPERM, -EAGAIN, -EOVERFLOW as mmap(2); -EBADF:
 * no such file; -EOPNOTSUPP: not modelled; -ESRCH: the caller is not attached, or has exited.
 */
VMSIM_API long vmsim_mmap(unsigned long addr, size_t length, int prot, int flags, int file,
			  uint64_t offset)
{
	struct task_struct *self = vmsim_self;
	struct file *f = NULL;
	long result = vmsim_syscall_enter("mmap", addr, length);

	if (result)
		return result;
	if (offset & ~PAGE_MASK) {
		result = -EINVAL;
	} else if (!(flags & MAP_ANONYMOUS)) {
		f = vmsim_file_get(self->machine, file);
		result = f ? do_mmap(self->mm, addr, length, prot, flags, f, offset) : -EBADF;
		if (f)
			vmsim_file_put(f);
	} else if ((flags & MAP_TYPE) == MAP_PRIVATE) {
		result = do_mmap(self->mm, addr, length, prot, flags, NULL, 0);
	} else {
		result = mmap_shared_anon(self->mm, addr, length, prot, flags);
	}
	return vmsim_syscall_leave("mmap", result);
}
