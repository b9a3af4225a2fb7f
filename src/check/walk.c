// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"

/*
 * Walks of live page tables without events and without the accessors of the code under test: all
 * flavours keep 64-bit entries with the same bits, and nine address bits per level.
 */

static unsigned int shift_of(unsigned int level)
{
	return PAGE_SHIFT + 9 * (level - 1);
}

static unsigned int top_level(void)
{
	return vmsim_this_machine()->config.levels;
}

static unsigned int entries_of(unsigned int level)
{
	return level == top_level() ? PTRS_PER_PGD : PTRS_PER_PTE;
}

static u64 entry_at(const void *table, unsigned int index)
{
	return __atomic_load_n((const u64 *)table + index, __ATOMIC_RELAXED);
}

/* The table below an entry, or NULL: empty, a leaf, or nonsense. */
static struct page *table_below(u64 entry, unsigned int level)
{
	struct page *page;

	if (!chk_hw_present(entry) || (level == 2 && entry & _PAGE_PSE) ||
	    !pfn_valid(chk_pfn(entry)))
		return NULL;
	page = pfn_to_page(chk_pfn(entry));
	return chk_is_table(page) ? page : NULL;
}

pte_t *chk_find_pte(struct mm_struct *mm, unsigned long addr)
{
	const void *table = mm->pgd;

	for (unsigned int level = top_level(); level > 1; level--) {
		unsigned int index = (unsigned int)(addr >> shift_of(level)) &
				     (entries_of(level) - 1);
		struct page *below = table_below(entry_at(table, index), level);

		if (!below)
			return NULL;
		table = page_address(below);
	}
	return (pte_t *)table + pte_index(addr);
}

static void walk_ptes(struct mm_struct *mm, const struct chk_walk *walk, void *table,
		      unsigned long base)
{
	for (unsigned int i = 0; i < PTRS_PER_PTE; i++)
		if (entry_at(table, i))
			walk->pte(walk->arg, mm, (pte_t *)table + i, base + i * PAGE_SIZE);
}

static void walk_table(struct mm_struct *mm, const struct chk_walk *walk, void *table,
		       unsigned int level, unsigned long base)
{
	if (level == 1) {
		walk_ptes(mm, walk, table, base);
		return;
	}
	for (unsigned int i = 0; i < entries_of(level); i++) {
		struct page *below = table_below(entry_at(table, i), level);

		if (!below)
			continue;
		walk->table(walk->arg, mm, below, level - 1);
		walk_table(mm, walk, page_address(below), level - 1,
			   base + ((unsigned long)i << shift_of(level)));
	}
}

void chk_walk_mm(struct mm_struct *mm, const struct chk_walk *walk)
{
	if (!mm->pgd)
		return;
	walk->table(walk->arg, mm, virt_to_page(mm->pgd), top_level());
	walk_table(mm, walk, mm->pgd, top_level(), 0);
}
