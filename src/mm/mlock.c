// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/capability.h>
#include <linux/hugetlb.h>
#include <linux/mman.h>
#include <linux/pagewalk.h>
#include <linux/secretmem.h>
#include <linux/swap.h>
#include <linux/syscalls.h>
#include <mm/internal.h>
#include <mm/vma.h>
#include <vmsim/process.h>

/*
 * Memory that stays in memory: what mlock(2) and its like do to mappings. Behaviour of mm/mlock.c,
 * Linux 6.12. What becomes of the folios is in mlock_folio.c.
 */

/**
 * can_do_mlock() - may the caller lock memory at all?
 *
 * Source: mm/mlock.c, Linux 6.12; here and below.
 */
__vmsim_overridable bool can_do_mlock(void)
{
	return rlimit(RLIMIT_MEMLOCK) || capable(CAP_IPC_LOCK);
}

static void mlock_or_munlock(struct folio *folio, const struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_LOCKED)
		mlock_folio(folio);
	else
		munlock_folio(folio);
}

/* Entries from @pte on that are of the same folio. */
static unsigned int entries_of(struct folio *folio, pte_t *pte, unsigned long addr,
			       unsigned long end)
{
	if (!folio_test_large(folio))
		return 1;
	return (unsigned int)folio_pte_batch(folio, addr, pte, ptep_get(pte),
					     (int)((end - addr) >> PAGE_SHIFT),
					     FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY, NULL, NULL,
					     NULL);
}

/*
 * A large folio is locked if all of it is mapped here. It may have been, and the mapping may have
 * been split since: so it is unlocked whatever there is of it.
 */
static bool counts(struct folio *folio, struct vm_area_struct *vma, unsigned long start,
		   unsigned long end, unsigned int entries)
{
	if (!(vma->vm_flags & VM_LOCKED) || !folio_test_large(folio))
		return true;
	return folio_within_range(folio, vma, start, end) &&
	       entries == (unsigned int)folio_nr_pages(folio);
}

static bool is_huge(pmd_t *pmd, struct vm_area_struct *vma)
{
	spinlock_t *ptl = pmd_trans_huge_lock(pmd, vma);

	if (!ptl)
		return false;
	if (pmd_present(*pmd) && !is_huge_zero_pmd(*pmd))
		mlock_or_munlock(pmd_folio(*pmd), vma);
	spin_unlock(ptl);
	return true;
}

/**
 * mlock_pte_range() - tells the folios of one PTE table that their mapping is locked, or no more
 * @pmd: entry that the table hangs from
 * @addr: first address
 * @end: end of the range, at most the end of the table
 * @walk: the walk, at the mapping
 *
 * Return: 0.
 */
__vmsim_overridable int mlock_pte_range(pmd_t *pmd, unsigned long addr, unsigned long end,
					struct mm_walk *walk)
{
	struct vm_area_struct *vma = walk->vma;
	unsigned long start = addr;
	pte_t *table, *pte;
	spinlock_t *ptl;

	if (is_huge(pmd, vma)) {
		cond_resched();
		return 0;
	}
	table = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!table) {
		walk->action = ACTION_AGAIN;
		return 0;
	}
	for (pte = table; addr != end; pte++, addr += PAGE_SIZE) {
		pte_t entry = ptep_get(pte);
		struct folio *folio = pte_present(entry) ? vm_normal_folio(vma, addr, entry) : NULL;
		unsigned int entries;

		if (!folio || folio_is_zone_device(folio))
			continue;
		entries = entries_of(folio, pte, addr, end);
		if (counts(folio, vma, start, end, entries))
			mlock_or_munlock(folio, vma);
		pte += entries - 1;
		addr += (entries - 1) * PAGE_SIZE;
	}
	pte_unmap_unlock(table, ptl);
	cond_resched();
	return 0;
}

/**
 * mlock_vma_pages_range() - a mapping becomes locked, or unlocked, with what is mapped already
 * @vma: the mapping
 * @start: where it starts
 * @end: where it ends
 * @newflags: its new flags
 *
 * Others who find one of its pages in the reverse map meanwhile would count it for a second time:
 * until all are counted, the mapping is one that cannot be locked (VM_IO).
 *
 * Context: mmap_lock held for writing.
 */
