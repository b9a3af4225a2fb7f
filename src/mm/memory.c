// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/pgalloc.h>

/*
 * Faults: from the address to the entry, and which of the handlers takes it. Behaviour of
 * mm/memory.c, Linux 6.12. All handlers run with mmap_lock held for reading, and return with it
 * held, also where they return VM_FAULT_RETRY.
 */

static void count_fault(struct vmsim_cpu_counts *counts, enum vmsim_fault_kind kind)
{
	if (kind == VMSIM_FAULT_COPY)
		vmsim_count(&counts->copies);
	else if (kind == VMSIM_FAULT_REUSE)
		vmsim_count(&counts->reuses);
}

void vmsim_fault_took(struct vm_fault *vmf, enum vmsim_fault_kind kind)
{
	count_fault(&vmsim_this_cpu()->counts, kind);
	current->fault_kind = kind;
	vmsim_event(FAULT_KIND, vmf->real_address, kind, (uintptr_t)vmf->page);
}

/**
 * print_bad_pte() - reports an entry that must not be
 * @vma: mapping in which it was found
 * @addr: address that it translates
 * @pte: its value
 * @page: page that it maps, or NULL
 *
 * Source: mm/memory.c, Linux 6.12.
 */
__vmsim_overridable void print_bad_pte(struct vm_area_struct *vma, unsigned long addr, pte_t pte,
				       struct page *page)
{
	pr_alert("vmsim: bad entry %016llx at %lx, mapping %lx-%lx flags %lx\n",
		 (unsigned long long)pte_val(pte), addr, vma->vm_start, vma->vm_end,
		 vma->vm_flags);
	if (page)
		dump_page(page, "bad entry");
	vmsim_warn(__FILE__, __LINE__, "bad page-table entry");
}

/**
 * vm_normal_page() - the page that an entry maps and counts
 * @vma: mapping of the entry
 * @addr: address
 * @pte: the entry
 *
 * Source: mm/memory.c, Linux 6.12.
 * Return: the page; NULL for the zero page and for what is no memory.
 */
__vmsim_overridable struct page *vm_normal_page(struct vm_area_struct *vma, unsigned long addr,
						pte_t pte)
{
	unsigned long pfn = pte_pfn(pte);

	if (likely(!pte_special(pte) && pfn < vmsim_this_machine()->nr_frames))
		return pfn_to_page(pfn);
	if (!is_zero_pfn(pfn) && !(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)))
		print_bad_pte(vma, addr, pte, NULL);
	return NULL;
}

/**
 * vmf_pte_changed() - has somebody else been at the entry since the fault looked at it?
 * @vmf: the fault; @vmf->pte is the entry
 *
 * Context: page-table lock held.
 * Source: mm/memory.c, Linux 6.12.
 */
__vmsim_overridable bool vmf_pte_changed(struct vm_fault *vmf)
{
	pte_t now = ptep_get(vmf->pte);

	return vmf->flags & FAULT_FLAG_ORIG_PTE_VALID ? !pte_same(now, vmf->orig_pte) :
							!pte_none(now);
}

/* What the fault finds: nothing, or an entry, which it remembers. False: look again. */
static bool look(struct vm_fault *vmf)
{
	vmf->pte = NULL;
	vmf->flags &= ~FAULT_FLAG_ORIG_PTE_VALID;
	if (pmd_none(pmdp_get(vmf->pmd)))
		return true;
	vmf->pte = pte_offset_map_nolock(vmf->vma->vm_mm, vmf->pmd, vmf->address, &vmf->ptl);
	if (unlikely(!vmf->pte))
		return false;
	vmf->flags |= FAULT_FLAG_ORIG_PTE_VALID;
	vmf->orig_pte = ptep_get_lockless(vmf->pte);
	if (!pte_none(vmf->orig_pte))
		return true;
	pte_unmap(vmf->pte);
	vmf->pte = NULL;
	return true;
}

/* There are neither swap entries nor NUMA hints yet. */
static vm_fault_t impossible_entry(struct vm_fault *vmf)
{
	pte_unmap(vmf->pte);
	print_bad_pte(vmf->vma, vmf->address, vmf->orig_pte, NULL);
	return VM_FAULT_SIGBUS;
}

