// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"

/**
 * vm_get_page_prot() - entry bits that a mapping's rights stand for
 * @vm_flags: VM_READ, VM_WRITE, VM_EXEC, VM_SHARED; others do not count
 *
 * A private mapping is never writable from the start: its first write must fault (x86 has no
 * entries that are writable but not readable).
 *
 * Source: arch/x86/mm/pgprot.c, Linux 6.12.
 */
__vmsim_overridable pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	bool exec = vm_flags & VM_EXEC;

	if (!(vm_flags & VM_ACCESS_FLAGS))
		return PAGE_NONE;
	if ((vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE))
		return exec ? PAGE_SHARED_EXEC : PAGE_SHARED;
	if (vm_flags & VM_WRITE)
		return exec ? PAGE_COPY_EXEC : PAGE_COPY;
	return exec ? PAGE_READONLY_EXEC : PAGE_READONLY;
}

static bool is_shared_writable(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE);
}

/**
 * vma_needs_dirty_tracking() - does the file want to know which of its pages are written here?
 * @vma: the mapping
 *
 * Source: mm/vma.c, Linux 6.12.
 */
__vmsim_overridable bool vma_needs_dirty_tracking(struct vm_area_struct *vma)
{
	if (!is_shared_writable(vma))
		return false;
	if (vma->vm_ops && vma->vm_ops->page_mkwrite)
		return true;
	return vma->vm_file && vma->vm_file->f_mapping->dirty_tracked;
}

/**
 * vma_wants_writenotify() - must the first write to each page of the mapping fault?
 * @vma: the mapping
 * @vm_page_prot: its entry bits
 *
 * It must where the file wants to know about writes: when a page becomes clean, its entries are
 * write-protected again, and the next write is noticed. Where soft-dirty bits are kept, too; private
 * memory is write-protected anyway.
 *
 * Source: mm/vma.c, Linux 6.12.
 */
__vmsim_overridable bool vma_wants_writenotify(struct vm_area_struct *vma, pgprot_t vm_page_prot)
{
	(void)vm_page_prot;
	return vma_needs_dirty_tracking(vma) ||
	       (is_shared_writable(vma) && vma_soft_dirty_enabled(vma));
}

/**
 * vma_set_page_prot() - lets the entry bits follow the rights
 * @vma: mapping whose vm_flags have changed
 *
 * Context: mmap_lock held for writing. The bits are read without it by rmap walks.
 * Source: mm/mmap.c, Linux 6.12.
 */
__vmsim_overridable void vma_set_page_prot(struct vm_area_struct *vma)
{
	pgprot_t prot = vm_get_page_prot(vma->vm_flags);

	if (vma_wants_writenotify(vma, prot))
		prot = vm_get_page_prot(vma->vm_flags & ~VM_SHARED);
	WRITE_ONCE(vma->vm_page_prot, prot);
}
