// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"

/*
 * Pages of programs, held or only faulted in. Behaviour of mm/gup.c, Linux 6.12. Nobody is killed,
 * and faults keep the mmap_lock: VM_FAULT_RETRY comes only from those that must not wait.
 */

static int fault_error(vm_fault_t ret)
{
	if (ret & VM_FAULT_OOM)
		return -ENOMEM;
	if (ret & VM_FAULT_ERROR)
		return -EFAULT;
	return ret & VM_FAULT_RETRY ? -EBUSY : 0;
}

static unsigned int fault_flags(unsigned int flags, bool unshare)
{
	return (flags & FOLL_WRITE ? FAULT_FLAG_WRITE : 0) |
	       (flags & FOLL_REMOTE ? FAULT_FLAG_REMOTE : 0) |
	       (flags & FOLL_UNLOCKABLE ? FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE : 0) |
	       (flags & FOLL_NOWAIT ? FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT : 0) |
	       (flags & FOLL_TRIED ? FAULT_FLAG_TRIED : 0) |
	       (unshare ? FAULT_FLAG_UNSHARE : 0);
}

/**
 * faultin_page() - makes a page accessible for a caller of get_user_pages*()
 * @vma: mapping
 * @address: address in it
 * @flags: FOLL_*
 * @unshare: what is there must become exclusive; nobody is going to write
 * @locked: would tell that the lock was dropped: it is not
 *
 * FOLL_NOWAIT does not keep a file system from waiting before it lets a page be written to, as in
 * the kernel.
 *
 * Context: mmap_lock held; still held on return.
 * Return: 0: look again; -EFAULT; -ENOMEM; -EBUSY: with FOLL_NOWAIT, not without waiting.
 */
__vmsim_overridable int faultin_page(struct vm_area_struct *vma, unsigned long address,
				     unsigned int flags, bool unshare, int *locked)
{
	vm_fault_t ret;

	(void)locked;
	if (flags & FOLL_NOFAULT)
		return -EFAULT;
	VM_BUG_ON(unshare && flags & FOLL_WRITE);
	ret = handle_mm_fault(vma, address, fault_flags(flags, unshare), NULL);
	VM_BUG_ON(ret & VM_FAULT_COMPLETED || (ret & VM_FAULT_RETRY && !(flags & FOLL_NOWAIT)));
	return fault_error(ret);
}

/**
 * writable_file_mapping_allowed() - may pages of a file be held for writing?
 * @vma: mapping of the file
 * @gup_flags: FOLL_*
 *
 * Not for long where the file system must notice writes: it does not notice a device's (E35).
 */
__vmsim_overridable bool writable_file_mapping_allowed(struct vm_area_struct *vma,
						       unsigned long gup_flags)
{
	const unsigned long for_long = FOLL_PIN | FOLL_LONGTERM;

	return (gup_flags & for_long) != for_long || !vma_needs_dirty_tracking(vma);
}

/* Where the program itself may not write: only a copy of its own, which FOLL_FORCE makes. */
static bool write_allowed(struct vm_area_struct *vma, unsigned long gup_flags)
{
	if (!vma_is_anonymous(vma) && !writable_file_mapping_allowed(vma, gup_flags))
		return false;
	return vma->vm_flags & VM_WRITE ||
	       (gup_flags & FOLL_FORCE && is_cow_mapping(vma->vm_flags));
}

static bool read_allowed(const struct vm_area_struct *vma, unsigned long gup_flags)
{
	return vma->vm_flags & VM_READ || (gup_flags & FOLL_FORCE && vma->vm_flags & VM_MAYREAD);
}

/**
 * check_vma_flags() - may the pages of a mapping be had?
 * @vma: the mapping
 * @gup_flags: FOLL_*
 *
 * Return: 0; -EFAULT.
 */
__vmsim_overridable int check_vma_flags(struct vm_area_struct *vma, unsigned long gup_flags)
{
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		return -EFAULT;
	if (gup_flags & FOLL_ANON && !vma_is_anonymous(vma))
		return -EFAULT;
	if (gup_flags & FOLL_WRITE)
		return write_allowed(vma, gup_flags) ? 0 : -EFAULT;
	return read_allowed(vma, gup_flags) ? 0 : -EFAULT;
}

