/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_PGTABLE_H
#define _VMSIM_ASM_PGTABLE_H

#include <linux/mm_types.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <asm/tlbflush.h>
#include <asm/pgtable_huge.h>
#include <asm/pgtable_swap.h>
#include <vmsim/hook.h>

/*
 * Entries as values: predicates and modifiers.
 */
#define VMSIM_PTE_TEST(name, mask) \
static inline int pte_##name(pte_t pte) { return (pte_val(pte) & (mask)) != 0; }
#define VMSIM_PTE_WITH(name, mask) \
static inline pte_t pte_##name(pte_t pte) { return __pte(pte_val(pte) | (mask)); }
#define VMSIM_PTE_WITHOUT(name, mask) \
static inline pte_t pte_##name(pte_t pte) { return __pte(pte_val(pte) & ~(mask)); }

VMSIM_PTE_TEST(present, _PAGE_PRESENT | _PAGE_PROTNONE)
VMSIM_PTE_TEST(write, _PAGE_RW)
VMSIM_PTE_TEST(dirty, _PAGE_DIRTY)
VMSIM_PTE_TEST(young, _PAGE_ACCESSED)
VMSIM_PTE_TEST(special, _PAGE_SPECIAL)
VMSIM_PTE_TEST(soft_dirty, _PAGE_SOFT_DIRTY)
VMSIM_PTE_TEST(uffd_wp, _PAGE_UFFD_WP)
VMSIM_PTE_TEST(huge, _PAGE_PSE)
VMSIM_PTE_TEST(devmap, _PAGE_DEVMAP)
VMSIM_PTE_WITH(mkdirty, _PAGE_DIRTY | _PAGE_SOFT_DIRTY)
VMSIM_PTE_WITH(mksoft_dirty, _PAGE_SOFT_DIRTY)
VMSIM_PTE_WITH(mkyoung, _PAGE_ACCESSED)
VMSIM_PTE_WITH(mkwrite_novma, _PAGE_RW)
VMSIM_PTE_WITH(mkspecial, _PAGE_SPECIAL)
VMSIM_PTE_WITH(mkhuge, _PAGE_PSE)
VMSIM_PTE_WITH(mkdevmap, _PAGE_SPECIAL | _PAGE_DEVMAP)
VMSIM_PTE_WITHOUT(mkclean, _PAGE_DIRTY)
VMSIM_PTE_WITHOUT(clear_soft_dirty, _PAGE_SOFT_DIRTY)
VMSIM_PTE_WITHOUT(mkold, _PAGE_ACCESSED)
VMSIM_PTE_WITHOUT(wrprotect, _PAGE_RW)
VMSIM_PTE_WITHOUT(clrhuge, _PAGE_PSE)
VMSIM_PTE_WITHOUT(clear_uffd_wp, _PAGE_UFFD_WP)

static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	return pte_wrprotect(__pte(pte_val(pte) | _PAGE_UFFD_WP));
}

static inline int pte_none(pte_t pte)
{
	return pte_val(pte) == 0;
}

static inline int pte_same(pte_t a, pte_t b)
{
	return pte_val(a) == pte_val(b);
}

static inline int pte_exec(pte_t pte)
{
	return !(pte_val(pte) & _PAGE_NX);
}

static inline int pte_protnone(pte_t pte)
{
	return (pte_val(pte) & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE;
}

static inline unsigned long pte_pfn(pte_t pte)
{
	return (pte_val(pte) & PTE_PFN_MASK) >> PAGE_SHIFT;
}

#define pte_page(pte) pfn_to_page(pte_pfn(pte))

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte(((u64)pfn << PAGE_SHIFT) | pgprot_val(prot));
}

#define mk_pte(page, prot) pfn_pte(page_to_pfn(page), prot)

static inline pte_t pte_mkwrite(pte_t pte, struct vm_area_struct *vma)
{
	(void)vma;
	return pte_mkwrite_novma(pte);
}

static inline pte_t pte_modify(pte_t pte, pgprot_t newprot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | (pgprot_val(newprot) & ~_PAGE_CHG_MASK));
}