__vmsim_overridable void mlock_vma_pages_range(struct vm_area_struct *vma, unsigned long start,
					       unsigned long end, vm_flags_t newflags)
{
	static const struct mm_walk_ops ops = {
		.pmd_entry = mlock_pte_range,
		.walk_lock = PGWALK_WRLOCK_VERIFY,
	};
	vm_flags_t meanwhile = newflags & VM_LOCKED ? newflags | VM_IO : newflags;

	vma_start_write(vma);
	vm_flags_reset_once(vma, meanwhile);
	lru_add_drain();
	walk_page_range(vma->vm_mm, start, end, &ops, NULL);
	lru_add_drain();
	if (meanwhile & VM_IO)
		vm_flags_reset_once(vma, newflags & ~(vm_flags_t)VM_IO);
}

/* How many locked pages more there are when @pages have other flags. */
static long locked_more(vm_flags_t oldflags, vm_flags_t newflags, long pages)
{
	if (!(newflags & VM_LOCKED))
		return -pages;
	return oldflags & VM_LOCKED ? 0 : pages;
}

/**
 * mlock_fixup() - locks, or unlocks, a part of a mapping
 * @vmi: walk; stands at the mapping that has the part afterwards
 * @vma: the mapping
 * @prev: the one before it, or @vma where the part begins inside; receives the one that has it
 * @start: start of the part
 * @end: its end
 * @newflags: the flags that it is to have
 *
 * What cannot be locked stays as it is, and is no error.
 *
 * Context: mmap_lock held for writing.
 * Return: 0; -ENOMEM.
 */
__vmsim_overridable int mlock_fixup(struct vma_iterator *vmi, struct vm_area_struct *vma,
				    struct vm_area_struct **prev, unsigned long start,
				    unsigned long end, vm_flags_t newflags)
{
	vm_flags_t oldflags = vma->vm_flags;
	int err = 0;

	if (newflags == oldflags || vma_is_secretmem(vma) || !vma_supports_mlock(vma))
		goto out;
	vma = vma_modify_flags(vmi, *prev, vma, start, end, newflags);
	if (IS_ERR(vma)) {
		err = (int)PTR_ERR(vma);
		goto out;
	}
	vma->vm_mm->locked_vm += (unsigned long)locked_more(oldflags, newflags,
							    (long)((end - start) >> PAGE_SHIFT));
	vma_start_write(vma);
	/* Pages that are counted are not counted again. */
	if (!(newflags & oldflags & VM_LOCKED))
		mlock_vma_pages_range(vma, start, end, newflags);
	else
		vm_flags_reset(vma, newflags);
out:
	*prev = vma;
	return err;
}

/* To @end, or to the first hole. @flags: of VM_LOCKED_MASK; none: the memory is unlocked. */
static int lock_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		      vm_flags_t flags)
{
	VMA_ITERATOR(vmi, mm, start);
	struct vm_area_struct *vma = vma_iter_load(&vmi), *prev;
	unsigned long at;

	if (!vma)
		return -ENOMEM;
	prev = vma_prev(&vmi);
	if (vma->vm_start < start)
		prev = vma;
	at = vma->vm_start;
	for_each_vma_range(vmi, vma, end) {
		int err;

		if (vma->vm_start != at)
			return -ENOMEM;
		err = mlock_fixup(&vmi, vma, &prev, start, min(vma->vm_end, end),
				  (vma->vm_flags & ~(vm_flags_t)VM_LOCKED_MASK) | flags);
		if (err)
			return err;
		start = at = vma_iter_end(&vmi);
	}
	return at < end ? -ENOMEM : 0;
}

static int apply_to_range(struct mm_struct *mm, unsigned long start, size_t len, vm_flags_t flags)
{
	if (start + len < start)
		return -EINVAL;
	return len ? lock_range(mm, start, start + len, flags) : 0;
}