/* The mapping at @start; madvise() tells its errors in another way than everybody else. */
static struct vm_area_struct *find_allowed(struct mm_struct *mm, unsigned long start,
					   unsigned int gup_flags)
{
	bool populate = gup_flags & FOLL_MADV_POPULATE;
	struct vm_area_struct *vma = vma_lookup(mm, start);
	int err;

	if (!vma)
		return ERR_PTR(populate ? -ENOMEM : -EFAULT);
	err = check_vma_flags(vma, gup_flags);
	if (err)
		return ERR_PTR(populate ? -EINVAL : err);
	return vma;
}

/* The page at @start, faulted in if need be; NULL: there is one, but nothing that has a page. */
static struct page *one_page(struct vm_area_struct *vma, unsigned long start,
			     unsigned int gup_flags, bool wanted, int *locked)
{
	struct follow_page_context ctx = { 0 };

	for (;;) {
		struct page *page;
		int err;

		cond_resched();
		page = follow_page_mask(vma, start, gup_flags, &ctx);
		if (page && PTR_ERR(page) != -EMLINK) {
			bool no_page = PTR_ERR(page) == -EEXIST;

			return no_page && !wanted ? NULL : page;
		}
		err = faultin_page(vma, start, gup_flags, page != NULL, locked);
		if (err)
			return ERR_PTR(err);
	}
}

/**
 * __get_user_pages() - pages of a range, faulted in where they are not there
 * @mm: address space
 * @start: first address
 * @nr_pages: how many pages
 * @gup_flags: FOLL_*, the internal ones included
 * @pages: receives the pages; NULL: they are only faulted in
 * @locked: would tell that the lock was dropped: it is not
 *
 * Context: mmap_lock held; still held on return.
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many pages from @start on; the error, where there is not even the first; with
 * FOLL_NOWAIT maybe 0.
 */
__vmsim_overridable long __get_user_pages(struct mm_struct *mm, unsigned long start,
					  unsigned long nr_pages, unsigned int gup_flags,
					  struct page **pages, int *locked)
{
	struct vm_area_struct *vma = NULL;
	unsigned long done;

	VM_BUG_ON(!!pages != !!(gup_flags & (FOLL_GET | FOLL_PIN)));
	for (done = 0; done < nr_pages; done++, start += PAGE_SIZE) {
		struct page *page;

		if (!vma || start >= vma->vm_end)
			vma = find_allowed(mm, start, gup_flags);
		page = IS_ERR(vma) ? (void *)vma :
				     one_page(vma, start, gup_flags, pages, locked);
		if (PTR_ERR(page) == -EBUSY)
			return (long)done;
		if (IS_ERR(page))
			return done ? (long)done : PTR_ERR(page);
		if (pages)
			pages[done] = page;
	}
	return (long)done;
}

/**
 * __get_user_pages_locked() - __get_user_pages() with the lock taken if need be
 * @mm: address space
 * @start: first address
 * @nr_pages: how many pages
 * @pages: receives the pages, or NULL
 * @locked: *@locked: mmap_lock is held, and stays so; else it is taken for as long as this takes
 * @flags: FOLL_*
 *
 * Source: mm/gup.c, Linux 6.12.
 * Return: as __get_user_pages(); 0 for an empty range.
 */
__vmsim_overridable long __get_user_pages_locked(struct mm_struct *mm, unsigned long start,
						 unsigned long nr_pages, struct page **pages,
						 int *locked, unsigned int flags)
{
	bool take = !*locked;
	long done;

	if (!nr_pages)
		return 0;
	if (take) {
		mmap_read_lock(mm);
		*locked = 1;
	} else {
		mmap_assert_locked(mm);
	}
	if (flags & FOLL_PIN)
		mm_set_has_pinned_flag(&mm->flags);
	else if (pages)
		flags |= FOLL_GET;
	done = __get_user_pages(mm, start, nr_pages, flags, pages, locked);
	if (take) {
		mmap_read_unlock(mm);
		*locked = 0;
	}
	return done;
}