static inline pte_t pte_advance_pfn(pte_t pte, unsigned long nr)
{
	return __pte(pte_val(pte) + (nr << PAGE_SHIFT));
}

#define pte_next_pfn(pte) pte_advance_pfn(pte, 1)

/*
 * Entries in memory. Only these functions touch them. Every change by software raises PTE_SET with
 * the old and the new value; on sync-on-clear hardware a valid entry that is replaced is flushed
 * first. (A and D that the hardware sets show in the entry of the TLB_FILL event.)
 *
 * Two-word entries: between the accesses to the two words PTE_READ is raised with what memory has,
 * or what has been read, at that moment; its third argument is then 1 (low word) or 2 (high word).
 */
__vmsim_export pte_t vmsim_pte_read_watched(pte_t *ptep, pte_t pte);
__vmsim_export void vmsim_pte_changed(pte_t *ptep, pte_t old, pte_t new_pte);

#if defined(VMSIM_ARCH_X86_PAE)
__vmsim_export pte_t ptep_get(pte_t *ptep);
__vmsim_export pte_t ptep_get_lockless(pte_t *ptep);
__vmsim_export void vmsim_pte_store(pte_t *ptep, pte_t pte);
#else
static inline pte_t ptep_get(pte_t *ptep)
{
	pte_t pte = __pte(__atomic_load_n(&ptep->pte, __ATOMIC_ACQUIRE));

	if (vmsim_watched(PTE_READ))
		pte = vmsim_pte_read_watched(ptep, pte);
	return pte;
}

static inline pte_t ptep_get_lockless(pte_t *ptep)
{
	return ptep_get(ptep);
}

static inline void vmsim_pte_store(pte_t *ptep, pte_t pte)
{
	if (vmsim_ordered())
		vmsim_order_store(&ptep->pte, pte.pte, sizeof(*ptep), false);
	else
		__atomic_store_n(&ptep->pte, pte.pte, __ATOMIC_RELEASE);
}
#endif

/* One access of the whole entry, however many words it has. */
static inline pte_t vmsim_pte_xchg(pte_t *ptep, pte_t pte)
{
	pte_t old;

	if (vmsim_ordered())
		vmsim_order_xchg(&ptep->pte, &pte.pte, &old.pte, sizeof(old));
	else
		old = __pte(__atomic_exchange_n(&ptep->pte, pte.pte, __ATOMIC_SEQ_CST));
	return old;
}

static inline bool vmsim_pte_try_cmpxchg(pte_t *ptep, pte_t *old, pte_t pte)
{
	if (vmsim_ordered())
		return vmsim_order_cmpxchg(&ptep->pte, &old->pte, &pte.pte, sizeof(pte));
	return __atomic_compare_exchange_n(&ptep->pte, &old->pte, pte.pte, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* The accessors below are in src/pgtable/pte.c. */
#define ptep_clear(mm, addr, ptep) ((void)ptep_get_and_clear(mm, addr, ptep))
__vmsim_export void set_pte(pte_t *ptep, pte_t pte);
__vmsim_export void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte,
			     unsigned int nr);
__vmsim_export void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep);
__vmsim_export pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep);
__vmsim_export pte_t ptep_get_and_clear_full(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
					     int full);
__vmsim_export pte_t get_and_clear_full_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
					     unsigned int nr, int full);
__vmsim_export void clear_full_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
				    unsigned int nr, int full);
__vmsim_export void clear_not_present_full_ptes(struct mm_struct *mm, unsigned long addr,
						pte_t *ptep, unsigned int nr, int full);
__vmsim_export void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep);
__vmsim_export void wrprotect_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
				   unsigned int nr);
__vmsim_export int ptep_set_access_flags(struct vm_area_struct *vma, unsigned long addr,
					 pte_t *ptep, pte_t entry, int dirty);
__vmsim_export int ptep_test_and_clear_young(struct vm_area_struct *vma, unsigned long addr,
					     pte_t *ptep);
