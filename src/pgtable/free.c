// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unhooking the tables of a range (Linux 6.12, mm/memory.c). The entries in them are empty, and no
 * reverse map leads there any more (R21). The gather frees the tables after the flush (R2).
 */
#include "pgtable/table.h"
#include <asm/tlb.h>

/**
 * struct sweep - what is being unhooked
 * @tlb: the gather
 * @floor: end of what lies below and stays
 * @ceiling: start of what lies above and stays; 0: nothing does
 */
struct sweep {
	struct mmu_gather *tlb;
	unsigned long floor, ceiling;
};

/* A table is shared with neighbours unless all that it translates lies between the two. */
static bool table_goes(const struct sweep *sweep, unsigned long addr, unsigned long level)
{
	unsigned long span = vmsim_table_span(level);
	unsigned long base = ALIGN_DOWN(addr, span);

	return base >= sweep->floor && base + span - 1 <= sweep->ceiling - 1;
}

static void sweep_pmds(const struct sweep *sweep, pud_t *pud, unsigned long addr, unsigned long end)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	for (unsigned long next; addr != end; pmd++, addr = next) {
		pgtable_t table;

		next = pmd_addr_end(addr, end);
		if (pmd_none_or_clear_bad(pmd) || !table_goes(sweep, addr, VMSIM_LEVEL_PTE))
			continue;
		table = pmd_page(pmdp_get(pmd));
		pmd_clear(pmd);
		pte_free_tlb(sweep->tlb, table, addr);
		mm_dec_nr_ptes(sweep->tlb->mm);
	}
}

static void sweep_puds(const struct sweep *sweep, p4d_t *p4d, unsigned long addr, unsigned long end)
{
	pud_t *pud = pud_offset(p4d, addr);

	for (unsigned long next; addr != end; pud++, addr = next) {
		pmd_t *table;

		next = pud_addr_end(addr, end);
		if (pud_none_or_clear_bad(pud))
			continue;
		sweep_pmds(sweep, pud, addr, next);
		if (!table_goes(sweep, addr, VMSIM_LEVEL_PMD))
			continue;
		table = pmd_offset(pud, ALIGN_DOWN(addr, PUD_SIZE));
		pud_clear(pud);
		pmd_free_tlb(sweep->tlb, table, addr);
		mm_dec_nr_pmds(sweep->tlb->mm);
	}
}

#if defined(VMSIM_ARCH_X86_PAE)
/* The entries of the top table are PUD entries; the table itself goes with the address space. */
static void sweep_top(const struct sweep *sweep, unsigned long addr, unsigned long end)
{
	sweep_puds(sweep, p4d_offset(pgd_offset(sweep->tlb->mm, addr), addr), addr, end);
}
#else
static void sweep_p4ds(const struct sweep *sweep, pgd_t *pgd, unsigned long addr, unsigned long end)
{
	p4d_t *p4d = p4d_offset(pgd, addr);

	for (unsigned long next; addr != end; p4d++, addr = next) {
		pud_t *table;

		next = VMSIM_ADDR_END(addr, end, P4D_SIZE, P4D_MASK);
		if (p4d_none_or_clear_bad(p4d))
			continue;
		sweep_puds(sweep, p4d, addr, next);
		if (!table_goes(sweep, addr, VMSIM_LEVEL_PUD))
			continue;
		table = pud_offset(p4d, ALIGN_DOWN(addr, P4D_SIZE));
		p4d_clear(p4d);
		pud_free_tlb(sweep->tlb, table, addr);
		mm_dec_nr_puds(sweep->tlb->mm);
	}
}

/* With four levels the top table has the p4d entries, and goes with the address space. */
static void sweep_top(const struct sweep *sweep, unsigned long addr, unsigned long end)
{
	pgd_t *pgd = pgd_offset(sweep->tlb->mm, addr);

	for (unsigned long next; addr != end; pgd++, addr = next) {
		p4d_t *table;

		next = pgd_addr_end(addr, end);
		if (pgd_none_or_clear_bad(pgd))
			continue;
		sweep_p4ds(sweep, pgd, addr, next);
		if (!pgtable_l5_enabled() || !table_goes(sweep, addr, VMSIM_LEVEL_P4D))
			continue;
		table = p4d_offset(pgd, ALIGN_DOWN(addr, PGDIR_SIZE));
		pgd_clear(pgd);
		p4d_free_tlb(sweep->tlb, table, addr);
	}
}
#endif

/**
 * free_pgd_range() - unhooks the tables that only serve a range
 * @tlb: gather that frees them
 * @addr: start of the range
 * @end: its end
 * @floor: end of the mapping below, or 0
 * @ceiling: start of the mapping above, or 0 if there is none
 *
 * Tables that also serve addresses below @floor or from @ceiling on stay.
 *
 * Context: mmap lock for writing, or the last user of the address space; VMAs of the range are in
 * no reverse map, their entries are zapped.
 */
__vmsim_overridable void free_pgd_range(struct mmu_gather *tlb, unsigned long addr,
					unsigned long end, unsigned long floor,
					unsigned long ceiling)
{
	struct sweep sweep = { .tlb = tlb, .floor = floor, .ceiling = ceiling };

	tlb_change_page_size(tlb, PAGE_SIZE);
	sweep_top(&sweep, addr, end);
}
