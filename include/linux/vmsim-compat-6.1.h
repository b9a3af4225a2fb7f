/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_COMPAT_6_1_H
#define _VMSIM_LINUX_COMPAT_6_1_H

/*
 * For code of Linux 6.1, which named some things differently: include it first (-include). Names
 * that exist in both versions are those of 6.12; where only the types of arguments changed, a macro
 * takes both. The gather's part is <asm/tlb-6.1.h>.
 */
#define VMSIM_COMPAT_6_1 1
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#include <mm/internal.h>

/* Plain pages then, tagged ones now: without tags they are the same. */
#define free_pages_and_swap_cache(pages, nr) \
	free_pages_and_swap_cache((struct encoded_page **)(pages), nr)

/* Functions of pages that are functions of folios now. */
#define lock_page(page) folio_lock(page_folio(page))
#define trylock_page(page) folio_trylock(page_folio(page))
#define unlock_page(page) folio_unlock(page_folio(page))
#define page_mkclean(page) folio_mkclean(page_folio(page))

/* A page was looked for in a VMA, not page offsets. */
static inline unsigned long vma_pgoff_address(pgoff_t pgoff, unsigned long nr_pages,
					      struct vm_area_struct *vma)
{
	return vma_address(vma, pgoff, nr_pages);
}

static inline unsigned long vmsim_page_vma_address(struct page *page, struct vm_area_struct *vma)
{
	struct folio *folio = page_folio(page);

	return vma_address(vma, folio_pgoff(folio) + folio_page_idx(folio, page),
			   PageHead(page) ? folio_nr_pages(folio) : 1);
}

#define vma_address(page, vma) vmsim_page_vma_address(page, vma)
#define transhuge_vma_suitable(vma, addr) thp_vma_suitable_order(vma, addr, PMD_ORDER)

/* Counted by pages then. */
#define mm_counter(page) mm_counter(page_folio(page))
#define mm_counter_file(page) mm_counter_file(page_folio(page))

/* Entries that are not present, one at a time. */
#define pte_clear_not_present_full(mm, addr, ptep, full) \
	clear_not_present_full_ptes(mm, addr, ptep, 1, full)
#define is_swapin_error_entry(entry) is_poisoned_swp_entry(entry)
#define free_swap_and_cache(entry) is_pfn_swap_entry(entry)

/* Without a mapping to look at; and what was writable before a hint was set was marked so. */
#define pmd_mkwrite(pmd, ...) pmd_mkwrite_novma(pmd)
#define pte_savedwrite(pte) pte_write(pte)
#define pte_mk_savedwrite(pte) pte_mkwrite_novma(pte)
#define pte_clear_savedwrite(pte) pte_wrprotect(pte)
#define pmd_savedwrite(pmd) pmd_write(pmd)
#define pmd_mk_savedwrite(pmd) pmd_mkwrite_novma(pmd)
#define pmd_clear_savedwrite(pmd) pmd_wrprotect(pmd)
#define pudp_huge_get_and_clear_full(mm, addr, pudp, full) pudp_huge_get_and_clear(mm, addr, pudp)
/* The first order that is too large. */
#define MAX_ORDER (MAX_PAGE_ORDER + 1)

/* Notifiers were told the mapping, too. */
#undef mmu_notifier_range_init
#undef mmu_notifier_range_init_owner
#define mmu_notifier_range_init(range, event, flags, vma, mm, start, end) \
	vmsim_mmu_notifier_range_init(range, start, end)
#define mmu_notifier_range_init_owner(range, event, flags, vma, mm, start, end, owner) \
	vmsim_mmu_notifier_range_init(range, start, end)
/*
 * A table stayed as long as mmap_lock, or what else locked its entry, was held: who had looked at
 * the entry looked no more, and no lookup failed. (That it is an RCU read section, too, is for those
 * who end it: they may be ours.)
 */
#define pte_offset_map(pmd, address) vmsim_pte_map_6_1(pmd, address)
#define pte_offset_map_lock(mm, pmd, address, ptlp) vmsim_pte_lock_6_1(mm, pmd, address, ptlp)

static inline pte_t *vmsim_pte_map_6_1(pmd_t *pmd, unsigned long address)
{
	rcu_read_lock();
	return pte_offset_kernel(pmd, address);
}

static inline pte_t *vmsim_pte_lock_6_1(struct mm_struct *mm, pmd_t *pmd, unsigned long address,
					spinlock_t **ptlp)
{
	pte_t *pte = vmsim_pte_map_6_1(pmd, address);

	*ptlp = pte_lockptr(mm, pmd);
	spin_lock(*ptlp);
	return pte;
}

#include <linux/vmsim-mlock-6.1.h>
#include <linux/vmsim-rmap-6.1.h>
#include <linux/vmsim-gup-6.1.h>
#include <linux/vmsim-vma-6.1.h>

#endif