__vmsim_export int ptep_clear_flush_young(struct vm_area_struct *vma, unsigned long addr,
					  pte_t *ptep);
__vmsim_export pte_t ptep_clear_flush(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep);
__vmsim_export pte_t ptep_modify_prot_start(struct vm_area_struct *vma, unsigned long addr,
					    pte_t *ptep);
__vmsim_export void ptep_modify_prot_commit(struct vm_area_struct *vma, unsigned long addr,
					    pte_t *ptep, pte_t old, pte_t pte);

/* Ours, and not what mm/pgtable-generic.c would make. */
#define __HAVE_ARCH_PTEP_SET_ACCESS_FLAGS
#define __HAVE_ARCH_PTEP_CLEAR_YOUNG_FLUSH

#define set_pte_at(mm, addr, ptep, pte) set_ptes(mm, addr, ptep, pte, 1)

/*
 * Upper levels. A value that is not empty is a table here, or (PMD) a leaf with _PAGE_PSE.
 */
__vmsim_export void set_pmd(pmd_t *pmdp, pmd_t pmd);
__vmsim_export void set_pud(pud_t *pudp, pud_t pud);
__vmsim_export void set_p4d(p4d_t *p4dp, p4d_t p4d);
__vmsim_export void set_pgd(pgd_t *pgdp, pgd_t pgd);
__vmsim_export pmd_t pmdp_get_lockless(pmd_t *pmdp);

/*
 * Loads of entries are acquires: the kernel relies on the address dependency from an entry to the
 * table or frame behind it, which C knows only in this form.
 */
#define VMSIM_ENTRY_LOAD(word) vmsim_load_marked(&(word), __ATOMIC_ACQUIRE)
static inline pmd_t pmdp_get(pmd_t *pmdp) { return __pmd(VMSIM_ENTRY_LOAD(pmdp->pmd)); }
static inline pud_t pudp_get(pud_t *pudp) { return __pud(VMSIM_ENTRY_LOAD(pudp->pud)); }
static inline p4d_t p4dp_get(p4d_t *p4dp) { return __p4d(VMSIM_ENTRY_LOAD(p4dp->p4d)); }
static inline pgd_t pgdp_get(pgd_t *pgdp) { return __pgd(VMSIM_ENTRY_LOAD(pgdp->pgd)); }

/*
 * A dereference of an entry pointer (*pmd) in kernel code is an access: it must be one load. What
 * is no table is bad, a leaf too.
 */
#define VMSIM_ENTRY_PFN(val) ((unsigned long)(((val) & PTE_PFN_MASK) >> PAGE_SHIFT))
#define VMSIM_ENTRY_FLAGS(val) ((val) & PTE_FLAGS_MASK)
#define pmd_none(pmd) (pmd_val(pmd) == 0)
#define pmd_present(pmd) ((pmd_val(pmd) & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE)) != 0)
#define pmd_leaf(pmd) ((pmd_val(pmd) & _PAGE_PSE) != 0)
#define pmd_bad(pmd)								\
	((VMSIM_ENTRY_FLAGS(pmd_val(pmd)) & ~(_PAGE_USER | _PAGE_ACCESSED)) !=	\
	 (_PAGE_TABLE & ~(_PAGE_USER | _PAGE_ACCESSED)))