/* Pages of a range that are locked already, populated or not. */
static unsigned long locked_pages(struct mm_struct *mm, unsigned long start, size_t len)
{
	unsigned long end = len > ULONG_MAX - start ? ULONG_MAX : start + len, pages = 0;
	VMA_ITERATOR(vmi, mm, start);
	struct vm_area_struct *vma;

	for_each_vma_range(vmi, vma, end)
		if (vma->vm_flags & VM_LOCKED)
			pages += (min(vma->vm_end, end) - max(vma->vm_start, start)) >> PAGE_SHIFT;
	return pages;
}

/* Pages that are locked already do not count twice. */
static bool is_within_limit(struct mm_struct *mm, unsigned long start, size_t len)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long pages = (len >> PAGE_SHIFT) + mm->locked_vm;

	if (pages <= limit || capable(CAP_IPC_LOCK))
		return true;
	return pages - locked_pages(mm, start, len) <= limit;
}

/* What cannot be faulted in, the caller must not hear of as its own bad address. */
static int error_of_populate(int err)
{
	if (err == -EFAULT)
		return -ENOMEM;
	return err == -ENOMEM ? -EAGAIN : err;
}

static int do_mlock(unsigned long start, size_t len, vm_flags_t flags)
{
	struct mm_struct *mm = current->mm;
	int err = -ENOMEM;

	if (!can_do_mlock())
		return -EPERM;
	len = PAGE_ALIGN(len + offset_in_page(start));
	start &= PAGE_MASK;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	if (is_within_limit(mm, start, len))
		err = apply_to_range(mm, start, len, flags);
	mmap_write_unlock(mm);
	return err ? err : error_of_populate(__mm_populate(start, len, 0));
}

/**
 * sys_mlock() - keeps what is mapped in a range in memory, from now on
 * @start: start; rounded down
 * @len: size; the end is rounded up
 *
 * What comes before a hole is locked even though the call fails; and all of it, where it cannot be
 * faulted in.
 *
 * Return: 0; -EPERM, -ENOMEM, -EAGAIN, -EINVAL as mlock(2).
 */
__vmsim_overridable long sys_mlock(unsigned long start, size_t len)
{
	return do_mlock(start, len, VM_LOCKED);
}

/**
 * sys_mlock2() - sys_mlock() in one of two ways
 * @start: start; rounded down
 * @len: size; the end is rounded up
 * @flags: MLOCK_ONFAULT: what is not in memory yet, is locked when it comes; or 0
 *
 * Return: as sys_mlock().
 */
__vmsim_overridable long sys_mlock2(unsigned long start, size_t len, int flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(start, len, VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
}

/**
 * sys_munlock() - ends sys_mlock() for a range, however often it was locked
 * @start: start; rounded down
 * @len: size; the end is rounded up
 *
 * Return: 0; -ENOMEM, -EINVAL as munlock(2).
 */
__vmsim_overridable long sys_munlock(unsigned long start, size_t len)
{
	struct mm_struct *mm = current->mm;
	int err;

	len = PAGE_ALIGN(len + offset_in_page(start));
	start &= PAGE_MASK;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = apply_to_range(mm, start, len, 0);
	mmap_write_unlock(mm);
	return err;
}

/* Mappings that it cannot be done for are passed over. */
static void lock_all(struct mm_struct *mm, vm_flags_t flags)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma, *prev = NULL;

	for_each_vma(vmi, vma) {
		if (mlock_fixup(&vmi, vma, &prev, vma->vm_start, vma->vm_end,
				(vma->vm_flags & ~(vm_flags_t)VM_LOCKED_MASK) | flags))
			prev = vma;
		cond_resched();
	}
}

/* What there is, and what there will be. @flags: MCL_*; none: everything is unlocked. */
static void apply_to_all(struct mm_struct *mm, int flags)
{
	vm_flags_t wanted = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);

	mm->def_flags &= ~(unsigned long)VM_LOCKED_MASK;
	if (flags & MCL_FUTURE)
		mm->def_flags |= wanted;
	if (flags & MCL_CURRENT)
		lock_all(mm, wanted);
	else if (!(flags & MCL_FUTURE))
		lock_all(mm, 0);
}

static bool bad_flags(int flags)
{
	return !flags || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT;
}

