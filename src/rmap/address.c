// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"

/* Where one page is, or would be, in one mapping. */

/* Is the folio one of those that the mapping can have? Pages of KSM tell no address. */
static bool may_have(const struct vm_area_struct *vma, const struct folio *folio)
{
	const struct anon_vma *anon_vma = folio_anon_vma(folio);

	if (folio_test_anon(folio))
		return vma->anon_vma && anon_vma && vma->anon_vma->root == anon_vma->root;
	return vma->vm_file && vma->vm_file->f_mapping == folio->mapping;
}

/**
 * page_address_in_vma() - where a mapping has a page
 * @page: the page; its folio keeps its mapping
 * @vma: the mapping
 *
 * Whether the page is mapped there the entry tells.
 *
 * Context: mmap_lock, or a lock of the reverse map, held.
 * Source: mm/rmap.c, Linux 6.12.
 * Return: the address; -EFAULT: the page is none that could be there, or one of KSM.
 */
__vmsim_overridable unsigned long page_address_in_vma(struct page *page, struct vm_area_struct *vma)
{
	struct folio *folio = page_folio(page);

	if (!may_have(vma, folio))
		return -EFAULT;
	return vma_address(vma, folio_pgoff(folio) + folio_page_idx(folio, page), 1);
}

/**
 * mm_find_pmd() - finds the entry above a PTE table
 * @mm: address space
 * @address: address
 *
 * Context: the tables above stay: mmap_lock, or a lock of the reverse map, held.
 * Source: mm/rmap.c, Linux 6.12.
 * Return: the PMD entry, whatever it holds; NULL: there is no such table.
 */
__vmsim_overridable pmd_t *mm_find_pmd(struct mm_struct *mm, unsigned long address)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;

	if (!pgd_present(pgdp_get(pgd)))
		return NULL;
	p4d = p4d_offset(pgd, address);
	if (!p4d_present(p4dp_get(p4d)))
		return NULL;
	pud = pud_offset(p4d, address);
	return pud_present(pudp_get(pud)) ? pmd_offset(pud, address) : NULL;
}