#define pmd_pfn(pmd) VMSIM_ENTRY_PFN(pmd_val(pmd))
#define pmd_page(pmd) pfn_to_page(pmd_pfn(pmd))
#define pmd_pgtable(pmd) pmd_page(pmd)
#define pmd_folio(pmd) page_folio(pmd_page(pmd))
#define pmd_same(a, b) (pmd_val(a) == pmd_val(b))
#define pud_none(pud) (pud_val(pud) == 0)
#define pud_pgtable(pud) ((pmd_t *)__va_pfn(pud_pfn(pud)))
#define pud_present(pud) ((pud_val(pud) & _PAGE_PRESENT) != 0)
#define pud_leaf(pud) ((pud_val(pud) & _PAGE_PSE) != 0)
#define pud_bad(pud) ((VMSIM_ENTRY_FLAGS(pud_val(pud)) & ~_PAGE_TABLE) != 0)
#define pud_pfn(pud) VMSIM_ENTRY_PFN(pud_val(pud))
#define pud_page(pud) pfn_to_page(pud_pfn(pud))
#define pud_same(a, b) (pud_val(a) == pud_val(b))
#define p4d_none(p4d) (p4d_val(p4d) == 0)
#define p4d_present(p4d) ((p4d_val(p4d) & _PAGE_PRESENT) != 0)
#define p4d_leaf(p4d) (sizeof(p4d) == 0)
#define p4d_bad(p4d) ((VMSIM_ENTRY_FLAGS(p4d_val(p4d)) & ~_PAGE_TABLE) != 0)
#define p4d_pfn(p4d) VMSIM_ENTRY_PFN(p4d_val(p4d))
#define p4d_page(p4d) pfn_to_page(p4d_pfn(p4d))
#define p4d_same(a, b) (p4d_val(a) == p4d_val(b))
/* With the p4d level folded, the PGD entry is the p4d entry and never counts as empty. */
#define pgd_none(pgd) (pgtable_l5_enabled() && pgd_val(pgd) == 0)
#define pgd_present(pgd) (!pgtable_l5_enabled() || (pgd_val(pgd) & _PAGE_PRESENT) != 0)
#define pgd_leaf(pgd) (sizeof(pgd) == 0)
#define pgd_bad(pgd)								\
	(pgtable_l5_enabled() &&						\
	 (VMSIM_ENTRY_FLAGS(pgd_val(pgd)) & ~_PAGE_USER) != (_PAGE_TABLE & ~_PAGE_USER))
#define pgd_write(pgd) ((pgd_val(pgd) & _PAGE_RW) != 0)
#define pgd_devmap(pgd) (sizeof(pgd) == 0)
#define pgd_pfn(pgd) VMSIM_ENTRY_PFN(pgd_val(pgd))
#define pgd_page(pgd) pfn_to_page(pgd_pfn(pgd))
#define pgd_same(a, b) (pgd_val(a) == pgd_val(b))

#define pmd_clear(pmdp) set_pmd(pmdp, __pmd(0))
#define pud_clear(pudp) set_pud(pudp, __pud(0))
#define p4d_clear(p4dp) set_p4d(p4dp, __p4d(0))
#define pgd_clear(pgdp) do { if (pgtable_l5_enabled()) set_pgd(pgdp, __pgd(0)); } while (0)

static inline unsigned long pte_index(unsigned long addr)
{
	return (addr >> PAGE_SHIFT) & (PTRS_PER_PTE - 1);
}

static inline unsigned long pmd_index(unsigned long addr)
{
	return (addr >> PMD_SHIFT) & (PTRS_PER_PMD - 1);
}

static inline unsigned long pgd_index(unsigned long addr)
{
	return (addr >> PGDIR_SHIFT) & (PTRS_PER_PGD - 1);
}

#define pgd_offset(mm, addr) ((mm)->pgd + pgd_index(addr))
/* The kernel's own addresses are not simulated: they have no tables; and nobody maps a gate. */
#define pgd_offset_k(addr) /* stubbed */					\
({										\
	(void)(addr);								\
	vmsim_bug(__FILE__, __LINE__,						\
		  "pgd_offset_k(): the kernel's own addresses are not simulated"); \
	(pgd_t *)NULL;								\
})
#define pgd_offset_gate(mm, addr) pgd_offset(mm, addr)

#define mm_pmd_folded(mm) ((void)(mm), false)
#if defined(VMSIM_ARCH_X86_PAE)
/* Three levels: the PGD entry is the PUD entry. */
#define __PAGETABLE_P4D_FOLDED 1
#define __PAGETABLE_PUD_FOLDED 1
#define mm_p4d_folded(mm) ((void)(mm), true)
#define mm_pud_folded(mm) ((void)(mm), true)
static inline p4d_t *p4d_offset(pgd_t *pgd, unsigned long addr)
{
	(void)addr;
	return (p4d_t *)pgd;
}