/**
 * sys_mlockall() - keeps all memory of the caller in memory
 * @flags: MCL_CURRENT: what is mapped; MCL_FUTURE: what will be; MCL_ONFAULT: as MLOCK_ONFAULT
 *
 * A call without MCL_FUTURE ends what an earlier one has said of the future.
 *
 * Return: 0; -EINVAL, -EPERM, -ENOMEM as mlockall(2). What cannot be faulted in is no error.
 */
__vmsim_overridable long sys_mlockall(int flags)
{
	struct mm_struct *mm = current->mm;
	int err = 0;

	if (bad_flags(flags))
		return -EINVAL;
	if (!can_do_mlock())
		return -EPERM;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	if (flags & MCL_CURRENT && mm->total_vm > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT &&
	    !capable(CAP_IPC_LOCK))
		err = -ENOMEM;
	else
		apply_to_all(mm, flags);
	mmap_write_unlock(mm);
	if (!err && flags & MCL_CURRENT)
		mm_populate(0, TASK_SIZE);
	return err;
}

/**
 * sys_munlockall() - ends sys_mlockall() and sys_mlock()
 *
 * Return: 0.
 */
__vmsim_overridable long sys_munlockall(void)
{
	struct mm_struct *mm = current->mm;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	apply_to_all(mm, 0);
	mmap_write_unlock(mm);
	return 0;
}

/**
 * vmsim_mlock() - keeps what is mapped in a range in memory
 * @addr: start; rounded down
 * @length: size; the end is rounded up
 *
 * What is not in memory yet is faulted in. What comes before a hole is locked even though the call
 * fails, as in a kernel.
 *
 * Source: mm/mlock.c, Linux 6.12; here and below.
 *
 * Return: 0; -ENOMEM: not mapped, not accessible, or more than the limit (vmsim_setrlimit());
 * -EAGAIN: no memory; -EPERM: the caller may lock none; -EINVAL: the range ends before it begins;
 * -ESRCH: the caller is not attached, or has exited.
 */
VMSIM_API int vmsim_mlock(unsigned long addr, size_t length)
{
	int err = vmsim_syscall_enter("mlock", addr, length);

	if (err)
		return err;
	return (int)vmsim_syscall_leave("mlock", sys_mlock(addr, length));
}

/**
 * vmsim_mlock2() - the same, or what is not in memory yet when it comes there
 * @addr: start; rounded down
 * @length: size; the end is rounded up
 * @flags: MLOCK_ONFAULT, or 0
 *
 * Return: as vmsim_mlock(); -EINVAL: other flags.
 */
VMSIM_API int vmsim_mlock2(unsigned long addr, size_t length, int flags)
{
	int err = vmsim_syscall_enter("mlock2", addr, length);

	if (err)
		return err;
	return (int)vmsim_syscall_leave("mlock2", sys_mlock2(addr, length, flags));
}

/**
 * vmsim_munlock() - what is mapped in a range may leave memory again
 * @addr: start; rounded down
 * @length: size; the end is rounded up
 *
 * Return: 0; -ENOMEM: not mapped, from some address on; -EINVAL; -ESRCH.
 */
VMSIM_API int vmsim_munlock(unsigned long addr, size_t length)
{
	int err = vmsim_syscall_enter("munlock", addr, length);

	if (err)
		return err;
	return (int)vmsim_syscall_leave("munlock", sys_munlock(addr, length));
}

/**
 * vmsim_mlockall() - keeps all memory of the program in memory
 * @flags: MCL_CURRENT, MCL_FUTURE or both, and MCL_ONFAULT
 *
 * Return: 0; -EINVAL: other flags; -EPERM, -ENOMEM: as vmsim_mlock(); -ESRCH.
 */
VMSIM_API int vmsim_mlockall(int flags)
{
	int err = vmsim_syscall_enter("mlockall", (unsigned long)flags, 0);

	if (err)
		return err;
	return (int)vmsim_syscall_leave("mlockall", sys_mlockall(flags));
}

/**
 * vmsim_munlockall() - all memory of the program may leave memory again, and so may what comes
 *
 * Return: 0; -ESRCH.
 */
VMSIM_API int vmsim_munlockall(void)
{
	int err = vmsim_syscall_enter("munlockall", 0, 0);

	if (err)
		return err;
	return (int)vmsim_syscall_leave("munlockall", sys_munlockall());
}
