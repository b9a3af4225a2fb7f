// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/mman.h>
#include <linux/syscalls.h>
#include <mm/internal.h>
#include <mm/vma.h>
#include <asm/tlb.h>
#include <vmsim/process.h>

/**
 * can_change_pte_writable() - may an entry become writable without the write fault?
 * @vma: mapping, writable
 * @addr: address
 * @pte: value, still write-protected
 *
 * Private memory: where the fault would find the page exclusive and just reuse it. Shared memory:
 * where the file has been told of a write already, which a dirty entry proves. Nowhere that writes
 * are tracked by soft-dirty bits, and none was seen.
 *
 * Context: page-table lock held.
 * Source: mm/mprotect.c, Linux 6.12.
 */
__vmsim_overridable bool can_change_pte_writable(struct vm_area_struct *vma, unsigned long addr,
						 pte_t pte)
{
	struct page *page;

	if (WARN_ON_ONCE(!(vma->vm_flags & VM_WRITE)) || pte_protnone(pte))
		return false;
	if (pte_needs_soft_dirty_wp(vma, pte))
		return false;
	if (vma->vm_flags & VM_SHARED)
		return pte_dirty(pte);
	page = vm_normal_page(vma, addr, pte);
	return page && PageAnon(page) && PageAnonExclusive(page);
}

static void change_one(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long addr,
		       pte_t *pte, pgprot_t newprot, unsigned long cp_flags)
{
	/* Nobody, hardware included, changes the entry between start and commit (R5). */
	pte_t old = ptep_modify_prot_start(vma, addr, pte);
	pte_t changed = pte_modify(old, newprot);

	if (cp_flags & MM_CP_TRY_CHANGE_WRITABLE && !pte_write(changed) &&
	    can_change_pte_writable(vma, addr, changed))
		changed = pte_mkwrite(changed, vma);
	ptep_modify_prot_commit(vma, addr, pte, old, changed);
	if (pte_needs_flush(old, changed))
		tlb_flush_pte_range(tlb, addr, PAGE_SIZE);
}

/**
 * change_pte_range() - gives the entries of one PTE table other rights
 * @tlb: the gather; its end flushes (R3b)
 * @vma: mapping that they belong to
 * @pmd: entry that the table hangs from
 * @addr: first address
 * @end: end of the range, at most the end of the table
 * @newprot: the rights
 * @cp_flags: MM_CP_*
 *
 * Source: mm/mprotect.c, Linux 6.12.
 * Return: the number of entries, or -EAGAIN: the table is gone.
 */
__vmsim_overridable long change_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
					  pmd_t *pmd, unsigned long addr, unsigned long end,
					  pgprot_t newprot, unsigned long cp_flags)
{
	pte_t *table, *pte;
	spinlock_t *ptl;
	long pages = 0;

	tlb_change_page_size(tlb, PAGE_SIZE);
	table = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!table)
		return -EAGAIN;
	flush_tlb_batched_pending(vma->vm_mm);
	arch_enter_lazy_mmu_mode();
	for (pte = table; addr != end; pte++, addr += PAGE_SIZE) {
		if (!pte_present(ptep_get(pte)))
			continue;
		change_one(tlb, vma, addr, pte, newprot, cp_flags);
		pages++;
	}
	arch_leave_lazy_mmu_mode();
	pte_unmap_unlock(table, ptl);
	return pages;
}