static inline pud_t *pud_offset(p4d_t *p4d, unsigned long addr)
{
	(void)addr;
	return (pud_t *)p4d;
}
#undef p4d_none
#undef p4d_present
#undef p4d_bad
#define p4d_none(p4d) ((void)(p4d), false)
#define p4d_present(p4d) ((void)(p4d), true)
#define p4d_bad(p4d) ((void)(p4d), false)
#else
#define mm_p4d_folded(mm) ((void)(mm), !pgtable_l5_enabled())
#define mm_pud_folded(mm) ((void)(mm), false)
static inline p4d_t *p4d_offset(pgd_t *pgd, unsigned long addr)
{
	if (!pgtable_l5_enabled())
		return (p4d_t *)pgd;
	return (p4d_t *)__va_pfn(pgd_pfn(pgdp_get(pgd))) + ((addr >> P4D_SHIFT) & 511);
}

static inline pud_t *pud_offset(p4d_t *p4d, unsigned long addr)
{
	return (pud_t *)__va_pfn(p4d_pfn(p4dp_get(p4d))) + ((addr >> PUD_SHIFT) & 511);
}
#endif

static inline pmd_t *pmd_offset(pud_t *pud, unsigned long addr)
{
	return (pmd_t *)__va_pfn(pud_pfn(pudp_get(pud))) + pmd_index(addr);
}

/*
 * For walks without locks: the entry above is what the walker has seen of it, not what stands there
 * now.
 */
static inline pmd_t *pmd_offset_lockless(pud_t *pudp, pud_t pud, unsigned long addr)
{
	(void)pudp;
	return (pmd_t *)__va_pfn(pud_pfn(pud)) + pmd_index(addr);
}

static inline pud_t *pud_offset_lockless(p4d_t *p4dp, p4d_t p4d, unsigned long addr)
{
#if defined(VMSIM_ARCH_X86_PAE)
	(void)p4d;
	return pud_offset(p4dp, addr);
#else
	(void)p4dp;
	return (pud_t *)__va_pfn(p4d_pfn(p4d)) + ((addr >> PUD_SHIFT) & 511);
#endif
}

static inline p4d_t *p4d_offset_lockless(pgd_t *pgdp, pgd_t pgd, unsigned long addr)
{
	if (!pgtable_l5_enabled())
		return p4d_offset(pgdp, addr);
	return (p4d_t *)__va_pfn(pgd_pfn(pgd)) + ((addr >> P4D_SHIFT) & 511);
}

/* May a program access what the entry maps? Without a look at the mapping (arch/x86). */
static inline bool vmsim_entry_permits(u64 entry, bool write)
{
	u64 needed = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);

	return (entry & needed) == needed;
}

#define pte_access_permitted(pte, write) vmsim_entry_permits(pte_val(pte), write)
#define pgd_access_permitted(pgd, write) vmsim_entry_permits(pgd_val(pgd), write)

/* Whether a TLB may have the entry: PROT_NONE ones only while they wait for a flush (R3b). */
static inline bool pte_accessible(struct mm_struct *mm, pte_t pte)
{
	if (pte_val(pte) & _PAGE_PRESENT)
		return true;
	return pte_protnone(pte) && atomic_read(&mm->tlb_flush_pending);
}

static inline pte_t *pte_offset_kernel(pmd_t *pmd, unsigned long addr)
{
	return (pte_t *)__va_pfn(pmd_pfn(pmdp_get(pmd))) + pte_index(addr);
}

/* The same behind a value that was read: @pmd is the caller's copy. */
static inline pte_t *__pte_map(pmd_t *pmd, unsigned long addr)
{
	return (pte_t *)__va_pfn(pmd_pfn(*pmd)) + pte_index(addr);
}

