// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <mm/internal.h>
#include <linux/uaccess.h>

/*
 * Memory of programs is made accessible before somebody accesses it. Behaviour of mm/gup.c, Linux
 * 6.12; the mmap_lock is kept through faults, see gup.c.
 */

/**
 * faultin_page_range() - faults a range in, for madvise()
 * @mm: address space
 * @start: start, page aligned
 * @end: end, page aligned
 * @write: as writes would
 * @locked: as for __get_user_pages_locked()
 *
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many pages from @start on; -ENOMEM: not mapped, or no memory; -EINVAL: the program
 * may not access it so; -EFAULT: it would get a signal.
 */
__vmsim_overridable long faultin_page_range(struct mm_struct *mm, unsigned long start,
					    unsigned long end, bool write, int *locked)
{
	unsigned int flags = FOLL_TOUCH | FOLL_HWPOISON | FOLL_UNLOCKABLE | FOLL_MADV_POPULATE;

	return __get_user_pages_locked(mm, start, (end - start) >> PAGE_SHIFT, NULL, locked,
				       flags | (write ? FOLL_WRITE : 0));
}

/**
 * populate_vma_page_range() - faults a part of one mapping in
 * @vma: the mapping
 * @start: start, page aligned
 * @end: end, page aligned
 * @locked: 1, or NULL; would tell that the lock was dropped: it is not
 *
 * Where a write would copy, as if it were written; shared pages are not made dirty for nothing, and
 * what may not be read is faulted in nevertheless.
 *
 * Context: mmap_lock held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many pages from @start on; -EFAULT: inaccessible, or it would get a signal; -ENOMEM.
 */
__vmsim_overridable long populate_vma_page_range(struct vm_area_struct *vma, unsigned long start,
						 unsigned long end, int *locked)
{
	bool private_writable = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
	unsigned int flags = FOLL_TOUCH | (private_writable ? FOLL_WRITE : FOLL_FORCE);
	long pages = (long)((end - start) >> PAGE_SHIFT);
	int always = 1;

	VM_BUG_ON(!PAGE_ALIGNED(start) || !PAGE_ALIGNED(end));
	VM_BUG_ON_VMA(start < vma->vm_start || end > vma->vm_end, vma);
	mmap_assert_locked(vma->vm_mm);
	if (vma->vm_flags & VM_LOCKONFAULT)
		return pages;
	if (!vma_is_accessible(vma))
		return -EFAULT;
	return __get_user_pages(vma->vm_mm, start, (unsigned long)pages,
				flags | (locked ? FOLL_UNLOCKABLE : 0), NULL,
				locked ? locked : &always);
}

/* Faults [start, end) of @vma in, as far as it goes. */
static int populate_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	int locked = 1;

	while (start < end) {
		long pages = populate_vma_page_range(vma, start, end, &locked);

		if (pages < 0)
			return (int)pages;
		start += (unsigned long)pages << PAGE_SHIFT;
	}
	return 0;
}

/**
 * __mm_populate() - faults in what is mapped in a range of the caller's address space
 * @start: start, page aligned
 * @len: length, page aligned
 * @ignore_errors: what cannot be faulted in is passed over
 *
 * Context: mmap_lock not held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: 0, or the first error of populate_vma_page_range(). Holes are none.
 */
__vmsim_overridable int __mm_populate(unsigned long start, unsigned long len, int ignore_errors)
{
	struct mm_struct *mm = current->mm;
	unsigned long end = start + len;
	struct vm_area_struct *vma;
	int err = 0;

	mmap_read_lock(mm);
	while (!err && start < end && (vma = find_vma_intersection(mm, start, end))) {
		unsigned long to = min(end, vma->vm_end);

		if (!(vma->vm_flags & (VM_IO | VM_PFNMAP)))
			err = populate_vma(vma, max(start, vma->vm_start), to);
		if (ignore_errors)
			err = 0;
		start = to;
	}
	mmap_read_unlock(mm);
	return err;
}

/**
 * fixup_user_fault() - takes a fault for somebody who could not
 * @mm: address space
 * @address: where
 * @fault_flags: FAULT_FLAG_WRITE, or 0
 * @unlocked: would tell that the lock was dropped meanwhile: it is not; NULL: it must not be
 *
 * Context: mmap_lock held for reading.
 * Source: mm/gup.c, Linux 6.12.
 * Return: 0; -EFAULT: not mapped, or not with these rights, or it would get a signal; -ENOMEM.
 */
__vmsim_overridable int fixup_user_fault(struct mm_struct *mm, unsigned long address,
					 unsigned int fault_flags, bool *unlocked)
{
	vm_flags_t needed = fault_flags & FAULT_FLAG_WRITE ? VM_WRITE : VM_READ;
	struct vm_area_struct *vma = vma_lookup(mm, address);
	vm_fault_t ret;

	if (unlocked)
		fault_flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE;
	if (!vma || !(vma->vm_flags & needed))
		return -EFAULT;
	ret = handle_mm_fault(vma, address, fault_flags, NULL);
	VM_BUG_ON(ret & (VM_FAULT_COMPLETED | VM_FAULT_RETRY));
	return vm_fault_to_errno(ret, 0);
}

/* One byte of each page of the range; how many bytes of it were not reached. */
static size_t access_each_page(unsigned long start, size_t size, bool write)
{
	if (size && !access_ok(start, size))
		return size;
	for (unsigned long at = start; at < start + size; at = (at & PAGE_MASK) + PAGE_SIZE) {
		u64 value = 0;

		if (vmsim_uaccess(at, write, 1, &value))
			return size - (at - start);
	}
	return 0;
}

/**
 * fault_in_writeable() - makes a range writable, and writes to it
 * @uaddr: start; zeroes are written there and where later pages begin
 * @size: bytes
 *
 * Context: mmap_lock not held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many bytes at the end of the range are not writable.
 */
__vmsim_overridable size_t fault_in_writeable(char __user *uaddr, size_t size)
{
	return access_each_page((unsigned long)uaddr, size, true);
}

/**
 * fault_in_subpage_writeable() - fault_in_writeable() where parts of a page may be protected
 * @uaddr: start
 * @size: bytes
 *
 * Source: mm/gup.c, Linux 6.12.
 * Return: as fault_in_writeable().
 */
__vmsim_overridable size_t fault_in_subpage_writeable(char __user *uaddr, size_t size)
{
	size_t writable = size - fault_in_writeable(uaddr, size);

	return size - writable + probe_subpage_writeable(uaddr, writable);
}

/**
 * fault_in_safe_writeable() - makes a range writable, and writes nothing
 * @uaddr: start
 * @size: bytes
 *
 * Context: mmap_lock not held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: as fault_in_writeable().
 */
__vmsim_overridable size_t fault_in_safe_writeable(const char __user *uaddr, size_t size)
{
	unsigned long start = (unsigned long)uaddr, at = start;
	struct mm_struct *mm = current->mm;
	bool unlocked = false;

	mmap_read_lock(mm);
	while (at - start < size && !fixup_user_fault(mm, at, FAULT_FLAG_WRITE, &unlocked))
		at = (at & PAGE_MASK) + PAGE_SIZE;
	mmap_read_unlock(mm);
	return at - start < size ? size - (at - start) : 0;
}

/**
 * fault_in_readable() - makes a range readable, and reads it
 * @uaddr: start
 * @size: bytes
 *
 * Context: mmap_lock not held.
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many bytes at the end of the range are not readable.
 */
__vmsim_overridable size_t fault_in_readable(const char __user *uaddr, size_t size)
{
	return access_each_page((unsigned long)uaddr, size, false);
}
