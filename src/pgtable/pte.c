// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accessors of PTEs (Linux 6.12: include/linux/pgtable.h, mm/pgtable-generic.c, arch/x86). What
 * differs between flavours is how one entry is loaded, stored and exchanged: inline functions in
 * <asm/pgtable.h>, and pae.c.
 */
#include <linux/mm.h>

/* A look that is part of a change: no event, since the change raises one. */
static inline pte_t peek(pte_t *ptep)
{
	return __pte(__atomic_load_n(&ptep->pte, __ATOMIC_RELAXED));
}

/* What the hardware could have cached. */
static inline bool hw_valid(pte_t pte)
{
	return pte_val(pte) & _PAGE_PRESENT;
}

/* PTE_READ for a load that found @pte; returns what the CPU sees. */
pte_t vmsim_pte_read_watched(pte_t *ptep, pte_t pte)
{
	if (vmsim_ordered())
		pte = __pte(vmsim_order_seen(ptep, pte_val(pte), sizeof(pte)));
	vmsim_event(PTE_READ, (uintptr_t)ptep, pte_val(pte), 0);
	return pte;
}

/**
 * vmsim_pte_changed() - tells TLBs and watchers about a change that was made
 * @ptep: the entry
 * @old: its value before
 * @new_pte: its value now
 *
 * The TLBs come first: when watchers look, and when the explorer may switch, an invalidation that
 * the hardware couples to the change is complete.
 */
void vmsim_pte_changed(pte_t *ptep, pte_t old, pte_t new_pte)
{
	if (hw_valid(old) && !pte_same(old, new_pte))
		vmsim_tlb_entry_cleared(ptep, old);
	vmsim_event(PTE_SET, (uintptr_t)ptep, pte_val(old), pte_val(new_pte));
}

/**
 * set_pte() - stores an entry
 * @ptep: the entry
 * @pte: its new value
 *
 * Not atomic: what the hardware sets at the same time is lost (R5). For entries that are not
 * present, or that get nothing but more rights.
 */
__vmsim_overridable void set_pte(pte_t *ptep, pte_t pte)
{
	pte_t old = peek(ptep);

	vmsim_pte_store(ptep, pte);
	vmsim_pte_changed(ptep, old, pte);
}

/**
 * set_ptes() - maps consecutive pages of a folio
 * @mm: address space
 * @addr: where the first page is mapped
 * @ptep: its entry
 * @pte: its value; that of the others follows from it
 * @nr: number of entries, all in one table
 */
__vmsim_overridable void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte,
				  unsigned int nr)
{
	(void)mm, (void)addr;
	for (unsigned int i = 0; i < nr; i++)
		set_pte(ptep + i, pte_advance_pfn(pte, i));
}

/**
 * pte_clear() - empties an entry whose value nobody needs
 * @mm: address space
 * @addr: the address it translates
 * @ptep: the entry
 */
__vmsim_overridable void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	(void)mm, (void)addr;
	set_pte(ptep, __pte(0));
}

/**
 * ptep_get_and_clear() - takes the value out of an entry
 * @mm: address space
 * @addr: the address it translates
 * @ptep: the entry
 *
 * One exchange: a D that the hardware sets is in the value, or is not set at all (R5).
 */
__vmsim_overridable pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t old = vmsim_pte_xchg(ptep, __pte(0));

	(void)mm, (void)addr;
	vmsim_pte_changed(ptep, old, __pte(0));
	return old;
}

/**
 * ptep_get_and_clear_full() - ptep_get_and_clear(), maybe with the whole address space going
 * @mm: address space
 * @addr: the address it translates
 * @ptep: the entry
 * @full: nobody runs in @mm any more, so that no hardware walks it: two plain accesses do (R3d)
 */
__vmsim_overridable pte_t ptep_get_and_clear_full(struct mm_struct *mm, unsigned long addr,
						  pte_t *ptep, int full)
{
	pte_t old;

	if (!full)
		return ptep_get_and_clear(mm, addr, ptep);
	old = ptep_get(ptep);
	vmsim_pte_store(ptep, __pte(0));
	vmsim_pte_changed(ptep, old, __pte(0));
	return old;
}

/**
 * get_and_clear_full_ptes() - takes the values of entries that map consecutive pages of a folio
 * @mm: address space
 * @addr: where the first page is mapped
 * @ptep: its entry
 * @nr: number of entries, at least one, all in one table
 * @full: as for ptep_get_and_clear_full()
 *
 * Return: the first value; it is dirty or young if any of them was.
 */
__vmsim_overridable pte_t get_and_clear_full_ptes(struct mm_struct *mm, unsigned long addr,
						  pte_t *ptep, unsigned int nr, int full)
{
	pte_t first = ptep_get_and_clear_full(mm, addr, ptep, full);

	for (unsigned int i = 1; i < nr; i++) {
		pte_t next = ptep_get_and_clear_full(mm, addr + i * PAGE_SIZE, ptep + i, full);

		first = pte_dirty(next) ? pte_mkdirty(first) : first;
		first = pte_young(next) ? pte_mkyoung(first) : first;
	}
	return first;
}

/**
 * clear_full_ptes() - get_and_clear_full_ptes() for callers that need no value
 */
