// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "rmap/internal.h"
#include <linux/ksm.h>
#include <linux/pagemap.h>
#include <uapi/linux/mman.h>
#include <vmsim/process.h>

/*
 * Which memory KSM may merge, and what merges it in ksmd's place. Behaviour of mm/ksm.c, Linux
 * 6.12; nobody looks for pages that are alike.
 */

/* The page that is mapped at an address, with a reference, or NULL. mmap_lock held. */
static struct page *get_mapped_page(struct vm_area_struct *vma, unsigned long addr)
{
	pmd_t *pmd = mm_find_pmd(vma->vm_mm, addr);
	struct page *page = NULL;
	spinlock_t *ptl;
	pte_t *ptep;
	pte_t entry;

	ptep = pmd ? pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl) : NULL;
	if (!ptep)
		return NULL;
	entry = ptep_get(ptep);
	if (pte_present(entry))
		page = vm_normal_page(vma, addr, entry);
	if (page)
		get_page(page);
	pte_unmap_unlock(ptep, ptl);
	return page;
}

static bool is_merged_at(struct vm_area_struct *vma, unsigned long addr)
{
	struct page *page = get_mapped_page(vma, addr);
	bool merged = page && folio_test_ksm(page_folio(page));

	if (page)
		put_page(page);
	return merged;
}

/* The page at an address is to be the program's own, as if it were about to be pinned. */
static int unmerge_page(struct vm_area_struct *vma, unsigned long addr)
{
	vm_fault_t ret = 0;

	while (!(ret & VM_FAULT_ERROR) && is_merged_at(vma, addr))
		ret = handle_mm_fault(vma, addr, FAULT_FLAG_UNSHARE | FAULT_FLAG_REMOTE, NULL);
	return ret & VM_FAULT_OOM ? -ENOMEM : 0;
}

static int unmerge_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	int err = 0;

	for (; !err && start < end; start += PAGE_SIZE)
		err = unmerge_page(vma, start);
	return err;
}

/* Only private memory is merged, and none of a special kind. */
static bool is_compatible(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags &
		 (VM_SHARED | VM_MAYSHARE | VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE));
}

/**
 * ksm_madvise() - says whether KSM may merge pages of a mapping
 * @vma: the mapping
 * @start: start of the range
 * @end: its end
 * @advice: MADV_MERGEABLE; MADV_UNMERGEABLE: what is merged is undone
 * @vm_flags: flags that the range is to get
 *
 * Context: mmap_lock held for writing.
 * Source: mm/ksm.c, Linux 6.12.
 * Return: 0, also where the advice is ignored; -ENOMEM: some pages are still merged.
 */
__vmsim_overridable int ksm_madvise(struct vm_area_struct *vma, unsigned long start,
				    unsigned long end, int advice, unsigned long *vm_flags)
{
	int err = 0;

	if (advice == MADV_MERGEABLE) {
		if (is_compatible(vma))
			*vm_flags |= VM_MERGEABLE;
		return 0;
	}
	if (!(*vm_flags & VM_MERGEABLE))
		return 0;
	if (vma->anon_vma)
		err = unmerge_range(vma, start, end);
	if (!err)
		*vm_flags &= ~VM_MERGEABLE;
	return err;
}

/* An address in some process. */
struct place {
	struct mm_struct *mm;
	unsigned long addr;
};

static struct vm_area_struct *mergeable_vma(const struct place *place)
{
	struct vm_area_struct *vma = vma_lookup(place->mm, place->addr);

	return vma && vma->vm_flags & VM_MERGEABLE && vma->anon_vma ? vma : NULL;
}

static struct page *get_mergeable_page(const struct place *place)
{
	struct vm_area_struct *vma;
	struct page *page = NULL;

	mmap_read_lock(place->mm);
	vma = mergeable_vma(place);
	if (vma)
		page = get_mapped_page(vma, place->addr);
	mmap_read_unlock(place->mm);
	return page;
}

