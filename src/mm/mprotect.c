// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/tlb.h>
#include <vmsim/process.h>
#include <sys/mman.h>

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

pmd_t *vmsim_present_pmd(struct mm_struct *mm, unsigned long addr, unsigned long end,
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
		pmd_t *pmd = vmsim_present_pmd(vma->vm_mm, addr, end, &next);
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

/*
 * Where rights grow, entries may have to stay write-protected one by one (private memory, files
 * that track their dirtying): those that may become writable do so here and save a fault each.
 */
static unsigned long upgrade_flags(struct vm_area_struct *vma)
{
	bool each = vma->vm_flags & VM_SHARED ? vma_wants_writenotify(vma, vma->vm_page_prot) :
						vma->vm_flags & VM_WRITE;

	return each ? MM_CP_TRY_CHANGE_WRITABLE : 0;
}

/* Context: mmap_lock held for writing. As mprotect_fixup(). *@result: where the range lies now. */
static int protect_part(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long start,
			unsigned long end, vm_flags_t newflags, struct vm_area_struct **result)
{
	*result = vma;
	if (newflags == vma->vm_flags)
		return 0;
	vma = vmsim_vma_modify_flags(vma, start, end, newflags);
	if (IS_ERR(vma))
		return (int)PTR_ERR(vma);
	/* Reverse-map walks look without mmap_lock. */
	WRITE_ONCE(vma->vm_flags, newflags);
	vma_set_page_prot(vma);
	change_protection(tlb, vma, start, end, upgrade_flags(vma));
	*result = vma;
	return 0;
}

static int protect_range(struct mmu_gather *tlb, unsigned long start, unsigned long end, int prot)
{
	struct vm_area_struct *vma = vma_lookup(tlb->mm, start);

	while (vma && vma->vm_start <= start) {
		unsigned long to = min(vma->vm_end, end);
		vm_flags_t newflags = (vma->vm_flags & ~VM_ACCESS_FLAGS) | prot;
		int err;

		/* VM_MAYREAD and its like stand four bits above VM_READ and its like. */
		if (newflags & ~(newflags >> 4) & VM_ACCESS_FLAGS)
			return -EACCES;
		err = protect_part(tlb, vma, start, to, newflags, &vma);
		if (err || to == end)
			return err;
		start = to;
		if (vma->vm_end <= start)
			vma = vmsim_vma_next(vma);
	}
	return -ENOMEM;
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
	struct task_struct *self = vmsim_self;
	unsigned long end = addr + PAGE_ALIGN(length);
	struct mmu_gather tlb;
	int err = vmsim_syscall_enter("mprotect", addr, length);

	if (err)
		return err;
	if (offset_in_page(addr) || (length && prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC))) {
		err = -EINVAL;
	} else if (length && end <= addr) {
		err = -ENOMEM;
	} else if (length) {
		mmap_write_lock(self->mm);
		tlb_gather_mmu(&tlb, self->mm);
		err = protect_range(&tlb, addr, end, prot);
		tlb_finish_mmu(&tlb);
		mmap_write_unlock(self->mm);
	}
	return (int)vmsim_syscall_leave("mprotect", err);
}