/* One walk for all upper levels: the entry for @addr, or NULL with *@next behind the hole. */
static pmd_t *present_pmd(struct mm_struct *mm, unsigned long addr, unsigned long end,
			  unsigned long *next)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	*next = pgd_addr_end(addr, end);
	if (pgd_none_or_clear_bad(pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	*next = p4d_addr_end(addr, *next);
	if (p4d_none_or_clear_bad(p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	*next = pud_addr_end(addr, *next);
	if (pud_none_or_clear_bad(pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	*next = pmd_addr_end(addr, *next);
	return pmd_none_or_clear_bad(pmd) ? NULL : pmd;
}

/**
 * change_protection() - lets the entries of a range follow the mapping's rights
 * @tlb: the gather
 * @vma: the mapping, with its new rights
 * @start: start
 * @end: end
 * @cp_flags: MM_CP_*
 *
 * Context: mmap_lock held for writing.
 * Source: mm/mprotect.c, Linux 6.12.
 * Return: the number of entries.
 */
__vmsim_overridable long change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma,
					   unsigned long start, unsigned long end,
					   unsigned long cp_flags)
{
	unsigned long next;
	long pages = 0;

	BUG_ON(start >= end);
	tlb_start_vma(tlb, vma);
	for (unsigned long addr = start; addr != end; addr = next) {
		pmd_t *pmd = present_pmd(vma->vm_mm, addr, end, &next);
		long done = 0;

		if (pmd)
			done = change_pte_range(tlb, vma, pmd, addr, next, vma->vm_page_prot,
						cp_flags);
		if (done == -EAGAIN)
			next = addr;
		else
			pages += done;
		cond_resched();
	}
	tlb_end_vma(tlb, vma);
	return pages;
}

/* Private pages are promised when they may be written, and for good when there are some. */
static vm_flags_t account(const struct vm_area_struct *vma, vm_flags_t newflags)
{
	const vm_flags_t counted = VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE;

	if (newflags & VM_WRITE && !(vma->vm_flags & counted))
		newflags |= VM_ACCOUNT;
	if (!(newflags & VM_WRITE) && vma_is_anonymous(vma) && !vma->anon_vma)
		newflags &= ~(vm_flags_t)VM_ACCOUNT;
	return newflags;
}

/*
 * As mprotect_fixup(), where there is something to change. Where rights grow, entries may have to
 * stay write-protected one by one (private memory, files that track their dirtying): those that may
 * become writable do so here and save a fault each.
 */
static struct vm_area_struct *change_part(struct vma_iterator *vmi, struct mmu_gather *tlb,
					  struct vm_area_struct *prev, struct vm_area_struct *vma,
					  unsigned long start, unsigned long end,
					  unsigned long newflags)
{
	unsigned long oldflags = vma->vm_flags;
	long pages = (end - start) >> PAGE_SHIFT;

	newflags = account(vma, newflags);
	vma = vma_modify_flags(vmi, prev, vma, start, end, newflags);
	if (IS_ERR(vma))
		return vma;
	vm_flags_reset(vma, newflags);
	vma_set_page_prot(vma);
	change_protection(tlb, vma, start, end, vma_wants_manual_pte_write_upgrade(vma) ?
						MM_CP_TRY_CHANGE_WRITABLE : 0);
	/* What is locked in memory is there before it is used: private pages are copied now. */
	if ((oldflags & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && newflags & VM_WRITE)
		populate_vma_page_range(vma, start, end, NULL);
	vm_stat_account(vma->vm_mm, oldflags, -pages);
	vm_stat_account(vma->vm_mm, newflags, pages);
	return vma;
}

/**
 * mprotect_fixup() - gives a part of a mapping other rights
 * @vmi: walk; stands at the mapping that has the part afterwards
 * @tlb: the gather
 * @vma: the mapping
 * @pprev: the one before it, or @vma where the part begins inside; receives the one that has it
 * @start: start of the part
 * @end: its end
 * @newflags: the flags that it is to have
 *
 * Context: mmap_lock held for writing.
 * Source: mm/mprotect.c, Linux 6.12.
 * Return: 0; -ENOMEM; -EPERM: the mapping is sealed.
 */
__vmsim_overridable int mprotect_fixup(struct vma_iterator *vmi, struct mmu_gather *tlb,
				       struct vm_area_struct *vma, struct vm_area_struct **pprev,
				       unsigned long start, unsigned long end,
				       unsigned long newflags)
{
	if (!can_modify_vma(vma))
		return -EPERM;
	if (newflags != vma->vm_flags)
		vma = change_part(vmi, tlb, *pprev, vma, start, end, newflags);
	if (IS_ERR(vma))
		return (int)PTR_ERR(vma);
	*pprev = vma;
	return 0;
}

/* From @start on, which @vma holds, to @end, or to the first hole. */
static int protect_range(struct vma_iterator *vmi, struct mmu_gather *tlb,
			 struct vm_area_struct *vma, unsigned long start, unsigned long end,
			 unsigned long prot)
{
	struct vm_area_struct *prev = vma_prev(vmi);
	unsigned long at = vma->vm_start;
	int err = 0;

	if (start > vma->vm_start)
		prev = vma;
	for_each_vma_range(*vmi, vma, end) {
		unsigned long newflags = (vma->vm_flags & ~(vm_flags_t)VM_ACCESS_FLAGS) | prot;

		if (vma->vm_start != at)
			return -ENOMEM;
		/* VM_MAYREAD and its like stand four bits above VM_READ and its like. */
		if (newflags & ~(newflags >> 4) & VM_ACCESS_FLAGS)
			return -EACCES;
		at = min(vma->vm_end, end);
		if (vma->vm_ops && vma->vm_ops->mprotect)
			err = vma->vm_ops->mprotect(vma, start, at, newflags);
		if (!err)
			err = mprotect_fixup(vmi, tlb, vma, &prev, start, at, newflags);
		if (err)
			return err;
		start = at = vma_iter_end(vmi);
	}
	return at < end ? -ENOMEM : 0;
}

/* The mapping that [*@start, *@end) begins in, or an ERR_PTR; with @grows they are widened. */
static struct vm_area_struct *first_mapping(struct vma_iterator *vmi, unsigned long *start,
					    unsigned long *end, unsigned long grows)
{
	struct vm_area_struct *vma = vma_find(vmi, *end);

	if (!vma || (!(grows & PROT_GROWSDOWN) && vma->vm_start > *start))
		return ERR_PTR(-ENOMEM);
	if (grows && !(vma->vm_flags & (grows & PROT_GROWSDOWN ? VM_GROWSDOWN : VM_GROWSUP)))
		return ERR_PTR(-EINVAL);
	if (grows & PROT_GROWSDOWN)
		*start = vma->vm_start;
	else if (grows)
		*end = vma->vm_end;
	return vma;
}

/**
 * sys_mprotect() - changes the rights of a range
 * @start: start, page aligned
 * @len: size, rounded up to whole pages
 * @prot: PROT_*
 *
 * What comes before a hole is changed even though the call fails.
 *
 * Source: mm/mprotect.c, Linux 6.12.
 * Return: 0; -EINVAL, -ENOMEM, -EACCES as mprotect(2).
 */
__vmsim_overridable long sys_mprotect(unsigned long start, size_t len, unsigned long prot)
{
	const unsigned long grow = PROT_GROWSDOWN | PROT_GROWSUP, grows = prot & grow;
	unsigned long end = start + PAGE_ALIGN(len);
	VMA_ITERATOR(vmi, current->mm, start);
	struct vm_area_struct *vma;
	struct mmu_gather tlb;
	long err;

	if (grows == grow || offset_in_page(start))
		return -EINVAL;
	if (!len)
		return 0;
	if (end <= start)
		return -ENOMEM;
	if (!arch_validate_prot(prot & ~grow, start))
		return -EINVAL;
	mmap_write_lock(current->mm);
	vma = first_mapping(&vmi, &start, &end, grows);
	if (IS_ERR(vma)) {
		err = PTR_ERR(vma);
	} else {
		tlb_gather_mmu(&tlb, current->mm);
		err = protect_range(&vmi, &tlb, vma, start, end,
				    calc_vm_prot_bits(prot & ~grow, 0));
		tlb_finish_mmu(&tlb);
	}
	mmap_write_unlock(current->mm);
	return err;
}

/**
 * vmsim_mprotect() - changes the rights of a range
 * @addr: start, page aligned
 * @length: size, rounded up to whole pages
 * @prot: PROT_READ, PROT_WRITE, PROT_EXEC
 *
 * What comes before a hole is changed even though the call fails, as in a kernel.
 *
 * Source: mm/mprotect.c, Linux 6.12.
 *
 * Return: 0; -EINVAL, -ENOMEM, -EACCES as mprotect(2); -ESRCH: the caller is not attached, or has
 * exited.
 */
VMSIM_API int vmsim_mprotect(unsigned long addr, size_t length, int prot)
{
	int err = vmsim_syscall_enter("mprotect", addr, length);

	if (err)
		return err;
	return (int)vmsim_syscall_leave("mprotect", sys_mprotect(addr, length, (unsigned int)prot));
}