/* End of the part of [addr, end) that one entry of a level covers. */
#define VMSIM_ADDR_END(addr, end, SIZE, MASK)					\
({										\
	unsigned long __edge = ((addr) + (SIZE)) & (MASK);			\
	__edge - 1 < (end) - 1 ? __edge : (end);				\
})
#define pgd_addr_end(addr, end) VMSIM_ADDR_END(addr, end, PGDIR_SIZE, PGDIR_MASK)
#define pud_addr_end(addr, end) VMSIM_ADDR_END(addr, end, PUD_SIZE, PUD_MASK)
#define pmd_addr_end(addr, end) VMSIM_ADDR_END(addr, end, PMD_SIZE, PMD_MASK)
#if defined(VMSIM_ARCH_X86_PAE)
#define p4d_addr_end(addr, end) (end)
#else
#define p4d_addr_end(addr, end) \
	(pgtable_l5_enabled() ? VMSIM_ADDR_END(addr, end, P4D_SIZE, P4D_MASK) : (end))
#endif

/* An entry that is neither empty nor a table, where there can be nothing else, is reported... */
#define VMSIM_ENTRY_ERROR(level, entry)						\
	((void)(entry), vmsim_warn(__FILE__, __LINE__, "bad " level " entry"))
#define pmd_ERROR(pmd) VMSIM_ENTRY_ERROR("PMD", pmd)
#define pud_ERROR(pud) VMSIM_ENTRY_ERROR("PUD", pud)
#define p4d_ERROR(p4d) VMSIM_ENTRY_ERROR("P4D", p4d)
#define pgd_ERROR(pgd) VMSIM_ENTRY_ERROR("PGD", pgd)
/* ... and emptied (src/pgtable/upper.c). */
__vmsim_export void pmd_clear_bad(pmd_t *pmd);
__vmsim_export void pud_clear_bad(pud_t *pud);
__vmsim_export void p4d_clear_bad(p4d_t *p4d);
__vmsim_export void pgd_clear_bad(pgd_t *pgd);

#define VMSIM_NONE_OR_CLEAR_BAD(level)						\
static inline int level##_none_or_clear_bad(level##_t *entryp)			\
{										\
	level##_t entry = level##p_get(entryp);					\
										\
	if (level##_none(entry))						\
		return 1;							\
	if (likely(!level##_bad(entry)))					\
		return 0;							\
	level##_clear_bad(entryp);						\
	return 1;								\
}

VMSIM_NONE_OR_CLEAR_BAD(pmd)
VMSIM_NONE_OR_CLEAR_BAD(pud)
VMSIM_NONE_OR_CLEAR_BAD(p4d)
VMSIM_NONE_OR_CLEAR_BAD(pgd)

/* May mremap() hang a table with its entries somewhere else? (HAVE_MOVE_PMD, HAVE_MOVE_PUD) */
#define arch_supports_page_table_move arch_supports_page_table_move
static inline bool arch_supports_page_table_move(void)
{
	return IS_ENABLED(CONFIG_HAVE_MOVE_PMD) || IS_ENABLED(CONFIG_HAVE_MOVE_PUD);
}

/* What a page's entry becomes at another address: caches do not depend on it. */
#define move_pte(pte, old_addr, new_addr) (pte)

/* Memory is cached everywhere alike: nothing of device memory to forget when it moves (PAT). */
#define untrack_pfn_clear(vma) ((void)(vma))

/* Any frame may be mapped with any rights. */
static inline bool arch_has_pfn_modify_check(void)
{
	return false;
}

static inline bool pfn_modify_allowed(unsigned long pfn, pgprot_t prot)
{
	(void)pfn, (void)prot;
	return true;
}

/* The one frame that reads of untouched anonymous memory see; never counted (A16). */
__vmsim_export unsigned long vmsim_zero_pfn(void);
#define ZERO_PAGE(vaddr) pfn_to_page(vmsim_zero_pfn())
#define my_zero_pfn(addr) vmsim_zero_pfn()

static inline int is_zero_pfn(unsigned long pfn)
{
	return pfn == vmsim_zero_pfn();
}

#endif