__vmsim_overridable void clear_full_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
					 unsigned int nr, int full)
{
	for (unsigned int i = 0; i < nr; i++)
		(void)ptep_get_and_clear_full(mm, addr + i * PAGE_SIZE, ptep + i, full);
}

/**
 * clear_not_present_full_ptes() - empties entries that no hardware can have cached
 */
__vmsim_overridable void clear_not_present_full_ptes(struct mm_struct *mm, unsigned long addr,
						     pte_t *ptep, unsigned int nr, int full)
{
	(void)full;
	for (unsigned int i = 0; i < nr; i++)
		pte_clear(mm, addr + i * PAGE_SIZE, ptep + i);
}

/* Takes bits away without losing any that the hardware sets meanwhile. Returns the value before. */
static pte_t take_bits(pte_t *ptep, pteval_t bits)
{
	pte_t old = ptep_get(ptep);
	pte_t less;

	do {
		less = __pte(pte_val(old) & ~bits);
	} while (!vmsim_pte_try_cmpxchg(ptep, &old, less));
	if (!pte_same(old, less))
		vmsim_pte_changed(ptep, old, less);
	return old;
}

/**
 * ptep_set_wrprotect() - takes the right to write out of an entry
 * @mm: address space
 * @addr: the address it translates
 * @ptep: the entry
 *
 * What CPUs have cached stays, D included: flush before relying on it (R3).
 */
__vmsim_overridable void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	(void)mm, (void)addr;
	(void)take_bits(ptep, _PAGE_RW);
}

/**
 * wrprotect_ptes() - ptep_set_wrprotect() for consecutive entries of one table
 */
__vmsim_overridable void wrprotect_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
					unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		ptep_set_wrprotect(mm, addr + i * PAGE_SIZE, ptep + i);
}

/* Hardware without an A bit of its own needs the entry written for a read fault, too. */
#if defined(VMSIM_ARCH_S390)
#define STORE_FOR_READ true
#else
#define STORE_FOR_READ false
#endif

/**
 * ptep_set_access_flags() - gives an entry more: A, D, the right to write
 * @vma: its VMA
 * @addr: the address it translates
 * @ptep: the entry
 * @entry: its new value
 * @dirty: the fault was a write
 *
 * No flush: a CPU with a weaker entry walks again (R4).
 * Return: whether @entry differs from what stands there.
 */
__vmsim_overridable int ptep_set_access_flags(struct vm_area_struct *vma, unsigned long addr,
					      pte_t *ptep, pte_t entry, int dirty)
{
	bool differs = !pte_same(ptep_get(ptep), entry);

	(void)vma, (void)addr;
	if (differs && (dirty || STORE_FOR_READ))
		set_pte(ptep, entry);
	return differs;
}

/**
 * ptep_test_and_clear_young() - takes A out of an entry
 * @vma: its VMA
 * @addr: the address it translates
 * @ptep: the entry
 *
 * Return: whether A was set.
 */
__vmsim_overridable int ptep_test_and_clear_young(struct vm_area_struct *vma, unsigned long addr,
						  pte_t *ptep)
{
	(void)vma, (void)addr;
	if (!pte_young(ptep_get(ptep)))
		return 0;
	return pte_young(take_bits(ptep, _PAGE_ACCESSED));
}

/**
 * ptep_clear_flush_young() - ptep_test_and_clear_young() for reclaim
 *
 * Without a flush, as on x86: an A that is set too late costs precision only (X-access).
 */
__vmsim_overridable int ptep_clear_flush_young(struct vm_area_struct *vma, unsigned long addr,
					       pte_t *ptep)
{
	return ptep_test_and_clear_young(vma, addr, ptep);
}

/**
 * ptep_clear_flush() - takes the value out of an entry and out of all TLBs
 * @vma: its VMA
 * @addr: the address it translates
 * @ptep: the entry
 *
 * Context: PTL held, so that nobody relies on the entry before the flush is complete.
 */
__vmsim_overridable pte_t ptep_clear_flush(struct vm_area_struct *vma, unsigned long addr,
					   pte_t *ptep)
{
	pte_t old = ptep_get_and_clear(vma->vm_mm, addr, ptep);

	if (pte_accessible(vma->vm_mm, old))
		flush_tlb_page(vma, addr);
	return old;
}

/**
 * ptep_modify_prot_start() - begins a change of rights
 * @vma: its VMA
 * @addr: the address it translates
 * @ptep: the entry
 *
 * The entry is empty until the commit, so that the hardware sets nothing that would be lost.
 * Context: PTL held from here to the commit.
 */
__vmsim_overridable pte_t ptep_modify_prot_start(struct vm_area_struct *vma, unsigned long addr,
						 pte_t *ptep)
{
	return ptep_get_and_clear(vma->vm_mm, addr, ptep);
}

/**
 * ptep_modify_prot_commit() - ends a change of rights
 * @vma: its VMA
 * @addr: the address it translates
 * @ptep: the entry
 * @old: what ptep_modify_prot_start() returned
 * @pte: the new value
 */
__vmsim_overridable void ptep_modify_prot_commit(struct vm_area_struct *vma, unsigned long addr,
						 pte_t *ptep, pte_t old, pte_t pte)
{
	(void)old;
	set_pte_at(vma->vm_mm, addr, ptep, pte);
}