static int try_to_merge(const struct place *place, struct page *page, struct page *kpage,
			struct vmsim_ksm_item *item)
{
	struct vm_area_struct *vma;
	int err = -EFAULT;

	mmap_read_lock(place->mm);
	vma = mergeable_vma(place);
	if (vma)
		err = try_to_merge_one_page(vma, page, kpage);
	/* While the lock is held, the mapping keeps it. */
	if (!err)
		vmsim_ksm_item_set(item, vma, place->addr);
	mmap_read_unlock(place->mm);
	return err;
}

/* @kpage: as try_to_merge_one_page(). */
static int merge_page(const struct place *place, struct page *page, struct page *kpage)
{
	struct folio *kept = page_folio(kpage ? kpage : page);
	struct vmsim_ksm_item *item = vmsim_ksm_item_alloc();
	int err;

	if (!item)
		return -ENOMEM;
	err = try_to_merge(place, page, kpage, item);
	if (err) {
		vmsim_ksm_item_free(item);
		return err;
	}
	folio_lock(kept);
	vmsim_ksm_append(kept, item);
	folio_unlock(kept);
	return 0;
}

/* The page that is to stay, with a reference; it is one of KSM. Or an ERR_PTR. */
static struct page *get_kept_page(const struct place *place)
{
	struct page *page = get_mergeable_page(place);
	int err;

	if (!page)
		return ERR_PTR(-EFAULT);
	err = folio_test_ksm(page_folio(page)) ? 0 : merge_page(place, page, NULL);
	if (!err)
		return page;
	put_page(page);
	return ERR_PTR(err);
}

static int merge_places(const struct place *place, const struct place *kept)
{
	struct page *kpage = get_kept_page(kept), *page;
	int err = -EFAULT;

	if (IS_ERR(kpage))
		return PTR_ERR(kpage);
	page = get_mergeable_page(place);
	if (page) {
		err = merge_page(place, page, kpage);
		put_page(page);
	}
	put_page(kpage);
	return err;
}

/* One at a time, as ksmd. */
static int merge_in_turn(const struct place *place, const struct place *kept)
{
	struct vmsim_machine *m = vmsim_this_machine();
	int err;

	mutex_lock(&m->ksm_lock);
	vmsim_ksm_prune();
	err = merge_places(place, kept);
	mutex_unlock(&m->ksm_lock);
	return err;
}

static int merge(int pid, unsigned long addr, int kept_pid, unsigned long kept_addr)
{
	struct vmsim_machine *m = vmsim_this_machine();
	struct place place = { vmsim_process_get_mm(m, pid), addr & PAGE_MASK };
	struct place kept = { vmsim_process_get_mm(m, kept_pid), kept_addr & PAGE_MASK };
	int err = -ESRCH;

	if (place.mm && kept.mm)
		err = merge_in_turn(&place, &kept);
	if (place.mm)
		mmput(place.mm);
	if (kept.mm)
		mmput(kept.mm);
	return err;
}

/**
 * vmsim_ksm_merge() - merges two pages of equal content
 * @pid: process whose page goes
 * @addr: where that page is mapped
 * @kept_pid: process whose page stays, and becomes a page of KSM if it is none yet
 * @kept_addr: where that page is mapped
 *
 * What ksmd does once it has found the two; the caller stands for it. Both are in memory with
 * MADV_MERGEABLE. Where only the second step fails, the kept page is one of KSM all the same.
 *
 * Return: 0, also where both addresses have that page already; -EFAULT: no page there that can be
 * merged now (somebody else has a reference, for example), or they differ; -ENOMEM; -ESRCH: no such
 * process, or the caller is not attached, or has exited.
 */
VMSIM_API int vmsim_ksm_merge(int pid, unsigned long addr, int kept_pid, unsigned long kept_addr)
{
	int err = vmsim_syscall_enter("ksm_merge", addr, kept_addr);

	if (err)
		return err;
	return (int)vmsim_syscall_leave("ksm_merge", merge(pid, addr, kept_pid, kept_addr));
}
