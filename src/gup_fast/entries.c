// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

/*
 * Walks of the page tables without any lock. Behaviour of mm/gup.c, Linux 6.12. Interrupts are off:
 * tables that are unhooked meanwhile stay as they are, because what frees them waits for this CPU,
 * by RCU or by an interrupt (R2). The pages behind the entries do not: see grab_behind().
 *
 * Each function walks [addr, end) below one entry whose value was read once, and adds what it finds
 * at pages[*nr]. It returns 0 at the first page that it cannot have, else 1.
 */

/* The entry that led to the page, and the one above, are what they were when they were read. */
static bool unchanged(pmd_t pmd, pmd_t *pmdp, pte_t pte, pte_t *ptep)
{
	return pmd_val(pmd) == pmd_val(pmdp_get(pmdp)) && pte_val(pte) == pte_val(ptep_get(ptep));
}

/* May the caller keep a page whose reference he has, and whose entries have been checked? */
static bool may_return(struct folio *folio, pte_t pte, unsigned int flags)
{
	if (!gup_fast_folio_allowed(folio, flags))
		return false;
	return pte_write(pte) || !gup_must_unshare(NULL, flags, pte_page(pte));
}

/*
 * One page, or NULL. Between the read of the entry and the reference the page may have been freed
 * and become somebody else's. Who changes an entry, or takes a table away, does so before he looks
 * who holds the page: so what stands unchanged now was true when the reference was taken (R9, E10).
 */
static struct page *grab_behind(pmd_t pmd, pmd_t *pmdp, pte_t *ptep, unsigned int flags)
{
	pte_t pte = ptep_get_lockless(ptep);
	struct folio *folio;
	bool valid;

	if (pte_protnone(pte) || !pte_access_permitted(pte, flags & FOLL_WRITE) ||
	    pte_special(pte))
		return NULL;
	/* Asked here: what an assertion looks at is nobody's decision, and sections may go (E12). */
	valid = pfn_valid(pte_pfn(pte));
	VM_BUG_ON(!valid);
	folio = try_grab_folio_fast(pte_page(pte), 1, flags);
	if (!folio)
		return NULL;
	if (unlikely(!unchanged(pmd, pmdp, pte, ptep)) || !may_return(folio, pte, flags)) {
		gup_put_folio(folio, 1, flags);
		return NULL;
	}
	folio_set_referenced(folio);
	return pte_page(pte);
}

/**
 * gup_fast_pte_range() - the pages of one PTE table
 * @pmd: entry above, as it was read
 * @pmdp: where it stands
 * @addr: first address
 * @end: end of the range, in the same table
 * @flags: FOLL_*
 * @pages: receives the pages
 * @nr: where in @pages the next one goes
 *
 * Context: interrupts off.
 */
__vmsim_overridable int gup_fast_pte_range(pmd_t pmd, pmd_t *pmdp, unsigned long addr,
					   unsigned long end, unsigned int flags,
					   struct page **pages, int *nr)
{
	pte_t *table = pte_offset_map(&pmd, addr);
	pte_t *ptep = table;
	struct page *page = NULL;

	if (!table)
		return 0;
	for (; addr != end; addr += PAGE_SIZE, ptep++) {
		page = grab_behind(pmd, pmdp, ptep, flags);
		if (!page)
			break;
		pages[(*nr)++] = page;
	}
	pte_unmap(table);
	return page != NULL;
}

/**
 * gup_fast_pmd_range() - the pages below one PMD table
 * @pudp: where the entry above stands
 * @pud: the entry above, as it was read
 * @addr: first address
 * @end: end of the range
 * @flags: FOLL_*
 * @pages: receives the pages
 * @nr: where in @pages the next one goes
 *
 * Leaves are left to the slow path: huge pages are not modelled.
 */
__vmsim_overridable int gup_fast_pmd_range(pud_t *pudp, pud_t pud, unsigned long addr,
					   unsigned long end, unsigned int flags,
					   struct page **pages, int *nr)
{
	pmd_t *pmdp = pmd_offset_lockless(pudp, pud, addr);

	for (unsigned long next; addr != end; pmdp++, addr = next) {
		pmd_t pmd = pmdp_get_lockless(pmdp);

		next = pmd_addr_end(addr, end);
		if (!pmd_present(pmd) || unlikely(pmd_leaf(pmd)))
			return 0;
		if (!gup_fast_pte_range(pmd, pmdp, addr, next, flags, pages, nr))
			return 0;
	}
	return 1;
}

/**
 * gup_fast_pud_range() - the pages below one PUD table
 * @p4dp: where the entry above stands
 * @p4d: the entry above, as it was read
 * @addr, @end, @flags, @pages, @nr: as for gup_fast_pmd_range()
 */
__vmsim_overridable int gup_fast_pud_range(p4d_t *p4dp, p4d_t p4d, unsigned long addr,
					   unsigned long end, unsigned int flags,
					   struct page **pages, int *nr)
{
	pud_t *pudp = pud_offset_lockless(p4dp, p4d, addr);

	for (unsigned long next; addr != end; pudp++, addr = next) {
		pud_t pud = pudp_get(pudp);

		next = pud_addr_end(addr, end);
		if (!pud_present(pud) || unlikely(pud_leaf(pud)))
			return 0;
		if (!gup_fast_pmd_range(pudp, pud, addr, next, flags, pages, nr))
			return 0;
	}
	return 1;
}

/**
 * gup_fast_p4d_range() - the pages below one p4d table
 * @pgdp: where the entry above stands
 * @pgd: the entry above, as it was read
 * @addr, @end, @flags, @pages, @nr: as for gup_fast_pmd_range()
 */
__vmsim_overridable int gup_fast_p4d_range(pgd_t *pgdp, pgd_t pgd, unsigned long addr,
					   unsigned long end, unsigned int flags,
					   struct page **pages, int *nr)
{
	p4d_t *p4dp = p4d_offset_lockless(pgdp, pgd, addr);

	for (unsigned long next; addr != end; p4dp++, addr = next) {
		p4d_t p4d = p4dp_get(p4dp);

		next = p4d_addr_end(addr, end);
		if (!p4d_present(p4d))
			return 0;
		if (!gup_fast_pud_range(p4dp, p4d, addr, next, flags, pages, nr))
			return 0;
	}
	return 1;
}

/**
 * gup_fast_pgd_range() - the pages of a range of the caller's address space
 * @addr, @end, @flags, @pages, @nr: as for gup_fast_pmd_range()
 */
__vmsim_overridable void gup_fast_pgd_range(unsigned long addr, unsigned long end,
					    unsigned int flags, struct page **pages, int *nr)
{
	pgd_t *pgdp = pgd_offset(current->mm, addr);

	for (unsigned long next; addr != end; pgdp++, addr = next) {
		pgd_t pgd = pgdp_get(pgdp);

		next = pgd_addr_end(addr, end);
		if (pgd_none(pgd))
			return;
		if (!gup_fast_p4d_range(pgdp, pgd, addr, next, flags, pages, nr))
			return;
	}
}