/* The entry allows the access, or will once its A and D bits are set. Page-table lock held. */
static void touch(struct vm_fault *vmf)
{
	pte_t entry = pte_mkyoung(vmf->orig_pte);
	int write = vmf->flags & FAULT_FLAG_WRITE;

	if (write)
		entry = pte_mkdirty(entry);
	if (ptep_set_access_flags(vmf->vma, vmf->address, vmf->pte, entry, write))
		update_mmu_cache_range(vmf, vmf->vma, vmf->address, vmf->pte, 1);
	else if (write && !(vmf->flags & FAULT_FLAG_TRIED))
		flush_tlb_fix_spurious_fault(vmf->vma, vmf->address, vmf->pte);
}

/**
 * handle_pte_fault() - a fault at the level of single pages
 * @vmf: the fault; @vmf->pmd is known
 *
 * Return: VM_FAULT_*; 0 also where the access must just be tried again.
 */
__vmsim_overridable vm_fault_t handle_pte_fault(struct vm_fault *vmf)
{
	const bool write = vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE);

	if (unlikely(!look(vmf)))
		return 0;
	if (!vmf->pte)
		return vma_is_anonymous(vmf->vma) ? do_anonymous_page(vmf) : do_fault(vmf);
	if (unlikely(!pte_present(vmf->orig_pte) ||
		     (pte_protnone(vmf->orig_pte) && vma_is_accessible(vmf->vma))))
		return impossible_entry(vmf);

	spin_lock(vmf->ptl);
	if (likely(pte_same(ptep_get(vmf->pte), vmf->orig_pte))) {
		if (write && !pte_write(vmf->orig_pte))
			return do_wp_page(vmf);
		touch(vmf);
	}
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	vmsim_fault_took(vmf, VMSIM_FAULT_SPURIOUS);
	return 0;
}

static gfp_t fault_gfp(const struct vm_area_struct *vma)
{
	return vma->vm_file ? GFP_HIGHUSER_MOVABLE | __GFP_FS | __GFP_IO : GFP_KERNEL;
}

/* Finds or makes the tables above the PTE table. */
__vmsim_overridable vm_fault_t __handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
						 unsigned int flags)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_fault vmf = {
		.vma = vma,
		.gfp_mask = fault_gfp(vma),
		.pgoff = vma->vm_pgoff + ((address - vma->vm_start) >> PAGE_SHIFT),
		.address = address & PAGE_MASK,
		.real_address = address,
		.flags = (enum fault_flag)flags,
	};
	p4d_t *p4d = p4d_alloc(mm, pgd_offset(mm, address), address);

	if (likely(p4d))
		vmf.pud = pud_alloc(mm, p4d, address);
	if (likely(vmf.pud))
		vmf.pmd = pmd_alloc(mm, vmf.pud, address);
	if (unlikely(!vmf.pmd))
		return VM_FAULT_OOM;
	/* Huge pages are not modelled: what is present is a table. */
	return handle_pte_fault(&vmf);
}

/* Who asks for a fault that cannot be is told so. Sharing matters only where a write would copy. */
static vm_fault_t sanitize_fault_flags(struct vm_area_struct *vma, unsigned int *flags)
{
	bool is_cow = is_cow_mapping(vma->vm_flags);

	if (unlikely(*flags & FAULT_FLAG_UNSHARE)) {
		if (WARN_ON_ONCE(*flags & FAULT_FLAG_WRITE))
			return VM_FAULT_SIGSEGV;
		if (!is_cow)
			*flags &= ~FAULT_FLAG_UNSHARE;
	} else if (*flags & FAULT_FLAG_WRITE) {
		if (WARN_ON_ONCE(!(vma->vm_flags & VM_MAYWRITE)) ||
		    WARN_ON_ONCE(!(vma->vm_flags & VM_WRITE) && !is_cow))
			return VM_FAULT_SIGSEGV;
	}
	return 0;
}

/**
 * handle_mm_fault() - makes an address accessible
 * @vma: mapping that holds it; its rights allow the access
 * @address: the address
 * @flags: FAULT_FLAG_*. FAULT_FLAG_UNSHARE: a read of private memory gets a page that nobody else
 *         has, and no right to write
 * @regs: unused: they are only for statistics
 *
 * Context: mmap_lock held for reading; still held on return.
 * Source: mm/memory.c, Linux 6.12.
 * Return: VM_FAULT_*.
 */
__vmsim_overridable vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
					       unsigned int flags, struct pt_regs *regs)
{
	vm_fault_t ret;

	(void)regs;
	mmap_assert_locked(vma->vm_mm);
	vmsim_count(&vmsim_this_cpu()->counts.faults);
	ret = sanitize_fault_flags(vma, &flags);
	return ret ? ret : __handle_mm_fault(vma, address, flags);
}
