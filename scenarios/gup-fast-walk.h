/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_GUP_FAST_WALK_H
#define SCENARIO_GUP_FAST_WALK_H

#include <linux/mm.h>
#include <vmsim/scenario.h>

/*
 * gup_fast_pte_range() of Linux 6.12, for variants that leave something out: RECHECK_PTE and
 * RECHECK_PMD say whether the entry, and the one above it, are looked at again once the reference
 * is held; MUST_UNSHARE, whether a page that is mapped read-only has to be exclusive.
 */
#ifndef MUST_UNSHARE
#define MUST_UNSHARE true
#endif

static bool still_there(pmd_t pmd, pmd_t *pmdp, pte_t pte, pte_t *ptep)
{
	if (RECHECK_PMD && pmd_val(pmd) != pmd_val(pmdp_get(pmdp)))
		return false;
	return !RECHECK_PTE || pte_same(pte, ptep_get(ptep));
}

static struct page *take_page(pmd_t pmd, pmd_t *pmdp, pte_t *ptep, unsigned int flags)
{
	pte_t pte = ptep_get_lockless(ptep);
	struct folio *folio;

	if (pte_special(pte) || pte_protnone(pte) ||
	    !pte_access_permitted(pte, flags & FOLL_WRITE))
		return NULL;
	folio = try_grab_folio_fast(pte_page(pte), 1, flags);
	if (!folio)
		return NULL;
	if (still_there(pmd, pmdp, pte, ptep) && gup_fast_folio_allowed(folio, flags) &&
	    (!MUST_UNSHARE || pte_write(pte) || !gup_must_unshare(NULL, flags, pte_page(pte))))
		return pte_page(pte);
	gup_put_folio(folio, 1, flags);
	return NULL;
}

int gup_fast_pte_range(pmd_t pmd, pmd_t *pmdp, unsigned long addr, unsigned long end,
		       unsigned int flags, struct page **pages, int *nr)
{
	struct page *page = NULL;
	pte_t *table;

	vmsim_point("in-table");
	table = pte_offset_map(&pmd, addr);
	if (!table)
		return 0;
	for (pte_t *ptep = table; addr != end; addr += PAGE_SIZE, ptep++) {
		page = take_page(pmd, pmdp, ptep, flags);
		if (!page)
			break;
		pages[(*nr)++] = page;
	}
	pte_unmap(table);
	return page != NULL;
}

#endif
